// The page's own requests. Each act is sent as JSON and answered with {ok, error, errors}.

export async function act(name, body) {
  const answer = await fetch(`/page/${name}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  return answer.json();
}

export async function fetchState(user) {
  const answer = await fetch(`/page/state?user=${encodeURIComponent(user)}`);
  if (!answer.ok) throw new Error(`state: ${answer.status}`);
  return answer.json();
}

export function onNews(listener) {
  const source = new EventSource("/page/events");
  source.addEventListener("message", listener);
  addEventListener("pagehide", () => source.close());
}
