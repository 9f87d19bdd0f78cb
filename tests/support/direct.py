"""The sample engine without a socket: the real SDK, whose requests go straight to the engine's handlers."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import requests
import requests.adapters

from bot.engines.docker.adapter import DIALLED_URL
from bot.engines.docker.client import EngineClient
from bot.engines.limits import Limits
from bot.trial.sample import Universe
from bot.trial.sample.api import ROUTES, Call, Reply
from bot.trial.sample.errors import EngineError

_VERSIONED = re.compile(r"^/v(\d+)\.(\d+)(?=/)")
_PATHS: list[tuple[str, re.Pattern[str], Callable[[Call], Reply]]] = [
    (
        method,
        re.compile(path.replace("{name:path}", "(?P<name>.+)").replace("{name}", "(?P<name>[^/]+)") + "$"),
        handler,
    )
    for method, path, handler in ROUTES
]


class _Direct(requests.adapters.BaseAdapter):
    def __init__(self, universe: Universe) -> None:
        super().__init__()
        self._universe = universe

    def send(self, request: requests.PreparedRequest, *_: object, **__: object) -> requests.Response:
        split = urlsplit(request.url or "")
        found = _VERSIONED.match(split.path)
        path = split.path[found.end() :] if found else split.path
        api = (int(found[1]), int(found[2])) if found else (1, 45)
        body = request.body or b""
        try:
            reply = self._answer(request.method or "", unquote(path), api, split.query, body)
        except EngineError as error:
            reply = Reply(content={"message": str(error)}, status=error.status)
        response = requests.Response()
        response.status_code, response.url, response.request = reply.status, path, request
        response._content = b"" if reply.content is None else json.dumps(reply.content).encode()
        return response

    def _answer(self, method: str, path: str, api: tuple[int, int], query: str, body: Any) -> Reply:
        for its, pattern, handler in _PATHS:
            fits = pattern.match(path) if its == method else None
            if fits:
                call = Call(
                    universe=self._universe, api=api, name=fits.groupdict().get("name", ""),
                    query=parse_qs(query, keep_blank_values=True),
                    body=body.encode() if isinstance(body, str) else body,
                )  # fmt: skip
                with self._universe.lock:
                    return handler(call)
        return Reply(content={"message": "page not found"}, status=404)

    def close(self) -> None:
        """Nothing is open."""


def client_of(universe: Universe) -> EngineClient:
    """A client of this engine; its connections cost nothing, and cannot break."""
    client = EngineClient(DIALLED_URL, Limits(), _Direct(universe))
    client.negotiate()
    return client
