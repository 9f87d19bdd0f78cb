// Every kind of block. One that is not known is shown with all it holds, never dropped.
import { h, link, ownPicture } from "./dom.js";
import { element, unknown } from "./elements.js";
import { mrkdwn, plain, textObject } from "./mrkdwn.js";
import { markdown, richText } from "./richtext.js";

const MANY_ROWS = 15;

export function renderBlocks(blocks, surface, errors = {}) {
  return blocks.map((block) => {
    const draw = KINDS[block.type];
    const node = draw ? draw(block, surface, errors[block.block_id]) : unknown("block", block);
    node.dataset.blockId = block.block_id;
    return node;
  });
}

function section(block, surface) {
  const { names } = surface;
  const words = block.text ? h("div", { class: "text" }, textObject(block.text, names)) : null;
  const fields = block.fields
    ? h("div", { class: "fields" }, block.fields.map((field) => h("div", { class: "text" }, textObject(field, names))))
    : null;
  const label = block.text ? block.text.text.replace(/[*_~`<>]/g, "") : undefined;
  const side = block.accessory ? h("div", { class: "accessory" }, accessory(block, surface, label)) : null;
  return h("div", { class: "block section" }, h("div", { class: "grow" }, words, fields), side);
}

function accessory(block, surface, label) {
  const spec = block.accessory;
  return spec.type === "image" ? picture(spec, "thumbnail") : element(spec, block, surface, label);
}

function header(block) {
  return h("h3", { class: "block header" }, plain(block.text.text));
}

function context(block, surface) {
  const parts = block.elements.map((part) =>
    part.type === "image" ? picture(part, "tiny") : h("span", { class: "text" }, textObject(part, surface.names)));
  return h("div", { class: "block context" }, parts);
}

function actions(block, surface) {
  return h("div", { class: "block actions" }, block.elements.map((spec) => element(spec, block, surface)));
}

function picture(spec, size) {
  const path = ownPicture(spec.image_url);
  if (path !== null) return h("img", { class: size, src: path, alt: plain(spec.alt_text) });
  // Pictures from elsewhere are not loaded: the trial page talks to this machine only.
  return h("span", { class: `picture-away ${size}` }, link(spec.image_url ?? "", `🖼 ${plain(spec.alt_text)}`));
}

function image(block) {
  const title = block.title ? h("figcaption", {}, plain(block.title.text)) : null;
  return h("figure", { class: "block image" }, title, picture(block, "full"));
}

function input(block, surface, error) {
  const label = plain(block.label.text);
  const optional = block.optional ? h("span", { class: "optional" }, " (optional)") : null;
  const control = element(block.element, block, surface, label);
  if (error) control.setAttribute("aria-invalid", "true");
  return h("div", { class: `block input ${error ? "wrong" : ""}` },
    h("div", { class: "label", "aria-hidden": "true" }, label, optional),
    control,
    error ? h("div", { class: "error", role: "alert" }, plain(error)) : null,
    block.hint ? h("div", { class: "hint" }, plain(block.hint.text)) : null);
}

function table(block, surface) {
  const align = (column) => block.column_settings?.[column]?.align ?? "left";
  const wrap = (column) => (block.column_settings?.[column]?.is_wrapped ? "wrap" : "");
  const cell = (spec, column, tag) => {
    const inside = spec.type === "rich_text" ? richText(spec, surface.names) : plain(spec.text ?? "");
    return h(tag, { class: `${align(column)} ${wrap(column)}`, scope: tag === "th" ? "col" : null }, inside);
  };
  const row = (cells, tag) => h("tr", {}, cells.map((spec, column) => cell(spec, column, tag)));
  const [first, ...rest] = block.rows;
  const grid = h("table", {}, h("thead", {}, row(first, "th")), h("tbody", {}, rest.map((cells) => row(cells, "td"))));
  const tall = rest.length > MANY_ROWS ? "tall" : "";
  return h("div", { class: `block table-box ${tall}`, tabindex: "0", role: "region", "aria-label": "Table" }, grid);
}

function video(block) {
  return h("div", { class: "block video" }, link(block.title_url ?? block.video_url, `▶ ${plain(block.title.text)}`),
    block.description ? h("div", { class: "text" }, plain(block.description.text)) : null);
}

function alert(block, surface) {
  return h("div", { class: `block alert ${block.level ?? "default"}` },
    typeof block.text === "string" ? plain(block.text) : textObject(block.text, surface.names));
}

const KINDS = {
  section, header, context, actions, image, input, table, video, alert,
  divider: () => h("hr", { class: "block" }),
  rich_text: (block, surface) => h("div", { class: "block" }, richText(block, surface.names)),
  markdown: (block) => h("div", { class: "block" }, markdown(block.text)),
};

export function plainMessage(text, surface) {
  return h("div", { class: "block text" }, mrkdwn(text, surface.names));
}
