// Interactive elements: buttons, menus, pickers, inputs.
import { freshId, h } from "./dom.js";
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
const optionsOf = (spec) => spec.options ?? (spec.option_groups ?? []).flatMap((group) => group.options);

function button({ spec, block, surface }) {
  const node = h("button", {
    type: "button",
    class: `button ${spec.style ?? ""}`,
    "aria-label": spec.accessibility_label,
    data: { actionId: spec.action_id ?? "" },
  }, plain(spec.text.text));
  node.addEventListener("click", () => {
    if (spec.url) open(spec.url, "_blank", "noopener");
    surface.act(block, spec, null, node);
  });
  return node;
}

/** A native menu. `choices` are [value, text] pairs or groups of them. */
function menu(context, choices, initial) {
  const { spec, block, surface, immediate, label } = context;
  const first = surface.before(block, spec) ?? initial ?? "";
  const node = h("select", { class: "select", "aria-label": label, data: { actionId: spec.action_id } },
    h("option", { value: "" }, placeholder(spec) ?? "Choose an option"), choices);
  node.value = first;
  let settled = node.value;
  surface.reads(block, spec, () => node.value);
  node.addEventListener("change", async () => {
    if (!immediate || node.value === "") return;
    if (await surface.act(block, spec, node.value, node)) settled = node.value;
    else node.value = settled;
  });
  return node;
}

const optionNode = (option) => h("option", { value: option.value }, plain(option.text.text));

function staticSelect(context) {
  const { spec } = context;
  const choices = spec.option_groups
    ? spec.option_groups.map((group) => h("optgroup", { label: plain(group.label.text) }, group.options.map(optionNode)))
    : spec.options.map(optionNode);
  return menu(context, choices, spec.initial_option?.value);
}

function usersSelect(context) {
  const choices = context.surface.people.map((person) => h("option", { value: person.id }, person.real_name));
  return menu(context, choices, context.spec.initial_user);
}

function channelsSelect(context) {
  const choices = context.surface.names.channels.map((channel) => h("option", { value: channel.id }, `#${channel.name}`));
  return menu(context, choices, context.spec.initial_channel ?? context.spec.initial_conversation);
}

function overflow({ spec, block, surface }) {
  const items = spec.options.map((option) =>
    h("button", { type: "button", role: "menuitem", data: { value: option.value } }, plain(option.text.text)));
  const list = h("div", { class: "overflow-menu", role: "menu", hidden: true }, items);
  const opener = h("button", {
    type: "button", class: "button overflow", "aria-label": "More actions", "aria-haspopup": "menu", "aria-expanded": "false",
    data: { actionId: spec.action_id },
  }, "⋯");
  const show = (open) => {
    list.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
    if (open) items[0].focus();
  };
  opener.addEventListener("click", () => show(list.hidden));
  const box = h("span", { class: "overflow-box" }, opener, list);
  box.addEventListener("keydown", (event) => {
    const place = items.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && place >= 0) items[(place + step + items.length) % items.length].focus();
    else if (event.key === "Escape" && !list.hidden) {
      event.stopPropagation();
      show(false);
      opener.focus();
    } else return;
    event.preventDefault();
  });
  box.addEventListener("focusout", (event) => {
    if (!box.contains(event.relatedTarget)) show(false);
  });
  for (const [place, item] of items.entries()) {
    item.addEventListener("click", () => {
      show(false);
      surface.act(block, spec, spec.options[place].value, opener);
    });
  }
  return box;
}

/** Radio buttons, checkboxes, and menus in which several may be chosen. */
function choices(context, { single, options, initial }) {
  const { spec, block, surface, immediate, label } = context;
  const group = freshId();
  const before = surface.before(block, spec) ?? initial;
  const boxes = options.map((option) => h("input", {
    type: single ? "radio" : "checkbox", name: group, value: option.value,
    checked: (single ? before === option.value : before?.includes(option.value)) || null,
  }));
  const chosen = () => boxes.filter((box) => box.checked).map((box) => box.value);
  const read = () => (single ? chosen()[0] ?? "" : chosen());
  surface.reads(block, spec, read);
  const rows = options.map((option, place) => h("label", { class: "choice" }, boxes[place], h("span", {},
    textObject(option.text, surface.names),
    option.description ? h("small", {}, textObject(option.description, surface.names)) : null)));
  const role = single ? "radiogroup" : "group";
  const node = h("div", { class: `choices ${options.length > 8 ? "long" : ""}`, role, "aria-label": label,
    data: { actionId: spec.action_id } }, rows);
  node.addEventListener("change", () => {
    if (immediate) surface.act(block, spec, read(), node);
  });
  return node;
}

const values = (options) => (options ?? []).map((option) => option.value);
const radio = (context) =>
  choices(context, { single: true, options: context.spec.options, initial: context.spec.initial_option?.value });
const many = (context) =>
  choices(context, { single: false, options: optionsOf(context.spec), initial: values(context.spec.initial_options) });
const manyUsers = (context) => choices(context, {
  single: false,
  options: context.surface.people.map((p) => ({ value: p.id, text: { type: "plain_text", text: p.real_name } })),
  initial: context.spec.initial_users ?? [],
});

/** Anything that is typed. */
function entry(context, properties, initial, multiline = false) {
  const { spec, block, surface, immediate, label } = context;
  const node = h(multiline ? "textarea" : "input", {
    class: "entry", "aria-label": label, placeholder: placeholder(spec), data: { actionId: spec.action_id },
    ...(multiline ? { rows: 3 } : {}), ...properties,
  });
  node.value = surface.before(block, spec) ?? initial ?? "";
  surface.reads(block, spec, () => node.value);
  node.addEventListener("change", () => {
    if (immediate && node.value !== "") surface.act(block, spec, node.value, node);
  });
  return node;
}

const typed = (context) => entry(context, { maxlength: context.spec.max_length, type: context.spec.multiline ? null : "text" },
  context.spec.initial_value, context.spec.multiline);
const number = (context) => entry(context, { type: "number", min: context.spec.min_value, max: context.spec.max_value,
  step: context.spec.is_decimal_allowed ? "any" : "1" }, context.spec.initial_value);

const KINDS = {
  button,
  static_select: staticSelect,
  users_select: usersSelect,
  channels_select: channelsSelect,
  conversations_select: channelsSelect,
  overflow,
  radio_buttons: radio,
  checkboxes: many,
  multi_static_select: many,
  multi_users_select: manyUsers,
  datepicker: (context) => entry(context, { type: "date" }, context.spec.initial_date),
  timepicker: (context) => entry(context, { type: "time" }, context.spec.initial_time),
  plain_text_input: typed,
  number_input: number,
  email_text_input: (context) => entry(context, { type: "email" }, context.spec.initial_value),
  url_text_input: (context) => entry(context, { type: "url" }, context.spec.initial_value),
};
