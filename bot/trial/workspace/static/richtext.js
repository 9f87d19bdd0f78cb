// rich_text blocks, and the small part of Markdown that markdown blocks are used for.
import { h, link } from "./dom.js";
import { emojiNode, formatDate, mention, plain } from "./mrkdwn.js";

export function richText(block, names) {
  return h("div", { class: "rich" }, (block.elements ?? []).map((element) => group(element, names)));
}

function group(element, names) {
  const inner = () => (element.elements ?? []).map((part) => piece(part, names));
  switch (element.type) {
    case "rich_text_section":
      return h("div", { class: "rich-section" }, inner());
    case "rich_text_preformatted":
      return h("pre", {}, inner());
    case "rich_text_quote":
      return h("blockquote", {}, inner());
    case "rich_text_list": {
      const tag = element.style === "ordered" ? "ol" : "ul";
      const items = (element.elements ?? []).map((part) => h("li", {}, group(part, names)));
      return h(tag, { class: `indent-${element.indent ?? 0}`, start: element.offset ? element.offset + 1 : null }, items);
    }
    default:
      return piece(element, names);
  }
}

function piece(part, names) {
  let node;
  switch (part.type) {
    case "text":
      node = part.text;
      break;
    case "link":
      node = link(part.url, part.text ?? part.url);
      break;
    case "emoji":
      node = emojiNode(part.name);
      break;
    case "user":
      node = mention("@", names.user(part.user_id) ?? part.user_id);
      break;
    case "usergroup":
      node = mention("@", names.group(part.usergroup_id) ?? part.usergroup_id);
      break;
    case "channel":
      node = mention("#", names.channel(part.channel_id) ?? part.channel_id);
      break;
    case "broadcast":
      node = mention("@", part.range);
      break;
    case "date":
      node = h("time", {}, formatDate(new Date(part.timestamp * 1000), part.format ?? "{date_short_pretty} {time}"));
      break;
    case "color":
      node = h("code", {}, part.value);
      break;
    default:
      node = JSON.stringify(part);
  }
  const styles = { code: "code", strike: "s", italic: "em", bold: "strong", underline: "u" };
  for (const [style, tag] of Object.entries(styles)) {
    if (part.style?.[style]) node = h(tag, {}, node);
  }
  return node;
}

const LINE_KINDS = [
  [/^(#{1,6})\s+(.*)$/, (match) => h(`h${Math.min(match[1].length + 2, 6)}`, {}, spans(match[2]))],
  [/^(?:---|\*\*\*|___)\s*$/, () => h("hr")],
  [/^>\s?(.*)$/, (match) => h("blockquote", {}, spans(match[1]))],
];

/** Markdown as the `markdown` block shows it. */
export function markdown(text) {
  const box = h("div", { class: "rich markdown" });
  for (const [place, part] of text.split(/```\w*\n?([\s\S]*?)```/).entries()) {
    if (place % 2) box.append(h("pre", {}, part.replace(/\n$/, "")));
    else for (const paragraph of part.split(/\n{2,}/)) box.append(...paragraphNodes(paragraph));
  }
  return box;
}

function paragraphNodes(paragraph) {
  const rows = paragraph.split("\n").filter((line) => line.trim());
  if (rows.length > 1 && /^\s*\|?[\s:|-]+\|?\s*$/.test(rows[1]) && rows[0].includes("|")) return [pipeTable(rows)];
  const nodes = [];
  for (const row of rows) {
    const kind = LINE_KINDS.find(([form]) => form.test(row));
    const item = /^\s*(?:([-*+])|(\d+)\.)\s+(.*)$/.exec(row);
    const last = nodes.at(-1);
    if (kind) nodes.push(kind[1](kind[0].exec(row)));
    else if (item) {
      const tag = item[1] ? "UL" : "OL";
      if (last?.tagName !== tag) nodes.push(h(tag.toLowerCase()));
      nodes.at(-1).append(h("li", {}, spans(item[3])));
    } else if (last?.tagName === "P") last.append(h("br"), ...spans(row));
    else nodes.push(h("p", {}, spans(row)));
  }
  return nodes;
}

function pipeTable(rows) {
  const cells = (row) => row.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());
  const body = rows.slice(2).map((row) => h("tr", {}, cells(row).map((cell) => h("td", {}, spans(cell)))));
  const head = h("tr", {}, cells(rows[0]).map((cell) => h("th", { scope: "col" }, spans(cell))));
  return h("div", { class: "table-box", tabindex: "0", role: "region", "aria-label": "Table" },
    h("table", {}, h("thead", {}, head), h("tbody", {}, body)));
}

function spans(text) {
  const form = /`([^`]+)`|\*\*([^*]+)\*\*|__([^_]+)__|\*([^*\s][^*]*)\*|\b_([^_]+)_\b|~~([^~]+)~~|\[([^\]]+)\]\(([^)\s]+)\)/g;
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(form)) {
    nodes.push(plain(text.slice(from, match.index)));
    const [, code, bold, bold2, italic, italic2, struck, label, address] = match;
    if (code !== undefined) nodes.push(h("code", {}, code));
    else if (label !== undefined) nodes.push(link(address, spans(label)));
    else if (struck !== undefined) nodes.push(h("s", {}, spans(struck)));
    else if (bold ?? bold2) nodes.push(h("strong", {}, spans(bold ?? bold2)));
    else nodes.push(h("em", {}, spans(italic ?? italic2)));
    from = match.index + match[0].length;
  }
  nodes.push(plain(text.slice(from)));
  return nodes;
}
