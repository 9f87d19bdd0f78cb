// Elements are built node by node: text never passes through an HTML parser.

/** Build an element. Properties: class, on (listeners), data (data-*), or any attribute. */
export function h(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    } else if (name === "data") {
      Object.assign(node.dataset, value);
    } else if (name === "value") {
      node.value = value;
    } else {
      node.setAttribute(name, value === true ? "" : value);
    }
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return node;
}

let serial = 0;

/** An id for tying a label to its control. */
export function freshId() {
  serial += 1;
  return `n${serial}`;
}

/** An address that may be opened from a message, or null. */
export function safeLink(address) {
  try {
    const url = new URL(address);
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

export function link(address, ...children) {
  const href = safeLink(address);
  if (href === null) return h("span", {}, ...children);
  return h("a", { href, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

/** The path of a picture that this server keeps, or null for any other. */
export function ownPicture(address) {
  try {
    const url = new URL(address, location.href);
    const local = ["127.0.0.1", "localhost"].includes(url.hostname) && url.port === location.port;
    return local ? url.pathname : url.protocol === "data:" ? url.href : null;
  } catch {
    return null;
  }
}
