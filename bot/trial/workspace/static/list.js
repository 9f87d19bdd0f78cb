// Lists of messages that change one by one, so that what is in use on the others stays.

/** Bring a list of messages up to date, replacing only those that changed. */
export function reconcile(box, cache, items) {
  const kept = new Set(items.map((item) => item.id));
  for (const [id, old] of cache) {
    if (!kept.has(id)) {
      old.node.remove();
      cache.delete(id);
    }
  }
  let previous = null;
  for (const item of items) {
    let entry = cache.get(item.id);
    if (entry?.key !== item.key) {
      const node = item.draw();
      if (entry) replaceNode(entry.node, node);
      entry = { node, key: item.key };
      cache.set(item.id, entry);
    }
    const expected = previous ? previous.nextSibling : box.firstChild;
    if (entry.node !== expected) box.insertBefore(entry.node, expected);
    previous = entry.node;
  }
}

function replaceNode(old, node) {
  const focused = old.contains(document.activeElement) ? document.activeElement.dataset.actionId : null;
  old.replaceWith(node);
  if (focused) (node.querySelector(`[data-action-id="${CSS.escape(focused)}"]`) ?? document.getElementById("scroll")).focus({ preventScroll: true });
}

/** Keep the newest in sight for a person who is at the end, whatever changes its size. */
export function stayAtEnd(scroll, content) {
  scroll.dataset.end = "yes";
  scroll.addEventListener("scroll", () => {
    scroll.dataset.end = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 60 ? "yes" : "no";
  });
  const observer = new ResizeObserver(() => {
    if (scroll.dataset.end === "yes") toEnd(scroll);
  });
  observer.observe(scroll);
  observer.observe(content);
}

export function toEnd(scroll) {
  scroll.dataset.end = "yes";
  scroll.scrollTop = scroll.scrollHeight;
}
