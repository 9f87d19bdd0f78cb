// Where a person types: plain messages, and slash commands with completion and a history.
import { complain } from "./surface.js";
import { toast } from "./dialogs.js";
import { freshId, h } from "./dom.js";
import { act } from "./net.js";
import { shortcutsMenu } from "./shortcuts.js";

const REMEMBERED = 50;
const past = JSON.parse(localStorage.getItem("history") ?? "[]");

function remember(text) {
  past.splice(0, past.length, ...[...past.filter((one) => one !== text), text].slice(-REMEMBERED));
  localStorage.setItem("history", JSON.stringify(past));
}

/** What may be typed next: commands by their names, then words that were typed before, and people. */
function offersFor(text, { commands, people }) {
  if (!text.startsWith("/") || text.includes("\n")) return [];
  if (!text.includes(" ")) {
    return commands.filter(({ name }) => name.startsWith(text)).map((command) => ({ ...command, fill: `${command.name} ` }));
  }
  const start = text.slice(0, text.lastIndexOf(" ") + 1);
  const word = text.slice(start.length);
  if (!word) return [];
  const typed = past.filter((line) => line.startsWith("/")).flatMap((line) => line.split(/\s+/).slice(1)).reverse();
  const known = new Set([...typed, ...people.map((person) => `@${person.name}`)]);
  return [...known].filter((one) => one.startsWith(word) && one !== word).slice(0, 5)
    .map((one) => ({ name: one, fill: `${start}${one}` }));
}

const usageOf = ({ name, usage, description }) => [h("strong", {}, name), ` ${usage} `, h("span", {}, description)];

/** Build a composer. `target()` gives the user, channel and thread that it writes to now. */
export function composer({ label, commands, people, shortcuts = [], target }) {
  const [listId, usageId] = [freshId(), freshId()];
  const list = h("ul", { id: listId, role: "listbox", "aria-label": "Suggestions", hidden: true });
  const usage = h("p", { id: usageId, class: "usage-line", hidden: true });
  const box = h("textarea", {
    class: "composer-text", rows: 1, "aria-label": label, placeholder: label, "aria-controls": listId,
    "aria-describedby": usageId, "aria-expanded": "false", "aria-autocomplete": "list", role: "combobox",
    autocomplete: "off", spellcheck: "false",
  });
  const send = h("button", { type: "button", class: "send", "aria-label": "Send", click: () => submit() }, "➤");
  const key = (name, what) => [h("kbd", {}, name), ` ${what}`];
  const keys = commands.length ? [key("/", "for commands · "), key("↑", "for earlier ones")] : key("Enter", "to send");
  const node = h("div", { class: "composer" }, h("div", { class: "suggestions" }, list, usage),
    h("div", { class: "composer-box" }, box,
      h("div", { class: "composer-bar" }, shortcutsMenu(shortcuts, "Shortcuts", target),
        h("div", { class: "composer-hint" }, keys), send)));
  let offers = [];
  let active = 0;
  let quiet = false; // no list after Escape, or while walking through the history
  let place = past.length;
  let draft = "";

  const refresh = () => {
    offers = quiet || document.activeElement !== box ? [] : offersFor(box.value, { commands, people });
    active = Math.min(active, offers.length - 1);
    list.replaceChildren(...offers.map((offer, number) => h("li", {
      role: "option", id: `${listId}-${number}`, "aria-selected": String(number === active),
      mousedown: (event) => {
        event.preventDefault();
        choose(offer);
      },
    }, h("span", { class: "command-name" }, offer.name, " ", h("span", { class: "usage" }, offer.usage)),
    h("span", { class: "command-about" }, offer.description))));
    list.hidden = !offers.length;
    box.setAttribute("aria-expanded", String(offers.length > 0));
    if (active >= 0) box.setAttribute("aria-activedescendant", `${listId}-${active}`);
    else box.removeAttribute("aria-activedescendant");
    const command = commands.find((one) => box.value.startsWith(`${one.name} `));
    usage.hidden = !command;
    usage.replaceChildren(...(command ? usageOf(command) : []));
  };

  const type = (text) => {
    box.value = text;
    active = text.includes(" ") ? -1 : 0; // a command's name is completed by Enter, a word by Tab or after an arrow
    refresh();
  };

  const choose = (offer) => {
    type(offer.fill);
    box.focus();
  };

  const walk = (step) => {
    const next = place + step;
    if (next < 0 || next > past.length) return;
    if (place === past.length) draft = box.value;
    place = next;
    quiet = true;
    type(past[place] ?? draft);
  };

  const submit = async () => {
    const text = box.value.trim();
    if (!text) return;
    const to = target();
    const slash = /^\/\S/.test(text);
    if (commands.length) remember(text);
    place = past.length;
    type("");
    if (slash && to.thread_ts) {
      toast(`${text.split(" ")[0]} is not supported in threads. Sorry!`);
      return;
    }
    const outcome = await act(slash ? "command" : "say", { ...to, text });
    if (outcome.error === "unreachable") type(text);
    // Slack itself answers in the channel when a command fails.
    if (outcome.error === "unreachable" || (!outcome.ok && !slash)) complain(outcome.error);
  };

  const pressed = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const exact = offers.some((offer) => offer.name === box.value);
    const before = box.value.slice(0, box.selectionStart);
    const edge = step > 0 ? !box.value.slice(box.selectionEnd).includes("\n") : !before.includes("\n");
    const chosen = offers[active] ?? (event.key === "Tab" ? offers[0] : undefined);
    if (offers.length && step) {
      active = (Math.max(active, step > 0 ? -1 : 0) + step + offers.length) % offers.length;
      refresh();
    } else if (step && edge && commands.length) walk(step);
    else if (chosen && ((event.key === "Tab" && !event.shiftKey) || (event.key === "Enter" && !exact))) choose(chosen);
    else if (offers.length && event.key === "Escape") {
      quiet = true;
      refresh();
    } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  box.addEventListener("input", () => {
    quiet = false;
    place = past.length;
    type(box.value);
  });
  box.addEventListener("blur", refresh);
  box.addEventListener("focus", refresh);
  box.addEventListener("keydown", pressed);
  return { node, focus: () => box.focus() };
}
