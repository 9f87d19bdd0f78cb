"""A host whose every name drives a terminal, and how to see that it did not."""

import json
import re
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount

from bot.trial.sample.making.production import production_universe
from bot.trial.sample.server import application
from tests.support.waiting import wait_until

FORGED = "ok    prod-3: all is well"
STORED = f"\x1b]0;owned\x07\x1b[31m\x9b2J\u202e\u2066\u061c\u200f\u2028\u2029\x7f\r\n{FORGED}"
"""What every database takes."""
HOSTILE = f"{STORED}\ud800"
FORMULA = " '＝HYPERLINK(1);=1+1"  # noqa: RUF001 - a wide sign is what it is about
_POISONED = frozenset({
    "Name", "Names", "RepoTags", "Labels", "Image", "Driver", "Description", "Mountpoint",
    "DockerRootDir", "OperatingSystem", "message",
})  # fmt: skip
_BIDIRECTIONAL = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


def driving(text: str) -> set[str]:
    """The characters of a text that drive whatever shows it, its line breaks aside."""
    return {
        char
        for char in text
        if (unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} and char != "\n")
        or unicodedata.bidirectional(char) in _BIDIRECTIONAL
        or char in "\u061c\u200e\u200f"
    }


def forged_lines(text: str) -> list[str]:
    """The lines that a host wrote as its own."""
    return re.findall(rf"^{re.escape(FORGED)}.*$", text, re.MULTILINE)


@contextmanager
def hostile_engine(socket: Path, *, fails: bool = False) -> Iterator[str]:
    """A sample engine that puts HOSTILE behind every name; or one that only fails, with HOSTILE as its reason."""

    async def poison(request: Request, call_next: RequestResponseEndpoint) -> Response:
        answer = await call_next(request)
        content = b"".join([part async for part in answer.body_iterator])  # type: ignore[attr-defined] # a stream
        headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
        if fails and "_ping" not in str(request.url):
            return Response(json.dumps({"message": HOSTILE}), 500, {"Content-Type": "application/json"})
        with suppress(ValueError):
            content = json.dumps(_poisoned(json.loads(content))).encode()
        return Response(content, answer.status_code, headers)

    app = Starlette(routes=[Mount("/", application(production_universe()))])
    app.add_middleware(BaseHTTPMiddleware, dispatch=poison)
    server = uvicorn.Server(uvicorn.Config(app, uds=str(socket), log_config=None, lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started)
    try:
        yield f"unix://{socket}"
    finally:
        server.should_exit = True
        thread.join(10)


def _poisoned(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {each: _poisoned(inner, key if key == "Labels" else each) for each, inner in value.items()}
    if isinstance(value, list):
        return [_poisoned(inner, key) for inner in value]
    return f"{value}{STORED}" if isinstance(value, str) and key in _POISONED else value
