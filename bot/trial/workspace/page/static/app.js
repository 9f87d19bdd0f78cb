// The page: asks for the state whenever something changed, and redraws what is different.
import { renderBlocks } from "./blocks/blocks.js";
import { composer } from "./composer.js";
import { h, redraw } from "./dom.js";
import { reconcile, stayAtEnd, toEnd } from "./list.js";
import { dayLabel, renderMessage } from "./message.js";
import { Modal } from "./modal.js";
import { mrkdwn } from "./blocks/mrkdwn.js";
import { act, fetchState, onNews } from "./net.js";
import { sidebar, unreadMark } from "./sidebar.js";
import { Surface } from "./surface.js";

const SPOKEN_LENGTH = 300;
const SPOKEN_MS = 5000;
const at = (id) => document.getElementById(id);
const isWide = () => matchMedia("(min-width: 761px)").matches;
const hasRoomForBoth = matchMedia("(min-width: 1001px)"); // a channel and a thread beside it

let state = null;
let user = sessionStorage.getItem("user") ?? "";
let place = "";
let tab = "home";
let thread = "";
let drawnThread = "";
let drawnFoot = "";
let drawnHome = "";
let wantedMessage = "";
let reachable = true;
const seen = JSON.parse(sessionStorage.getItem("seen") ?? "{}"); // the newest message seen, by person and channel
const drawn = { messages: new Map(), thread: new Map() };
const heard = { by: "", lines: new Map() };
const modal = new Modal();

const isAtEnd = () => at("scroll").dataset.end === "yes";
const inApp = () => place === "app";
const showsHome = () => inApp() && tab === "home";
const channelShown = () => (inApp() ? state.app.direct : place);

function names() {
  const byId = (list, key) => (id) => list.find((one) => one.id === id)?.[key];
  return {
    user: byId(state.people, "real_name"), group: byId(state.groups, "handle"), channel: byId(state.channels, "name"),
  };
}

function context() {
  const shortcuts = state.shortcuts.filter((one) => one.of_messages);
  return { names: names(), me: state.me, app: state.app, shortcuts };
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
  while (again) {
    again = false;
    const asked = user;
    const next = await fetchState(asked).catch(() => null);
    reachable = next !== null;
    if (!reachable) {
      if (state) drawAway();
    } else if (user !== asked) {
      again = true; // the person changed meanwhile: this is what the one before sees
    } else {
      state = next;
      user = state.me;
      draw();
    }
  }
}

function draw() {
  if (!place) place = state.channels[0].id;
  at("notice").hidden = !state.notice;
  at("notice").textContent = state.notice;
  drawAround();
  drawAway();
  at("home").hidden = !showsHome();
  at("messages").hidden = showsHome();
  drawFoot();
  if (showsHome()) drawHome();
  else drawChannel();
  drawThread();
  speak();
  modal.show(state.view, { ...context(), depth: state.depth });
}

/** The places that have something new for this person. */
function unreadPlaces() {
  const newest = (channel) => state.messages.filter((m) => m.channel === channel && !m.thread_ts).at(-1)?.ts ?? "";
  if (!showsHome()) seen[`${state.me} ${channelShown()}`] = newest(channelShown());
  sessionStorage.setItem("seen", JSON.stringify(seen));
  const isUnread = (channel) => newest(channel) > (seen[`${state.me} ${channel}`] ?? "");
  const unread = new Set(state.channels.map((one) => one.id).filter(isUnread));
  return isUnread(state.app.direct) ? unread.add("app") : unread;
}

function drawAround() {
  const unread = unreadPlaces();
  const title = inApp() ? state.app.name : `#${names().channel(place)}`;
  document.title = `${title} – ${state.app.name} trial`;
  at("title").textContent = title.replace("#", "# ");
  at("me").textContent = `as ${names().user(state.me)}`;
  const labels = Object.entries({ home: "Home", messages: "Messages" });
  // What did not change stays: a click is lost when its button is replaced halfway.
  const refill = (id, nodes) => {
    const fresh = h("div", {}, nodes);
    if (fresh.innerHTML !== at(id).innerHTML) redraw(at(id), () => at(id).replaceChildren(...fresh.childNodes));
  };
  refill("sidebar", sidebar(state, place, { go, become, unread }));
  at("tabs").hidden = !inApp();
  refill("tabs", labels.map(([name, label]) => h("button", {
    type: "button", "aria-current": tab === name ? "page" : null, click: () => openApp(name),
  }, label, name === "messages" && unread.has("app") ? unreadMark() : null)));
}

/** Say that nobody answers, for as long as that is so. */
function drawAway() {
  const words = !reachable ? "The trial server cannot be reached. This page goes on by itself when it is back."
    : !state.connected ? `${state.app.name} is away: what you type or press gets no answer until it is back.` : "";
  if (at("away").textContent === words) return;
  at("away").textContent = words;
  at("away").hidden = !words;
  say(words || `${state.app.name} is back.`);
}

/** Let a screen reader say it; for eyes it stands elsewhere, so it does not stay. */
function say(words) {
  const line = h("p", {}, words);
  at("spoken").append(line);
  setTimeout(() => line.remove(), SPOKEN_MS);
}

