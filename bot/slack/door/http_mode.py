"""HTTP mode: what anybody may send is bounded and signed before it is parsed, and what cannot be read is 400."""

import re
from collections.abc import Mapping
from http import HTTPStatus

from slack_bolt import App, BoltRequest
from slack_bolt.adapter.starlette.handler import to_starlette_response
from slack_sdk.signature import SignatureVerifier
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.core.errors import ChatError
from bot.process.http_server import HttpServer

EVENTS_PATH = "/slack/events"
"""Commands, actions and events all arrive here in HTTP mode."""
GRACE_SECONDS = 5
LARGEST_BODY = 1024 * 1024
"""Bytes; Slack's largest are forms, of 250 kB before they are percent-encoded."""
MOST_FIELDS = 100
"""Of a form; Slack sends about 15."""
_OBJECTS = ("user", "team", "channel", "container", "view", "message", "event", "state")
"""What Slack's payloads have at their top as objects, where they have it."""
_UNREADABLE = (ValueError, TypeError, AttributeError, KeyError, IndexError, RecursionError)
"""What Bolt raises for a body that is none of Slack's."""


class HttpReceiver:
    """Requests whose signature is wrong, missing or older than five minutes get 401, and are never parsed."""

    def __init__(self, app: App, address: tuple[str, int], signing_secret: str) -> None:
        self._app = app
        self._verifier = SignatureVerifier(signing_secret)
        routes = [Route(EVENTS_PATH, self._events, methods=["POST"]), Route("/health", _health)]
        self._address = address
        self._server = HttpServer("http", address, routes, GRACE_SECONDS)

    def start(self) -> None:
        """Listen; ChatError when the address cannot be had."""
        if self._server.start() is None:
            raise ChatError(
                f"{self._address[0]}:{self._address[1]} cannot be listened on; choose another [slack] listen."
            )

    def connected(self) -> bool:
        return self._server.listens()

    def stop(self) -> None:
        self._server.stop()

    async def _events(self, request: Request) -> Response:
        try:
            body = await _read(request)
        except ClientDisconnect:
            return _answer(HTTPStatus.BAD_REQUEST)  # nobody reads it
        if body is None:
            return _answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if not (_can_be_checked(request.headers) and self._is_signed(body, request.headers)):
            return _answer(HTTPStatus.UNAUTHORIZED)
        return await run_in_threadpool(self._handle, body.decode(), dict(request.headers))

    def _is_signed(self, body: bytes, headers: Mapping[str, str]) -> bool:
        try:
            return self._verifier.is_valid_request(body, dict(headers))
        except UnicodeDecodeError:
            return False  # Slack signs text

    def _handle(self, body: str, headers: dict[str, str]) -> Response:
        """Answer what Slack signed, in a thread of its own: Bolt waits for each listener's acknowledgement."""
        try:
            asked = _parsed(body, headers)
        except _UNREADABLE:
            return _answer(HTTPStatus.BAD_REQUEST)
        return to_starlette_response(self._app.dispatch(asked))


async def _health(_request: Request) -> Response:
    return PlainTextResponse("ok")


async def _read(request: Request) -> bytes | None:
    """All of the body; None when it is larger than any of Slack's, and then no more of it was read."""
    if int(request.headers.get("content-length", 0)) > LARGEST_BODY:
        return None
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_BODY:
            return None
    return bytes(body)


def _can_be_checked(headers: Mapping[str, str]) -> bool:
    """Whether there is a signature at all, and in the form that the verifier takes for granted."""
    timestamp = headers.get("x-slack-request-timestamp", "")
    signature = headers.get("x-slack-signature", "")
    return bool(re.fullmatch(r"[0-9]{1,15}", timestamp) and re.fullmatch(r"v0=[0-9a-f]{64}", signature))


def _parsed(body: str, headers: dict[str, str]) -> BoltRequest:
    """Read a body that Slack signed; one of the errors in ``_UNREADABLE`` when it has another shape than Slack's."""
    if body.count("&") >= MOST_FIELDS and not body.startswith("{"):
        raise ValueError("a form of so many fields is none of Slack's")
    asked = BoltRequest(body=body, headers=dict(headers))
    actions = asked.body.get("actions") or []
    if not isinstance(actions, list) or not all(isinstance(each, dict) for each in actions):
        raise TypeError("actions are a list of objects")
    for name in _OBJECTS:
        if not isinstance(asked.body.get(name) or {}, dict):
            raise TypeError(f"{name} is an object")
    return asked


def _answer(status: HTTPStatus) -> Response:
    return PlainTextResponse("invalid request", status_code=status)
