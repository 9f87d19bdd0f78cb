// The menus of the app's shortcuts: beside the composer, and in each message.
import { h } from "./dom.js";
import { act } from "./net.js";
import { complain } from "./surface.js";

/** A button that opens a menu of shortcuts; null where there are none. `target()` says who chooses, and where. */
export function shortcutsMenu(shortcuts, label, target) {
  if (!shortcuts.length) return null;
  const items = shortcuts.map(({ name, callback_id: id }) => h("button", {
    type: "button", role: "menuitem", tabindex: "-1", click: () => choose(id),
  }, name));
  const menu = h("div", { class: "menu", role: "menu", "aria-label": label, hidden: true }, items);
  const opener = h("button", { type: "button", class: "plain-button", "aria-label": label, title: label,
    "aria-haspopup": "menu", "aria-expanded": "false", click: () => show(menu.hidden) }, "⚡");

  const show = (open, focus = true) => {
    menu.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
    if (focus) (open ? items[0] : opener).focus();
  };

  const choose = async (id) => {
    show(false);
    const outcome = await act("shortcut", { ...target(), callback_id: id });
    if (!outcome.ok) complain(outcome.error);
  };

  const node = h("span", { class: "shortcuts" }, opener, menu);
  node.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && menu.hidden) show(true);
    else if (step) items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
    else if (event.key === "Escape" && !menu.hidden) show(false);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  node.addEventListener("focusout", (event) => node.contains(event.relatedTarget) || show(false, false));
  return node;
}
