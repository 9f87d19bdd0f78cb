// Lists of messages that change one by one, so that what is in use on the others stays.
import { redraw } from "./dom.js";

const NEAR_END = 60; // pixels

/** Bring a list of messages up to date, replacing only those that changed. */
export function reconcile(box, cache, items) {
  const kept = new Set(items.map((item) => item.id));
  for (const [id, old] of cache) {
    if (kept.has(id)) continue;
    old.node.remove();
    cache.delete(id);
  }
  let previous = null;
  for (const item of items) {
    let entry = cache.get(item.id);
    if (entry?.key !== item.key) {
      const node = item.draw();
      if (entry) redraw(entry.node, () => entry.node.replaceWith(node) ?? node);
      entry = { node, key: item.key };
      cache.set(item.id, entry);
    }
    const expected = previous ? previous.nextSibling : box.firstChild;
    if (entry.node !== expected) box.insertBefore(entry.node, expected);
    previous = entry.node;
  }
}

/** Keep the newest in sight for a person who is at the end, whatever changes its size. */
export function stayAtEnd(scroll, content) {
  scroll.dataset.end = "yes";
  scroll.addEventListener("scroll", () => {
    const left = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight;
    scroll.dataset.end = left < NEAR_END ? "yes" : "no";
  });
  const observer = new ResizeObserver(() => {
    if (scroll.dataset.end === "yes" && content.checkVisibility()) toEnd(scroll);
  });
  observer.observe(scroll);
  observer.observe(content);
}

export function toEnd(scroll) {
  scroll.dataset.end = "yes";
  scroll.scrollTop = scroll.scrollHeight;
}
