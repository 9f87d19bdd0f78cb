// The page's own requests. Each act is sent as JSON and answered with {ok, error, errors}.
const RETRY_MS = 3000;

/** Do something as a person. A server that cannot be reached is an answer too. */
export async function act(name, body) {
  const headers = { "Content-Type": "application/json" };
  try {
    const answer = await fetch(`/page/${name}`, { method: "POST", headers, body: JSON.stringify(body) });
    return await answer.json();
  } catch {
    return { ok: false, error: "unreachable" };
  }
}

export async function fetchState(user) {
  const answer = await fetch(`/page/state?user=${encodeURIComponent(user)}`);
  if (answer.status === 403) location.replace("/"); // a server with another key: it says where that is
  if (!answer.ok) throw new Error(`state: ${answer.status}`);
  return answer.json();
}

/** Call `listener` at each change, and when the connection breaks or is back. */
export function onNews(listener) {
  const source = new EventSource("/page/events");
  source.addEventListener("message", listener);
  source.addEventListener("error", () => {
    listener();
    // A browser tries again by itself, but not after an answer that it took for final.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => onNews(listener), RETRY_MS);
  });
}
