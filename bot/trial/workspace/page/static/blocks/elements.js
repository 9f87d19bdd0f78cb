// Interactive elements: buttons, menus, choices, inputs.
import { freshId, h } from "../dom.js";
import { loaded } from "./loaded.js";
import { plain, textObject } from "./mrkdwn.js";

/** Draw an element. `label` is the accessible name of one that has no words of its own. */
export function element(spec, block, surface, label) {
  const draw = KINDS[spec.type];
  if (!draw) return unknown("element", spec);
  const immediate = block.type !== "input" || block.dispatch_action;
  return draw({ spec, block, surface, immediate, label: label ?? placeholder(spec) });
}

export function unknown(what, spec) {
  return h("div", { class: "unknown" }, h("strong", {}, `unknown ${what}: ${spec.type}`),
    h("pre", {}, JSON.stringify(spec, null, 2)));
}

const placeholder = (spec) => (spec.placeholder ? plain(spec.placeholder.text) : undefined);

function button({ spec, block, surface }) {
  return h("button", {
    type: "button", class: `button ${spec.style ?? ""}`, "aria-label": spec.accessibility_label,
    data: { actionId: spec.action_id ?? "" },
    click: (event) => {
      if (spec.url) open(spec.url, "_blank", "noopener");
      surface.act(block, spec, spec.value, event.currentTarget);
    },
  }, plain(spec.text.text));
}

/** A native menu, an option a line; `rest` is what it says while nothing is chosen. */
function menu({ spec, block, surface, immediate, label }, { initial, rest }) {
  const node = h("select", { class: `select ${spec.type}`, "aria-label": label, data: { actionId: spec.action_id } },
    h("option", { value: "" }, rest ?? placeholder(spec) ?? "Choose an option"),
    spec.options.map(({ value, text, description }) => h("option", { value },
      plain(text.text) + (description ? ` (${plain(description.text)})` : ""))));
  node.value = surface.before(block, spec) ?? initial ?? "";
  let settled = node.value;
  surface.reads(block, spec, () => node.value);
  node.addEventListener("keydown", (event) => {
    // A closed menu would take each arrow for a choice, and act on it.
    if (!immediate || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
    event.preventDefault();
    node.showPicker();
  });
  node.addEventListener("change", async () => {
    if (!immediate || node.value === "") return;
    const done = await surface.act(block, spec, node.value, node);
    if (done && spec.type !== "overflow") settled = node.value;
    else node.value = settled;
  });
  return node;
}

/** Radio buttons, checkboxes, and menus in which several may be chosen. */
function choices({ spec, block, surface, immediate, label }, { single, initial }) {
  const { options } = spec;
  const name = freshId();
  const before = surface.before(block, spec) ?? initial;
  const boxes = options.map((option) => h("input", {
    type: single ? "radio" : "checkbox", name, value: option.value, data: { actionId: spec.action_id },
    checked: single ? before === option.value : before.includes(option.value),
  }));
  const chosen = () => boxes.filter((box) => box.checked).map((box) => box.value);
  const read = () => (single ? chosen()[0] ?? "" : chosen());
  surface.reads(block, spec, read);
  const rows = options.map((option, place) => h("label", { class: "choice" }, boxes[place], h("span", {},
    textObject(option.text, surface.names),
    option.description ? h("small", {}, textObject(option.description, surface.names)) : null)));
  const role = single ? "radiogroup" : "group";
  const node = h("div", { class: `choices ${options.length > 8 ? "long" : ""}`, role, "aria-label": label }, rows);
  node.addEventListener("change", () => {
    if (immediate) surface.act(block, spec, read(), node);
  });
  return node;
}

/** Anything that is typed. */
function entry({ spec, block, surface, immediate, label }, properties, initial) {
  const node = h(spec.multiline ? "textarea" : "input", {
    class: "entry", "aria-label": label, placeholder: placeholder(spec), data: { actionId: spec.action_id }, ...properties,
  });
  node.value = surface.before(block, spec) ?? initial ?? "";
  surface.reads(block, spec, () => node.value);
  node.addEventListener("change", () => {
    if (immediate && node.value !== "") surface.act(block, spec, node.value, node);
  });
  return node;
}

const many = (context) =>
  choices(context, { initial: (context.spec.initial_options ?? []).map((option) => option.value) });
const typed = (context) => entry(context, { maxlength: context.spec.max_length, type: context.spec.multiline ? null : "text",
  rows: context.spec.multiline ? 3 : null }, context.spec.initial_value);
const number = (context) => entry(context, { type: "number", min: context.spec.min_value, max: context.spec.max_value,
  step: context.spec.is_decimal_allowed ? "any" : "1" }, context.spec.initial_value);

/** A menu of the conversations that this person may choose. */
const conversations = (context) => menu({ ...context, spec: {
  ...context.spec,
  options: context.spec.conversations.map((id) => ({ value: id, text: { text: `#${context.surface.names.channel(id) ?? id}` } })),
} }, { initial: context.spec.initial_conversation, rest: "Choose a channel" });

/** A menu of the people of the workspace. */
const people = (context) => menu({ ...context, spec: {
  ...context.spec,
  options: context.spec.users.map((id) => ({ value: id, text: { text: context.surface.names.user(id) ?? id } })),
} }, { initial: context.spec.initial_user, rest: "Choose a person" });

const KINDS = {
  __proto__: null,
  button,
  external_select: loaded,
  conversations_select: conversations,
  users_select: people,
  static_select: (context) => menu(context, { initial: context.spec.initial_option?.value }),
  overflow: (context) => menu({ ...context, label: "More actions" }, { rest: "⋯" }),
  radio_buttons: (context) => choices(context, { single: true, initial: context.spec.initial_option?.value }),
  checkboxes: many,
  multi_static_select: many,
  plain_text_input: typed,
  number_input: number,
};
