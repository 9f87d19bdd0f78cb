// The page: asks for the state whenever something changed, and redraws what is different.
import { renderBlocks } from "./blocks.js";
import { composer } from "./composer.js";
import { freshId, h } from "./dom.js";
import { reconcile, stayAtEnd, toEnd } from "./list.js";
import { dayLabel, renderMessage } from "./message.js";
import { Modal } from "./modal.js";
import { act, fetchState, onNews } from "./net.js";
import { sidebar } from "./sidebar.js";
import { Surface } from "./surface.js";
import { toast } from "./toast.js";

const at = (id) => document.getElementById(id);
const stored = { get: () => sessionStorage.getItem("user"), set: (user) => sessionStorage.setItem("user", user) };

let state = null;
let user = stored.get() ?? "";
let place = "";
let tab = "home";
let thread = "";
let drawnFoot = "";
let drawnHome = "";
let wantedMessage = "";
const seen = {};
const drawn = { messages: new Map(), thread: new Map() };
const modal = new Modal();
const threadParts = { list: null, composer: null, key: "" };

const inApp = () => place === "app";
const channelShown = () => (inApp() ? state.app.direct : place);

function names() {
  const byId = (list, key) => (id) => list.find((one) => one.id === id)?.[key];
  return {
    user: byId(state.people, "real_name"), group: byId(state.groups, "handle"), channel: byId(state.channels, "name"),
    channels: state.channels,
  };
}

function context() {
  const people = state.people.filter((person) => state.can_be.includes(person.id));
  return { names: names(), me: state.me, people, app: state.app };
}

let running = null;
let again = false;

/** Fetch and draw; while one fetch runs, further news lead to one more. */
function refresh() {
  again = true;
  running ??= catchUp().finally(() => (running = null));
  return running;
}

async function catchUp() {
  try {
    while (again) {
      again = false;
      const asked = user;
      const next = await fetchState(asked);
      if (user !== asked) {
        // The person changed meanwhile: this is what the one before sees.
        again = true;
        continue;
      }
      state = next;
      user = state.me;
      draw();
    }
  } catch {
    toast("The trial server cannot be reached.");
  }
}

function draw() {
  if (!place) place = state.channels[0].id;
  const notice = at("notice");
  notice.hidden = !state.notice;
  notice.textContent = state.notice;
  drawSidebar();
  drawHead();
  const home = inApp() && tab === "home";
  at("home").hidden = !home;
  at("messages").hidden = home;
  drawFoot(home);
  if (home) drawHome();
  else drawChannel();
  drawThread();
  modal.show(state.view, { ...context(), depth: state.depth });
}

function drawSidebar() {
  const newest = (channel) => state.messages.filter((m) => m.channel === channel && !m.thread_ts).at(-1)?.ts ?? "";
  for (const channel of [...state.channels.map((one) => one.id), state.app.direct]) {
    const key = `${state.me} ${channel}`;
    if (channel === channelShown() && !(inApp() && tab === "home")) seen[key] = newest(channel);
    seen[key] ??= newest(channel);
  }
  const unread = new Set(state.channels.map((one) => one.id).filter((id) => newest(id) > seen[`${state.me} ${id}`]));
  if (newest(state.app.direct) > seen[`${state.me} ${state.app.direct}`]) unread.add("app");
  const focused = at("sidebar").contains(document.activeElement) ? document.activeElement.textContent : null;
  at("sidebar").replaceChildren(...sidebar(state, place, { go, become, unread }));
  if (focused) [...at("sidebar").querySelectorAll("button")].find((one) => one.textContent === focused)?.focus();
}

function drawHead() {
  const toggle = h("button", { type: "button", class: "plain-button menu-button", "aria-label": "Menu", "aria-expanded": "false" }, "☰");
  toggle.addEventListener("click", () => {
    const open = document.body.classList.toggle("menu-open");
    toggle.setAttribute("aria-expanded", String(open));
  });
  const title = inApp() ? state.app.name : `# ${names().channel(place)}`;
  document.title = `${title.replace("# ", "#")} – ${state.app.name} trial`;
  const count = inApp() ? null : h("span", { class: "head-count" }, `${state.can_be.length} people, 1 app`);
  at("head").replaceChildren(h("div", { class: "head-row" }, toggle, h("h1", {}, title), count), inApp() ? tabs() : "");
}

function tabs() {
  return h("div", { class: "tabs", role: "tablist" }, ["home", "messages"].map((name) => {
    const label = name === "home" ? "Home" : "Messages";
    const node = h("button", { type: "button", role: "tab", "aria-selected": String(tab === name) }, label);
    node.addEventListener("click", () => openApp(name));
    return node;
  }));
}

function messageItems(messages, options) {
  const items = [];
  let day = "";
  for (const message of messages) {
    const label = dayLabel(message.ts);
    if (options.days && label !== day) items.push({ id: `day ${label}`, key: label, draw: () => divider(label) });
    day = label;
    const replies = state.messages.filter((one) => one.thread_ts === message.ts && !one.private);
    const key = JSON.stringify([state.me, message, replies.map((one) => one.ts)]);
    items.push({ id: message.ts, key, draw: () => renderMessage(message, context(), { replies, openThread, ...options }) });
  }
  return items;
}

