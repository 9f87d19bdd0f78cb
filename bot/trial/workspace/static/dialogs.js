// Confirmations and modals, in native dialogs: they hold the focus and close with Escape.
import { h } from "./dom.js";
import { plain, textObject } from "./mrkdwn.js";

/** Ask before an element acts; true when the person goes on. */
export function confirmFirst(spec, names) {
  return new Promise((resolve) => {
    const title = h("h2", { id: "confirm-title" }, plain(spec.title.text));
    const deny = h("button", { type: "button", class: "button" }, plain(spec.deny.text));
    const go = h("button", { type: "button", class: `button ${spec.style ?? "primary"}` }, plain(spec.confirm.text));
    const dialog = h("dialog", { class: "dialog confirm", "aria-labelledby": "confirm-title" },
      h("div", { class: "dialog-head" }, title),
      h("div", { class: "dialog-body text" }, textObject(spec.text, names)),
      h("div", { class: "dialog-foot" }, deny, go));
    let answer = false;
    deny.addEventListener("click", () => dialog.close());
    go.addEventListener("click", () => {
      answer = true;
      dialog.close();
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(answer);
    });
    document.body.append(dialog);
    dialog.showModal();
    go.focus();
  });
}
