// The workspace's name, its places, and who is looking.
import { h } from "./dom.js";
import { avatar } from "./message.js";

/** What the sidebar holds; `go(place)` and `become(user)` are what its buttons do. */
export function sidebar(state, place, { go, become, unread }) {
  const entry = (name, label, mark) => h("button", {
    type: "button", class: `place ${unread.has(name) ? "unread" : ""}`, "aria-current": place === name ? "page" : null,
    click: () => go(name),
  }, h("span", { class: "mark", "aria-hidden": "true" }, mark), h("span", {}, label), unread.has(name) ? unreadMark() : null);
  return [
    h("div", { class: "workspace-name" }, `${state.app.name} trial`),
    h("div", { class: "places" },
      h("h2", {}, "Channels"),
      state.channels.map((channel) => entry(channel.id, channel.name, "#")),
      h("h2", {}, "Apps"),
      entry("app", state.app.name, avatar("", "", true, "mini"))),
    people(state, become),
  ];
}

export const unreadMark = () => h("span", { class: "unread-mark" }, h("span", { class: "unseen" }, " unread"));

function people(state, become) {
  const options = state.can_be.map((id) => {
    const person = state.people.find((one) => one.id === id);
    return h("button", {
      type: "button", class: "person", role: "radio", "aria-checked": String(id === state.me), data: { user: id },
      tabindex: id === state.me ? "0" : "-1", click: () => become(id),
    }, avatar(id, person.real_name, false, "small"), h("span", {}, person.real_name));
  });
  const group = h("div", { class: "people", role: "radiogroup", "aria-label": "You are" },
    h("h2", { "aria-hidden": "true" }, "You are"), options);
  group.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = state.can_be.indexOf(state.me);
    become(state.can_be[(at + step + options.length) % options.length], { focus: true });
  });
  return group;
}
