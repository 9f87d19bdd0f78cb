// One message, with its avatar, its blocks and its thread's summary.
import { plainMessage, renderBlocks } from "./blocks/blocks.js";
import { h, ownPicture } from "./dom.js";
import { nearDay } from "./blocks/mrkdwn.js";
import { act } from "./net.js";
import { shortcutsMenu } from "./shortcuts.js";
import { Surface } from "./surface.js";

const COLOURS = ["#0f7b6c", "#b4531a", "#6b4fbb", "#b3245e", "#2f6fb2", "#5c7a1f"];

export function avatar(user, name, isApp, size = "") {
  if (isApp) return h("img", { class: `avatar ${size}`, src: "/static/style/icon.svg", alt: "" });
  const initials = name.split(/\s+/).map((word) => word[0]).join("").slice(0, 2).toUpperCase();
  const node = h("span", { class: `avatar ${size}`, "aria-hidden": "true" }, initials);
  const sum = [...user].reduce((total, letter) => total + letter.charCodeAt(0) * 7, 0);
  node.style.background = COLOURS[sum % COLOURS.length];
  return node;
}

export const whenOf = (ts) => new Date(Number(ts) * 1000);
const clock = (ts) => whenOf(ts).toLocaleTimeString(undefined, { hour: "numeric", minute: "2-digit" });

export function dayLabel(ts) {
  const near = nearDay(whenOf(ts));
  const text = near ?? whenOf(ts).toLocaleDateString(undefined, { weekday: "long", month: "long", day: "numeric" });
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Draw a message. `replies` are summed up under it unless `inThread`. */
export function renderMessage(message, context, { replies = [], inThread = false, openThread } = {}) {
  const { names, me, app, shortcuts } = context;
  const surface = new Surface({ where: message.ts, names, me });
  const name = names.user(message.user) ?? message.user;
  const isApp = message.user === app.user;
  const head = h("div", { class: "message-head" },
    h("span", { class: "author" }, name),
    isApp ? h("span", { class: "badge" }, "APP") : null,
    h("time", { datetime: whenOf(message.ts).toISOString(), title: whenOf(message.ts).toLocaleString() }, clock(message.ts)),
    message.private ? null : shortcutsMenu(shortcuts, "Shortcuts of this message", () => ({ user: me, ts: message.ts })));
  const words = message.blocks.length ? renderBlocks(message.blocks, surface)
    : message.text ? [plainMessage(message.text, surface)] : [];
  return h("article", {
    class: `message ${message.private ? "private" : ""}`, tabindex: "-1", "aria-label": `${name}, ${clock(message.ts)}`,
    data: { ts: message.ts, channel: message.channel },
  },
  message.private ? privateNote(message, me) : null,
  h("div", { class: "gutter" }, avatar(message.user, name, isApp)),
  h("div", { class: "content" }, head, words, (message.files ?? []).map(file),
    inThread ? null : threadSummary(message, replies, context, openThread)));
}

function privateNote(message, me) {
  const dismiss = h("button", { type: "button", class: "link-button",
    click: () => act("dismiss", { user: me, ts: message.ts }) }, "Dismiss");
  return h("div", { class: "private-note" }, h("span", { "aria-hidden": "true" }, "👁 "), "Only visible to you",
    h("span", { "aria-hidden": "true" }, " · "), dismiss);
}

function file(spec) {
  const path = ownPicture(spec.url_private);
  if (/\.(png|jpe?g|gif|webp)$/i.test(spec.name)) {
    return h("figure", { class: "block image" }, h("figcaption", {}, spec.title),
      h("img", { class: "full", src: path, alt: spec.alt_txt || spec.title }));
  }
  return h("a", { class: "file", href: path, download: spec.name }, h("span", { "aria-hidden": "true" }, "📄 "), spec.title,
    h("small", {}, `${Math.ceil(spec.size / 1024)} kB`));
}

function threadSummary(message, replies, context, openThread) {
  if (!replies.length) return null;
  const who = [...new Set(replies.map((reply) => reply.user))].slice(0, 4);
  const count = `${replies.length} ${replies.length === 1 ? "reply" : "replies"}`;
  return h("button", { type: "button", class: "replies", click: () => openThread(message.ts) },
    who.map((user) => avatar(user, context.names.user(user) ?? user, user === context.app.user, "mini")),
    h("strong", {}, count),
    h("span", { class: "last" }, `Last reply ${dayLabel(replies.at(-1).ts).toLowerCase()} at ${clock(replies.at(-1).ts)}`));
}
