// The modal on top of this person's stack.
import { renderBlocks } from "./blocks.js";
import { h } from "./dom.js";
import { plain } from "./mrkdwn.js";
import { act } from "./net.js";
import { Surface } from "./surface.js";
import { toast } from "./toast.js";

export class Modal {
  constructor() {
    this.dialog = null;
    this.shown = "";
    this.surface = null;
    this.view = null;
  }

  /** Show the view as it now is; keeps what was typed where the same inputs stay. */
  show(view, { me, names, people, depth }) {
    const key = view ? `${me} ${view.id} ${view.hash}` : "";
    if (key === this.shown) return;
    const same = view && this.view?.id === view.id;
    const kept = same ? this.surface.values() : {};
    this.shown = key;
    this.view = view;
    this.me = me;
    if (!view) {
      this.remove();
      return;
    }
    this.context = { names, people, depth };
    this.draw(kept, {});
  }

  draw(kept, errors) {
    const { view, me } = this;
    const { names, people, depth } = this.context;
    const focused = this.dialog?.contains(document.activeElement) ? document.activeElement.dataset.actionId : null;
    this.surface = new Surface({ where: view.id, names, me, people, kept });
    const submit = view.submit
      ? h("button", { type: "submit", class: "button primary" }, plain(view.submit.text))
      : null;
    const close = h("button", { type: "button", class: "button" }, view.close ? plain(view.close.text) : "Cancel");
    const cross = h("button", { type: "button", class: "plain-button cross", "aria-label": "Close" }, "✕");
    const back = depth > 1 ? h("span", { class: "depth" }, "‹ ") : null;
    const form = h("form", { method: "dialog", novalidate: true },
      h("div", { class: "dialog-head" }, h("h2", { id: "modal-title" }, back, plain(view.title.text)), cross),
      h("div", { class: "dialog-body" }, renderBlocks(view.blocks, this.surface, errors)),
      h("div", { class: "dialog-foot" }, close, submit));
    close.addEventListener("click", () => this.close(false));
    cross.addEventListener("click", () => this.close(true));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (submit) this.submit(submit);
    });
    this.place(form);
    const selector = ".error ~ *, [data-action-id], textarea, input, select";
    const again = focused ? form.querySelector(`[data-action-id="${CSS.escape(focused)}"]`) : null;
    (again ?? form.querySelector(".wrong [data-action-id]") ?? form.querySelector(selector) ?? close).focus();
  }

  place(form) {
    if (this.dialog) {
      this.dialog.replaceChildren(form);
      return;
    }
    this.dialog = h("dialog", { class: "dialog modal", "aria-labelledby": "modal-title" }, form);
    this.dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.close(false);
    });
    document.body.append(this.dialog);
    this.dialog.showModal();
  }

  async submit(button) {
    button.disabled = true;
    button.setAttribute("aria-busy", "true");
    const values = this.surface.values();
    const outcome = await act("submit", { user: this.me, values });
    button.disabled = false;
    button.removeAttribute("aria-busy");
    if (Object.keys(outcome.errors ?? {}).length) this.draw(values, outcome.errors);
    else if (!outcome.ok) toast(`We had some trouble connecting. Try again? (${outcome.error})`);
  }

  async close(everything) {
    await act("close", { user: this.me, everything });
  }

  remove() {
    this.dialog?.close();
    this.dialog?.remove();
    this.dialog = null;
    this.surface = null;
  }
}
