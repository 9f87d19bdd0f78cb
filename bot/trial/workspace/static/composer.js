// Where a person types: plain messages, and slash commands with their list.
import { freshId, h } from "./dom.js";
import { act } from "./net.js";
import { toast } from "./toast.js";

/** Build a composer. `target()` gives the user, channel and thread that it writes to now. */
export function composer({ label, commands, target }) {
  const listId = freshId();
  const list = h("ul", { class: "commands", id: listId, role: "listbox", "aria-label": "Commands", hidden: true });
  const box = h("textarea", {
    class: "composer-text", rows: 1, "aria-label": label, placeholder: label, "aria-controls": listId,
    "aria-expanded": "false", "aria-autocomplete": "list", role: "combobox", autocomplete: "off", spellcheck: "false",
  });
  const send = h("button", { type: "button", class: "send", "aria-label": "Send" }, "➤");
  const slash = commands.length ? [h("kbd", {}, "/"), " for commands · "] : [];
  const hint = h("div", { class: "composer-hint" }, slash, h("kbd", {}, "Enter"), " to send");
  const node = h("div", { class: "composer" }, list, h("div", { class: "composer-box" }, box,
    h("div", { class: "composer-bar" }, hint, send)));
  let active = 0;

  const matching = () => {
    const text = box.value;
    if (target().thread_ts || !text.startsWith("/") || text.includes(" ") || text.includes("\n")) return [];
    return commands.filter((command) => command.name.startsWith(text));
  };

  const refresh = () => {
    const found = matching();
    active = Math.min(active, Math.max(found.length - 1, 0));
    list.replaceChildren(...found.map((command, place) => {
      const item = h("li", { role: "option", id: `${listId}-${place}`, "aria-selected": String(place === active) },
        h("span", { class: "command-name" }, command.name, " ", h("span", { class: "usage" }, command.usage)),
        h("span", { class: "command-about" }, command.description));
      item.addEventListener("mousedown", (event) => {
        event.preventDefault();
        choose(command);
      });
      return item;
    }));
    list.hidden = !found.length;
    box.setAttribute("aria-expanded", String(found.length > 0));
    if (found.length) box.setAttribute("aria-activedescendant", `${listId}-${active}`);
    else box.removeAttribute("aria-activedescendant");
    box.style.height = "auto";
    if (box.scrollHeight) box.style.height = `${Math.min(box.scrollHeight, 160)}px`;
    send.classList.toggle("ready", box.value.trim() !== "");
  };

  const choose = (command) => {
    box.value = `${command.name} `;
    active = 0;
    refresh();
    box.focus();
  };

  const submit = async () => {
    const text = box.value.trim();
    if (!text) return;
    const to = target();
    const slash = /^\/\S/.test(text);
    box.value = "";
    refresh();
    if (slash && to.thread_ts) {
      toast(`${text.split(" ")[0]} is not supported in threads. Sorry!`);
      return;
    }
    try {
      const outcome = await act(slash ? "command" : "say", { ...to, text: slash ? text : escapeTyped(text) });
      if (!outcome.ok && !slash) toast(`Not sent: ${outcome.error}`);
    } catch {
      box.value = text;
      refresh();
      toast("The trial server cannot be reached.");
    }
  };

  box.addEventListener("input", refresh);
  box.addEventListener("blur", () => (list.hidden = true));
  box.addEventListener("focus", refresh);
  box.addEventListener("keydown", (event) => {
    const found = list.hidden ? [] : matching();
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const exact = found.some((command) => command.name === box.value);
    if (found.length && step) {
      active = (active + step + found.length) % found.length;
      refresh();
    } else if (found.length && (event.key === "Tab" || (event.key === "Enter" && !exact))) choose(found[active]);
    else if (found.length && event.key === "Escape") list.hidden = true;
    else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit();
    else return;
    event.preventDefault();
  });
  send.addEventListener("click", submit);
  refresh();
  return { node, focus: () => box.focus() };
}

const escapeTyped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
