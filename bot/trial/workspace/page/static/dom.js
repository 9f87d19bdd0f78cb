// Elements are built node by node: text never passes through an HTML parser.

/** Build an element. A property is a listener (a function), `data` (data-*), or any attribute. */
export function h(tag, properties, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") node.addEventListener(name, value);
    else if (name === "data") Object.assign(node.dataset, value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return node;
}

let serial = 0;

/** An id for tying one element to another. */
export function freshId() {
  serial += 1;
  return `n${serial}`;
}

function parsed(address) {
  try {
    return new URL(address, location.href);
  } catch {
    return null;
  }
}

/** A link, where the address is one that may be opened from a message; else only its words. */
export function link(address, ...children) {
  const url = /^(https?|mailto):/i.test(address) ? parsed(address) : null;
  if (!url) return h("span", {}, ...children);
  return h("a", { href: url.href, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

/** The path of a picture that this server keeps, or null for any other. */
export function ownPicture(address) {
  const url = parsed(address);
  const local = ["127.0.0.1", "localhost"].includes(url?.hostname) && url.port === location.port;
  return local ? url.pathname : null;
}

/** What finds an element again after a redraw: its action, its words, its option. */
function named(node) {
  const option = ["radio", "checkbox"].includes(node.type) ? node.value : "";
  return [node.tagName, node.dataset.actionId, node.getAttribute("aria-label") ?? node.textContent, option].join(" ");
}

/** Redraw `old`, as another element where `draw` gives one; what had the focus in it keeps it. */
export function redraw(old, draw) {
  const held = document.activeElement;
  const name = old.contains(held) ? named(held) : "";
  const node = draw() ?? old;
  if (name && document.activeElement === document.body) refocus(node, name);
  return node;
}

function refocus(box, name) {
  const again = [...box.querySelectorAll("button, select, input, textarea")].find((node) => named(node) === name);
  (again ?? box).focus({ preventScroll: true });
}

/** A way back to what has the focus now, for when a dialog that opened over it is gone. */
export function wayBack() {
  const held = document.activeElement;
  const ts = held.closest("[data-ts]")?.dataset.ts;
  const name = named(held);
  return () => {
    const box = ts ? document.querySelector(`[data-ts="${CSS.escape(ts)}"]`) : document.getElementById("main");
    if (box && document.activeElement === document.body) refocus(box, name);
  };
}
