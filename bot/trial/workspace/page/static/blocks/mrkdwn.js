// Slack's mrkdwn and plain text, as nodes.
import { h, link } from "../dom.js";
import { EMOJI } from "./emoji.js";

const FENCE = /```\n?([\s\S]*?)\n?```/g;
const EDGE = "[\\p{L}\\p{N}]";
const span = (mark) =>
  `(?<!${EDGE}|[${mark}])[${mark}](?![\\s${mark}])([^${mark}\\n]*[^\\s${mark}])[${mark}](?!${EDGE}|[${mark}])`;
const TOKEN = new RegExp(
  ["`([^`\\n]+)`", "<([^<>\\n]+)>", ":([a-z0-9_+'-]+):", span("*"), span("_"), span("~")].join("|"),
  "gu",
);

/** Undo Slack's three escapes. */
export function decode(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

/** Plain text: emoji and escapes, nothing else. */
export function plain(text) {
  return decode(text).replace(/:([a-z0-9_+'-]+):/g, (all, name) => EMOJI[name] ?? all);
}

export function mrkdwn(text, names) {
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(FENCE)) {
    nodes.push(...lines(text.slice(from, match.index).replace(/\n$/, ""), names));
    nodes.push(h("pre", {}, decode(match[1])));
    from = match.index + match[0].length;
  }
  nodes.push(...lines(text.slice(from).replace(from ? /^\n/ : "", ""), names));
  return nodes;
}

/** A text object of either kind. */
export function textObject(object, names) {
  return object.type === "mrkdwn" ? mrkdwn(object.text, names) : [plain(object.text)];
}

function lines(text, names) {
  return text === "" ? [] : text.split("\n").map((line) => {
    const quoted = /^(?:&gt;|>)\s?(.*)$/.exec(line);
    if (quoted) return h("blockquote", {}, inline(quoted[1], names));
    const item = /^\s*([•◦▪])\s+(.*)$/.exec(line);
    if (item) return h("div", { class: "bullet" }, h("span", {}, item[1]), h("span", {}, inline(item[2], names)));
    return h("div", {}, line ? inline(line, names) : h("br"));
  });
}

export function inline(text, names) {
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(TOKEN)) {
    nodes.push(decode(text.slice(from, match.index)));
    nodes.push(token(match, names, match.index === 0));
    from = match.index + match[0].length;
  }
  nodes.push(decode(text.slice(from)));
  return nodes;
}

function token(match, names, first) {
  const [, code, angled, emoji, bold, italic, struck] = match;
  if (code !== undefined) return h("code", {}, decode(code));
  if (angled !== undefined) return reference(angled, names, first);
  if (emoji !== undefined) return emojiNode(emoji);
  if (bold !== undefined) return h("strong", {}, inline(bold, names));
  if (italic !== undefined) return h("em", {}, inline(italic, names));
  return h("s", {}, inline(struck, names));
}

export function emojiNode(name) {
  if (!EMOJI[name]) return `:${name}:`;
  return h("span", { class: "emoji", role: "img", "aria-label": name.replaceAll("_", " ") }, EMOJI[name]);
}

function reference(inside, names, first = false) {
  const bar = inside.indexOf("|");
  const target = bar < 0 ? inside : inside.slice(0, bar);
  const label = bar < 0 ? "" : inside.slice(bar + 1);
  if (target.startsWith("@")) return mention("@", names.user(target.slice(1)) ?? (decode(label) || target.slice(1)));
  if (target.startsWith("#")) return mention("#", names.channel(target.slice(1)) ?? (decode(label) || target.slice(1)));
  if (target.startsWith("!date^")) return date(target, decode(label), first);
  if (target.startsWith("!subteam^")) {
    return mention("@", names.group(target.slice(9)) ?? (decode(label).replace(/^@/, "") || target.slice(9)));
  }
  if (target.startsWith("!")) return h("span", { class: "mention loud" }, `@${target.slice(1)}`);
  return link(decode(target), label ? inline(label, names) : decode(target));
}

export function mention(mark, name) {
  return h("span", { class: "mention" }, mark + name);
}

function date(target, fallback, first) {
  const [, seconds, format, address] = target.split("^");
  const when = new Date(Number(seconds) * 1000);
  if (Number.isNaN(when.getTime())) return fallback;
  const text = formatDate(when, decode(format));
  const shown = first ? text.charAt(0).toUpperCase() + text.slice(1) : text;
  const node = h("time", { datetime: when.toISOString(), title: when.toLocaleString() }, shown);
  return address ? link(decode(address), node) : node;
}

const LONG = { year: "numeric", month: "long", day: "numeric" };
const DATES = {
  date_num: { year: "numeric", month: "2-digit", day: "2-digit" },
  date: LONG,
  date_short: { ...LONG, month: "short" },
  date_long: { ...LONG, weekday: "long" },
  time: { hour: "numeric", minute: "2-digit" },
  time_secs: { hour: "numeric", minute: "2-digit", second: "2-digit" },
};

function formatDate(when, format) {
  return format.replace(/\{(\w+?)(_pretty)?\}/g, (all, name, pretty) =>
    (pretty && nearDay(when)) ?? (DATES[name] ? when.toLocaleString(undefined, DATES[name]) : all));
}

export function nearDay(when) {
  const day = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  const days = Math.round((day(when) - day(new Date())) / 86_400_000);
  return { 0: "today", "-1": "yesterday", 1: "tomorrow" }[days];
}
