"""Who gets in: people with the key of the page, the bot with its tokens, and nobody from another site."""

import hmac
import secrets

from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

OF_THE_BOT = ("/api/", "/hooks/", "/upload/", "/link/")
"""Where the bot calls. Each asks for a token of its own, or has a secret in its address."""
LOCKED = (
    "Open the address that `deckhand try` printed in the shell: this page acts only for who has its key.\n"
)
FORBIDDEN = 403
POLICY_VIOLATION = 1008
"""What a refused WebSocket is closed with (RFC 6455, 7.4.1)."""


class Door:
    """Refuse what comes from another site, and on the page what comes from whoever has no key.

    The Host must be this machine's loopback name, which a page of another site that resolves to
    127.0.0.1 cannot claim. A page act must be JSON from this very origin, which a form cannot send.
    Whoever opens `/?key=…` gets a cookie for it, since every account of this machine reaches the port.
    """

    def __init__(self, app: ASGIApp, port: int, key: str) -> None:
        self._app = app
        self._origins = frozenset({f"http://127.0.0.1:{port}", f"http://localhost:{port}"})
        # Slack's own client leaves the port out when it opens a socket.
        self._hosts = frozenset({"127.0.0.1", "localhost", f"127.0.0.1:{port}", f"localhost:{port}"})
        self._key = key
        self._cookie = f"deckhand-{port}"  # a browser sends the cookies of one port to all others
        self._session = hmac.digest(key.encode(), b"cookie", "sha256").hex()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            answer = self._answer(Request(scope))
            await (answer or self._app)(scope, receive, send)
        elif self._foreign(HTTPConnection(scope)):
            await WebSocket(scope, receive, send).close(code=POLICY_VIOLATION)
        else:
            await self._app(scope, receive, send)

    def _answer(self, request: Request) -> Response | None:
        """What is said at the door; None lets it in."""
        why = self._foreign(request) or self._refusal(request)
        if why:
            return _refused(why)
        if request.url.path.startswith(OF_THE_BOT) or self._is_known(request):
            return None
        if request.url.path == "/" and _same(request.query_params.get("key", ""), self._key):
            return self._let_in()
        return PlainTextResponse(LOCKED, FORBIDDEN) if request.url.path == "/" else _refused("no_key")

    def _is_known(self, request: Request) -> bool:
        return _same(request.cookies.get(self._cookie, ""), self._session)

    def _let_in(self) -> Response:
        """Trade the key for a cookie, so that it stands in no address that is seen or kept."""
        answer = RedirectResponse("/", status_code=303, headers={"Referrer-Policy": "no-referrer"})
        answer.set_cookie(self._cookie, self._session, httponly=True, samesite="strict")
        return answer

    def _foreign(self, connection: HTTPConnection) -> str:
        if connection.headers.get("host", "") not in self._hosts:
            return "wrong_host"
        origin = connection.headers.get("origin")
        return "wrong_origin" if origin is not None and origin not in self._origins else ""

    @staticmethod
    def _refusal(request: Request) -> str:
        if not request.url.path.startswith("/page/"):
            return ""
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return "cross_site"
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        return "json_only" if request.method == "POST" and kind != "application/json" else ""


def _same(given: str, wanted: str) -> bool:
    return secrets.compare_digest(given.encode(), wanted.encode())


def _refused(why: str) -> Response:
    return JSONResponse({"ok": False, "error": why}, status_code=FORBIDDEN)
