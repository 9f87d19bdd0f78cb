// A menu whose options the app gives, searched by typing.
import { freshId, h } from "../dom.js";
import { plain } from "./mrkdwn.js";

const TYPING_MS = 150;

/** A box to type into and a list under it; what is chosen is an option's value, and its words stand in the box. */
export function loaded({ spec, block, surface, immediate, label }) {
  const listId = freshId();
  const list = h("ul", { id: listId, role: "listbox", class: "loaded-list", "aria-label": label, hidden: true });
  const box = h("input", {
    class: "entry", type: "text", role: "combobox", "aria-label": label, "aria-controls": listId,
    "aria-expanded": "false", "aria-autocomplete": "list", autocomplete: "off", spellcheck: "false",
    placeholder: spec.placeholder ? plain(spec.placeholder.text) : "Choose an option", data: { actionId: spec.action_id },
  });
  const known = new Map((spec.options ?? []).map((option) => [option.value, plain(option.text.text)]));
  let chosen = surface.before(block, spec) ?? spec.initial_option?.value ?? "";
  let [options, active, asked, timer] = [[], -1, 0, 0];
  box.value = known.get(chosen) ?? "";
  surface.reads(block, spec, () => chosen);

  const draw = (open, words = "") => {
    list.hidden = !open;
    box.setAttribute("aria-expanded", String(open));
    list.replaceChildren(...options.map((option, number) => h("li", {
      role: "option", id: `${listId}-${number}`, "aria-selected": String(number === active),
      mousedown: (event) => {
        event.preventDefault();
        take(option);
      },
    }, plain(option.text.text), option.description ? h("small", {}, plain(option.description.text)) : null)),
    words ? h("li", { class: "none", role: "option", "aria-disabled": "true" }, words) : "");
    if (active < 0) return box.removeAttribute("aria-activedescendant");
    box.setAttribute("aria-activedescendant", `${listId}-${active}`);
    return list.children[active].scrollIntoView({ block: "nearest" });
  };

  const load = async (typed) => {
    const turn = (asked += 1);
    const answer = typed.length < (spec.min_query_length ?? 3) ? { options: [], error: "query_too_short" }
      : await surface.suggest(block, spec, typed);
    if (turn !== asked || document.activeElement !== box) return;
    [options, active] = [answer.options ?? [], -1];
    const none = answer.error === "query_too_short" ? "Keep typing…" : "No results";
    draw(true, options.length ? "" : none);
  };

  const close = () => {
    asked += 1;
    draw(false);
  };

  const take = (option) => {
    const before = chosen;
    chosen = option.value;
    known.set(chosen, plain(option.text.text));
    box.value = known.get(chosen);
    close();
    if (immediate && chosen !== before) surface.act(block, spec, chosen, box);
  };

  box.addEventListener("focus", () => box.select());
  box.addEventListener("click", () => list.hidden && load(""));
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(load, TYPING_MS, box.value);
  });
  box.addEventListener("blur", () => {
    close();
    box.value = known.get(chosen) ?? "";
  });
  box.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && list.hidden) load("");
    else if (step && options.length) {
      active = (Math.max(active, step > 0 ? -1 : 0) + step + options.length) % options.length;
      draw(true);
    } else if (event.key === "Enter" && options[active]) take(options[active]);
    else if (event.key === "Escape" && !list.hidden) close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  return h("div", { class: "loaded" }, box, list);
}
