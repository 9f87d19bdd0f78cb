// Every kind of block. One that is not known is shown with all it holds, never dropped.
import { freshId, h, link, ownPicture } from "../dom.js";
import { element, unknown } from "./elements.js";
import { mrkdwn, plain, textObject } from "./mrkdwn.js";

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
  const { accessory: spec } = block;
  const side = spec?.type === "image" ? picture(spec, "thumbnail") : spec && element(spec, block, surface, label);
  return h("div", { class: "block section" }, h("div", { class: "grow" }, words, fields),
    side && h("div", { class: "accessory" }, side));
}

function context(block, surface) {
  const parts = block.elements.map((part) =>
    part.type === "image" ? picture(part, "tiny") : h("span", { class: "text" }, textObject(part, surface.names)));
  return h("div", { class: "block context" }, parts);
}

function picture(spec, size) {
  const path = ownPicture(spec.image_url);
  if (path) return h("img", { class: size, src: path, alt: plain(spec.alt_text) });
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
  const [errorId, hintId] = [freshId(), freshId()];
  const typed = control.querySelector("[role=combobox]") ?? control;
  typed.setAttribute("aria-describedby", `${errorId} ${hintId}`);
  if (error) typed.setAttribute("aria-invalid", "true");
  return h("div", { class: `block input ${error ? "wrong" : ""}` },
    h("div", { class: "label", "aria-hidden": "true" }, label, optional),
    control,
    error ? h("div", { class: "error", role: "alert", id: errorId }, plain(error)) : null,
    block.hint ? h("div", { class: "hint", id: hintId }, plain(block.hint.text)) : null);
}

function table(block, surface) {
  const align = (column) => block.column_settings?.[column]?.align ?? "left";
  const wrap = (column) => (block.column_settings?.[column]?.is_wrapped ? "wrap" : "");
  const cell = (spec, column, tag) => {
    const inside = spec.type === "raw_text" ? spec.text : unknown("cell", spec);
    return h(tag, { class: `${align(column)} ${wrap(column)}`, scope: tag === "th" ? "col" : null }, inside);
  };
  const row = (cells, tag) => h("tr", {}, cells.map((spec, column) => cell(spec, column, tag)));
  const [first, ...rest] = block.rows;
  const caption = block.caption ? h("caption", {}, block.caption) : null;
  const grid = h("table", {}, caption, h("thead", {}, row(first, "th")), h("tbody", {}, rest.map((cells) => row(cells, "td"))));
  const tall = rest.length > MANY_ROWS ? "tall" : "";
  const label = block.caption ?? "Table";
  return h("div", { class: `block table-box ${tall}`, tabindex: "0", role: "region", "aria-label": label }, grid);
}

// A chart as the table of its figures: everybody can read that, and nothing has to be drawn.
function chart({ title, chart: drawn }, surface) {
  const text = (value) => ({ type: "raw_text", text: String(value) });
  const series = drawn.series ?? [{ name: "Value", data: drawn.segments }];
  const labels = drawn.axis_config?.categories ?? drawn.segments.map((segment) => segment.label);
  const at = (data, label) => data.find((point) => point.label === label)?.value ?? "-";
  const rows = labels.map((label) => [label, ...series.map(({ data }) => at(data, label))].map(text));
  return table({ caption: title, rows: [["", ...series.map(({ name }) => name)].map(text), ...rows] }, surface);
}

const KINDS = {
  __proto__: null, section, context, image, input, table,
  data_table: table, data_visualization: chart,
  header: (block) => h("h3", { class: "block header" }, plain(block.text.text)),
  actions: (block, surface) =>
    h("div", { class: "block actions" }, block.elements.map((spec) => element(spec, block, surface))),
  divider: () => h("hr", { class: "block" }),
};

export function plainMessage(text, surface) {
  return h("div", { class: "block text" }, mrkdwn(text, surface.names));
}