/** Tell a screen reader of new messages where the person looks, and of edits that change their first line. */
function speak() {
  const isNewcomer = heard.by !== state.me;
  const isHere = (message) => (message.thread_ts ? message.thread_ts === thread
    : message.channel === channelShown() && !showsHome());
  for (const message of state.messages) {
    const line = h("p", {}, mrkdwn(message.text.split("\n")[0], names())).textContent.slice(0, SPOKEN_LENGTH);
    const isNews = heard.lines.get(message.ts) !== line && !isNewcomer && isHere(message);
    if (isNews && line && message.user !== state.me) say(`${names().user(message.user) ?? ""}: ${line}`);
    if (isNews && !message.thread_ts && !heard.lines.has(message.ts)) at("newer").hidden = isAtEnd();
    heard.lines.set(message.ts, line);
  }
  heard.by = state.me;
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
  const key = `${channelShown()} ${state.me}`;
  const moved = at("scroll").dataset.key !== key;
  const shown = state.messages.filter((m) => m.channel === channelShown() && !m.thread_ts);
  const items = messageItems(shown, { days: true });
  if (!shown.length) items.push({ id: "empty", key: place, draw: emptyChannel });
  reconcile(at("messages"), drawn.messages, items);
  at("scroll").dataset.key = key;
  if (moved) showFrom(toEnd);
  showWanted();
}

function showFrom(place) {
  at("newer").hidden = true;
  place(at("scroll"));
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
  node.focus({ preventScroll: true });
}

function drawHome() {
  const [home, view] = [at("home"), state.home];
  const key = `${state.me} ${view?.hash}`;
  if (key !== drawnHome) {
    const surface = new Surface({ where: view?.id, ...context() });
    const empty = () => [h("p", { class: "empty" }, `${state.app.name} has not filled this page yet.`)];
    redraw(home, () => home.replaceChildren(...(view ? renderBlocks(view.blocks, surface) : empty())));
  }
  drawnHome = key;
  if (at("scroll").dataset.key !== "home") showFrom((scroll) => (scroll.scrollTop = 0));
  at("scroll").dataset.key = "home";
}

function drawFoot() {
  const key = `${place} ${showsHome()}`;
  if (key === drawnFoot) return;
  drawnFoot = key;
  const label = inApp() ? `Message ${state.app.name}` : `Message #${names().channel(place)}`;
  const target = () => ({ user: state.me, channel: channelShown() });
  const box = composer({ label, commands: state.commands, people: state.people, target,
    shortcuts: state.shortcuts.filter((one) => !one.of_messages) });
  at("foot").replaceChildren(...(showsHome() ? [] : [box.node]));
  if (isWide()) box.focus();
}

function drawThread() {
  const parent = state.messages.find((message) => message.ts === thread);
  at("thread").hidden = !parent;
  at("main").inert = Boolean(parent) && !hasRoomForBoth.matches;
  document.body.classList.toggle("thread-open", Boolean(parent));
  if (!parent) return;
  if (drawnThread !== thread) buildThread(parent);
  const replies = state.messages.filter((message) => message.thread_ts === thread);
  const label = `${replies.length} ${replies.length === 1 ? "reply" : "replies"}`;
  const items = messageItems([parent, ...replies], { inThread: true });
  items.splice(1, 0, { id: "count", key: label, draw: () => divider(label) });
  reconcile(at("replies"), drawn.thread, items);
}

function buildThread(parent) {
  drawnThread = thread;
  const target = () => ({ user: state.me, channel: parent.channel, thread_ts: parent.ts });
  const box = composer({ label: "Reply…", commands: [], people: [], target });
  at("thread-where").textContent = inApp() ? state.app.name : `#${names().channel(parent.channel)}`;
  at("thread-foot").replaceChildren(box.node);
  if (isWide()) box.focus();
  else at("close-thread").focus();
}

function openThread(ts) {
  thread = ts;
  drawnThread = "";
  draw();
  toEnd(at("thread-scroll"));
}

function closeThread() {
  const closed = thread;
  openThread("");
  const message = at("messages").querySelector(`[data-ts="${CSS.escape(closed)}"]`);
  (message?.querySelector(".replies") ?? message)?.focus();
}

function setMenu(open) {
  if (open === document.body.classList.contains("menu-open")) return;
  document.body.classList.toggle("menu-open", open);
  at("menu").setAttribute("aria-expanded", String(open));
  (open ? at("sidebar").querySelector("[aria-current]") : at("menu"))?.focus(); // the sidebar may not be drawn yet
}

function go(name) {
  setMenu(false);
  thread = "";
  place = name;
  if (name === "app") openApp(unreadPlaces().has("app") ? "messages" : "home");
  else draw();
}

function openApp(name) {
  tab = name;
  draw();
  act("home", { user: state.me, tab: name });
}

function become(next, { focus = false } = {}) {
  user = next;
  sessionStorage.setItem("user", next);
  thread = "";
  setMenu(false);
  refresh().then(() => {
    if (focus) at("sidebar").querySelector(`[data-user="${CSS.escape(next)}"]`)?.focus();
    if (inApp()) act("home", { user: next, tab });
  });
}

function followLink() {
  const [, channel, ts] = /^#([A-Z0-9]+)\/([\d.]+)$/.exec(location.hash) ?? [];
  if (!channel) return;
  [place, tab] = channel.startsWith("D") ? ["app", "messages"] : [channel, tab];
  wantedMessage = ts;
  if (state) draw();
}

addEventListener("hashchange", followLink);
addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
  if (document.body.classList.contains("menu-open")) setMenu(false);
  else if (at("thread").contains(document.activeElement)) closeThread();
});
at("menu").addEventListener("click", () => setMenu(!document.body.classList.contains("menu-open")));
at("main").addEventListener("click", (event) => event.target.closest("#menu") ?? setMenu(false));
hasRoomForBoth.addEventListener("change", () => state && drawThread());
at("close-thread").addEventListener("click", closeThread);
stayAtEnd(at("scroll"), at("messages"));
at("scroll").addEventListener("scroll", () => (at("newer").hidden ||= isAtEnd()));
at("newer").addEventListener("click", () => {
  toEnd(at("scroll"));
  at("scroll").focus();
});
stayAtEnd(at("thread-scroll"), at("replies"));
followLink();
onNews(refresh);
refresh();
