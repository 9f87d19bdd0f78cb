// The modal on top of this person's stack.
import { renderBlocks } from "./blocks/blocks.js";
import { toast } from "./dialogs.js";
import { h, redraw, wayBack } from "./dom.js";
import { plain } from "./blocks/mrkdwn.js";
import { act } from "./net.js";
import { Surface } from "./surface.js";

const FIELDS = "textarea, input, select";

export class Modal {
  constructor() {
    Object.assign(this, { dialog: null, shown: "", typed: {} });
  }

  /** Show the view as it now is; keeps what was typed where the same inputs stay. */
  show(view, context) {
    const key = view ? `${context.me} ${view.id} ${view.hash}` : "";
    if (key === this.shown) return;
    // What was typed into the one beneath is there again when the one above it closes.
    if (this.view) this.typed[this.view.id] = this.surface.values();
    Object.assign(this, { shown: key, view, context });
    if (view) this.draw(this.typed[view.id] ?? {}, {});
    else this.remove();
  }

  draw(kept, errors) {
    const { view, context } = this;
    const fresh = !this.dialog;
    this.surface = new Surface({ where: view.id, ...context, kept });
    const submit = view.submit ? h("button", { type: "submit", class: "button primary" }, plain(view.submit.text)) : null;
    const close = h("button", { type: "button", class: "button", click: () => this.close(false) },
      view.close ? plain(view.close.text) : "Cancel");
    const cross = h("button", { type: "button", class: "plain-button cross", "aria-label": "Close",
      click: () => this.close(true) }, "✕");
    const back = context.depth > 1 ? h("span", { "aria-hidden": "true" }, "‹ ") : null;
    const form = h("form", { method: "dialog", novalidate: true },
      h("div", { class: "dialog-head" }, h("h2", { id: "modal-title" }, back, plain(view.title.text)), cross),
      h("div", { class: "dialog-body", tabindex: "-1" }, renderBlocks(view.blocks, this.surface, errors)),
      h("div", { class: "dialog-foot" }, close, submit));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (submit) this.submit(submit);
    });
    if (fresh) this.open();
    redraw(this.dialog, () => this.dialog.replaceChildren(form));
    const wrong = form.querySelector(`.wrong :is(${FIELDS})`);
    if (wrong) wrong.focus();
    else if (!form.contains(document.activeElement)) (form.querySelector(FIELDS) ?? close).focus();
  }

  open() {
    this.back = wayBack();
    this.dialog = h("dialog", { class: "dialog modal", "aria-labelledby": "modal-title" });
    const close = (event) => {
      event.preventDefault();
      this.close(false);
    };
    // A browser lets only one Escape in a row be prevented by `cancel`; the key itself always can.
    this.dialog.addEventListener("keydown", (event) => event.key === "Escape" && close(event));
    this.dialog.addEventListener("cancel", close);
    document.body.append(this.dialog);
    this.dialog.showModal();
  }

  async submit(button) {
    if (button.hasAttribute("aria-busy")) return;
    button.setAttribute("aria-busy", "true");
    const values = this.surface.values();
    const outcome = await act("submit", { user: this.context.me, values });
    button.removeAttribute("aria-busy");
    if (Object.keys(outcome.errors ?? {}).length) this.draw(values, outcome.errors);
    else if (!outcome.ok) toast(`We had some trouble connecting. Try again? (${outcome.error})`);
  }

  close(everything) {
    return act("close", { user: this.context.me, everything });
  }

  remove() {
    this.dialog?.close();
    this.dialog?.remove();
    Object.assign(this, { dialog: null, typed: {} });
    this.back?.();
  }
}
