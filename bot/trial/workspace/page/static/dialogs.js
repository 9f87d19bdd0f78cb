// Confirmations, in native dialogs that hold the focus and close with Escape; and short notices.
import { h } from "./dom.js";
import { plain, textObject } from "./blocks/mrkdwn.js";

const TOAST_MS = 6000;

/** Say something for a few seconds, above whatever dialog is open. */
export function toast(text) {
  const node = h("div", { class: "toast" }, text);
  const open = [...document.querySelectorAll("dialog[open]")].at(-1);
  if (open) open.append(h("div", { class: "toasts", role: "alert" }, node));
  else document.getElementById("toasts").append(node);
  setTimeout(() => (open ? node.parentElement : node).remove(), TOAST_MS);
}

/** Ask before an element acts; true when the person goes on. */
export function confirmFirst(spec, names) {
  return new Promise((resolve) => {
    let answer = false;
    const button = (text, style, yes) => h("button", { type: "button", class: `button ${style}`, click: () => {
      answer = yes;
      dialog.close();
    } }, plain(text));
    const go = button(spec.confirm.text, spec.style ?? "primary", true);
    const spoken = { "aria-labelledby": "confirm-title", "aria-describedby": "confirm-text" };
    const dialog = h("dialog", { class: "dialog confirm", ...spoken },
      h("div", { class: "dialog-head" }, h("h2", { id: "confirm-title" }, plain(spec.title.text))),
      h("div", { class: "dialog-body text", id: "confirm-text" }, textObject(spec.text, names)),
      h("div", { class: "dialog-foot" }, button(spec.deny.text, "", false), go));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(answer);
    });
    document.body.append(dialog);
    dialog.showModal();
    go.focus();
  });
}