const divider = (label) => h("div", { class: "day", role: "separator" }, h("span", {}, label));

function drawChannel() {
  const scroll = at("scroll");
  const key = `${channelShown()} ${state.me}`;
  const moved = scroll.dataset.key !== key;
  const shown = state.messages.filter((m) => m.channel === channelShown() && !m.thread_ts);
  const items = messageItems(shown, { days: true });
  if (!shown.length) items.push({ id: "empty", key: place, draw: emptyChannel });
  reconcile(at("messages"), drawn.messages, items);
  scroll.dataset.key = key;
  if (moved) toEnd(scroll);
  showWanted();
}

function emptyChannel() {
  const first = state.commands[0]?.name ?? "/";
  const words = inApp()
    ? `What ${state.app.name} tells you alone appears here.`
    : `Nothing here yet. Type ${first} below, and press Enter.`;
  return h("p", { class: "empty" }, words);
}

function showWanted() {
  const node = wantedMessage && document.querySelector(`[data-ts="${CSS.escape(wantedMessage)}"]`);
  if (!node) return;
  wantedMessage = "";
  node.scrollIntoView({ block: "center" });
  node.classList.add("wanted");
}

function drawHome() {
  const view = state.home;
  const key = `${state.me} ${view?.hash}`;
  if (key === drawnHome && at("home").childNodes.length) return;
  drawnHome = key;
  at("scroll").dataset.key = "home";
  if (!view) {
    at("home").replaceChildren(h("p", { class: "empty" }, `${state.app.name} has not filled this page yet.`));
    return;
  }
  const surface = new Surface({ where: view.id, ...context() });
  at("home").replaceChildren(...renderBlocks(view.blocks, surface));
}

function drawFoot(hidden) {
  const key = `${place} ${hidden}`;
  if (key === drawnFoot) return;
  drawnFoot = key;
  if (hidden) {
    at("foot").replaceChildren();
    return;
  }
  const label = inApp() ? `Message ${state.app.name}` : `Message #${names().channel(place)}`;
  const target = () => ({ user: state.me, channel: channelShown() });
  const box = composer({ label, commands: state.commands, target });
  at("foot").replaceChildren(box.node);
  if (matchMedia("(min-width: 700px)").matches) box.focus();
}

function drawThread() {
  const pane = at("thread");
  const parent = state.messages.find((message) => message.ts === thread);
  pane.hidden = !parent;
  document.body.classList.toggle("thread-open", Boolean(parent));
  if (!parent) return;
  if (threadParts.key !== thread) buildThread(parent);
  const replies = state.messages.filter((message) => message.thread_ts === thread);
  const label = `${replies.length} ${replies.length === 1 ? "reply" : "replies"}`;
  const items = messageItems([parent, ...replies], { inThread: true });
  items.splice(1, 0, { id: "count", key: label, draw: () => divider(label) });
  reconcile(threadParts.list, drawn.thread, items);
}

function buildThread(parent) {
  threadParts.key = thread;
  drawn.thread.clear();
  threadParts.list = h("div", { class: "thread-inner", role: "log", "aria-label": "Replies" });
  const scroll = h("div", { class: "thread-list" }, threadParts.list);
  const close = h("button", { type: "button", class: "plain-button cross", "aria-label": "Close thread" }, "✕");
  close.addEventListener("click", () => openThread(""));
  const target = () => ({ user: state.me, channel: parent.channel, thread_ts: parent.ts });
  const box = composer({ label: "Reply…", commands: [], target });
  const where = inApp() ? state.app.name : `#${names().channel(parent.channel)}`;
  at("thread").replaceChildren(
    h("header", { class: "thread-head" }, h("h2", { id: freshId() }, "Thread ", h("small", {}, where)), close),
    scroll, box.node);
  stayAtEnd(scroll, threadParts.list);
}

function openThread(ts) {
  thread = ts;
  threadParts.key = "";
  draw();
}

function go(name) {
  document.body.classList.remove("menu-open");
  thread = "";
  place = name;
  if (name === "app") openApp("home");
  else draw();
}

function openApp(name) {
  tab = name;
  draw();
  act("home", { user: state.me, tab: name });
}

function become(next, { focus = false } = {}) {
  user = next;
  stored.set(next);
  thread = "";
  document.body.classList.remove("menu-open");
  refresh().then(() => {
    if (focus) at("sidebar").querySelector(`[data-user="${CSS.escape(next)}"]`)?.focus();
    if (inApp()) act("home", { user: next, tab });
  });
}

function followLink() {
  const [, channel, ts] = /^#([A-Z0-9]+)\/([\d.]+)$/.exec(location.hash) ?? [];
  if (!channel) return;
  place = channel;
  wantedMessage = ts;
  if (state) draw();
}

addEventListener("hashchange", followLink);
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) document.body.classList.remove("menu-open");
});
at("scroll").addEventListener("click", () => document.body.classList.remove("menu-open"));
stayAtEnd(at("scroll"), at("messages"));
followLink();
onNews(refresh);
refresh();
