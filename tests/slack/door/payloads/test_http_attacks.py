"""What anybody can send to an open port: it is bounded, it ends, nothing of it is parsed, and Slack gets through."""

import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import pytest
from slack_bolt import App, BoltRequest, BoltResponse
from slack_bolt.request.internals import parse_body

from bot.process import http_connections
from bot.slack.door import http_mode
from bot.trial.sample import SampleEngine
from bot.trial.workspace import Workspace
from tests.slack.door.site import OTHER_SECRET, Site, command, served, signed

MEGABYTE = 1024 * 1024
QUICK = 1.0  # seconds, in the place of the real deadlines
AMPLE = 10.0  # seconds, within which anything ends on a busy machine


@pytest.fixture
def site(
    workspace: Workspace, sample: SampleEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Site]:
    monkeypatch.setattr(http_connections, "RECEIVE_SECONDS", QUICK)
    monkeypatch.setattr(http_connections, "LIFE_SECONDS", 3 * QUICK)
    with served(workspace, sample, tmp_path) as site:
        yield site


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every body that Bolt was given to parse."""
    bodies: list[str] = []

    def noting(body: str, content_type: str | None) -> dict[str, Any]:
        bodies.append(body)
        return parse_body(body, content_type)

    monkeypatch.setattr("slack_bolt.request.request.parse_body", noting)
    return bodies


def dial(site: Site) -> socket.socket:
    return socket.create_connection(("127.0.0.1", site.port), timeout=AMPLE)


def head(length: int | None, **headers: str) -> bytes:
    """The head of a request to where events arrive; of unknown length it comes in chunks."""
    size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    lines = ["POST /slack/events HTTP/1.1", "Host: x", size, *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def rest(peer: socket.socket) -> bytes:
    """All that still comes until the connection has ended; TimeoutError when it does not end."""
    found = b""
    with suppress(ConnectionError):
        while part := peer.recv(65536):
            found += part
    return found


def pour(peer: socket.socket, piece: bytes, most: int) -> int:
    """Send until nobody takes it any more, and no more than so much; the bytes that were taken."""
    taken = 0
    peer.settimeout(AMPLE)
    with suppress(OSError):
        while taken < most:
            peer.sendall(piece)
            taken += len(piece)
    return taken


def signature_of_somebody() -> dict[str, str]:
    """Headers as Slack would write them, made without its secret."""
    return signed("", OTHER_SECRET)


# --- sizes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [{}, {"signed": "somehow"}], ids=["unsigned", "signed by somebody"])
@pytest.mark.parametrize("length", [300 * MEGABYTE, None], ids=["told", "in chunks"])
def test_a_body_of_300_megabytes_is_not_taken(
    site: Site, length: int | None, headers: dict[str, str]
) -> None:
    piece = b"x" * 65536 if length else b"10000\r\n" + b"x" * 65536 + b"\r\n"
    with closing(dial(site)) as peer:
        peer.sendall(head(length, **(signature_of_somebody() if headers else {})))
        assert pour(peer, piece, 300 * MEGABYTE) < 16 * MEGABYTE  # what the kernel's buffers hold is in it
    assert site.get("/health") == (200, "ok")


def test_a_body_that_is_told_to_be_too_large_is_refused_before_it_comes(site: Site) -> None:
    with closing(dial(site)) as peer:
        peer.sendall(head(MEGABYTE + 1, **signature_of_somebody()))
        assert rest(peer).startswith(b"HTTP/1.1 413 ")


def test_a_signed_body_of_nearly_a_megabyte_is_taken(site: Site) -> None:
    assert site.send(command(text="x" * (MEGABYTE - 1000))) == 200


def test_headers_without_end_are_refused(site: Site) -> None:
    with closing(dial(site)) as peer:
        peer.sendall(b"POST /slack/events HTTP/1.1\r\n")
        assert pour(peer, b"X-More: " + b"x" * 1000 + b"\r\n", 100 * MEGABYTE) < 16 * MEGABYTE
    assert site.get("/health") == (200, "ok")


# --- times --------------------------------------------------------------------------------------

HALF_SENT = {
    "nothing": b"",
    "half a line": b"POST /slack",
    "half the headers": b"POST /slack/events HTTP/1.1\r\nHost: x\r\n",
    "headers without their body": head(100),
    "half a body": head(100, **signature_of_somebody()) + b"half",
    "half a chunk": head(None, **signature_of_somebody()) + b"40\r\nhalf",
    "half a body for nobody": b"POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf",
}


@pytest.mark.parametrize("sent", HALF_SENT.values(), ids=HALF_SENT.keys())
def test_what_is_half_sent_ends(site: Site, sent: bytes) -> None:
    with closing(dial(site)) as peer:
        peer.sendall(sent)
        rest(peer)


@pytest.mark.parametrize("begun", ["half the headers", "half a body", "half a chunk"])
def test_what_drips_ends_too(site: Site, begun: str) -> None:
    with closing(dial(site)) as peer:
        peer.sendall(HALF_SENT[begun])
        began = time.monotonic()
        with suppress(OSError):
            while time.monotonic() - began < 3 * AMPLE:
                peer.sendall(b"x")
                time.sleep(0.1)
        assert time.monotonic() - began < AMPLE


def test_a_connection_ends_with_its_answer_whatever_comes_behind_it(site: Site) -> None:
    with closing(dial(site)) as peer:
        peer.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n" * 1000)
        answers = rest(peer)
    assert answers.count(b"HTTP/1.1 200") == 1


def test_who_does_not_read_the_answer_holds_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer larger than all buffers, to a peer that never reads."""
    monkeypatch.setattr(App, "dispatch", lambda *_: BoltResponse(status=200, body="x" * 64 * MEGABYTE))
    body = command()
    with closing(dial(site)) as peer:
        peer.sendall(head(len(body), **signed(body)) + body.encode())
        time.sleep(4 * QUICK)
        assert len(rest(peer)) < 64 * MEGABYTE


# --- numbers ------------------------------------------------------------------------------------


def test_900_half_sent_requests_keep_no_place_and_slack_gets_through_among_them(site: Site) -> None:
    with ExitStack() as stack:
        peers = []
        for number in range(900):
            peer = stack.enter_context(closing(dial(site)))
            with suppress(OSError):
                peer.sendall([*HALF_SENT.values()][number % len(HALF_SENT)])
            peers.append(peer)
        assert site.send(command("/docker-df", "")) == 200
        site.place.message("1 registered host")
        for peer in peers:
            rest(peer)


def test_only_so_many_connections_are_held_and_the_longest_wait_goes_first(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_connections, "MOST", 3)
    with ExitStack() as stack:
        waiting = []
        for _ in range(4):
            waiting.append(stack.enter_context(closing(dial(site))))
            time.sleep(0.02)
        assert rest(waiting[0]) == b""
        assert site.get("/health") == (200, "ok")
        waiting[3].sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert rest(waiting[3]).startswith(b"HTTP/1.1 200")


def test_a_handler_that_takes_its_time_holds_up_nobody_else(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, dispatch = threading.Event(), App.dispatch

    def dispatched(app: App, asked: BoltRequest) -> BoltResponse:
        if "held" in asked.raw_body:
            held.wait(2 * QUICK)
        return dispatch(app, asked)

    monkeypatch.setattr(App, "dispatch", dispatched)
    answers: list[int] = []
    slow = threading.Thread(target=lambda: answers.append(site.send(command(text="held"))))
    slow.start()
    time.sleep(0.2)
    assert site.send(command("/docker-df", "")) == 200
    assert answers == []
    held.set()
    slow.join()
    assert answers == [200]


# --- what is parsed -----------------------------------------------------------------------------

DEEP = "[" * 200_000
COSTLY: dict[str, Callable[[], str]] = {
    "a million fields": lambda: "&".join(f"{number:x}=" for number in range(150_000)),
    "nested JSON": lambda: '{"a":' + DEEP,
    "nested JSON in a form": lambda: "payload=" + DEEP,
    "a number without end": lambda: "payload=" + "9" * 500_000,
}


@pytest.mark.parametrize("make", COSTLY.values(), ids=COSTLY.keys())
def test_nothing_is_parsed_that_slack_has_not_signed(
    site: Site, parsed: list[str], make: Callable[[], str]
) -> None:
    body = make()
    assert [site.post(body, headers) for headers in ({}, signature_of_somebody(), signed(body, age=600))] == [
        401
    ] * 3
    assert parsed == []


MALFORMED = {
    **{name: make() for name, make in COSTLY.items()},
    "no JSON": "payload={not-json",
    "half a JSON": '{"type": "event_callback"',
    "a list": "payload=[]",
    "a number": "payload=7",
    "null": "payload=null",
    "no text": "payload=%FF%FE",
    **{
        f"{name} is text": "payload=" + json.dumps({"type": "block_actions", name: "x", "actions": []})
        for name in http_mode._OBJECTS
        if name != "event"
    },
    "an event that is none": json.dumps({"type": "event_callback", "event": ["x"]}),
    "actions that are none": "payload=" + json.dumps({"type": "block_actions", "actions": {"a": 1}}),
    "actions of texts": "payload=" + json.dumps({"type": "block_actions", "actions": ["x"]}),
    "no authorizations": json.dumps({"type": "event_callback", "authorizations": 7, "event": {}}),
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_signed_and_malformed_is_400_without_a_traceback(
    site: Site, caplog: pytest.LogCaptureFixture, body: str
) -> None:
    with caplog.at_level(logging.DEBUG):
        for kind in ("application/x-www-form-urlencoded", "application/json"):
            assert site.post(body, {**signed(body), "Content-Type": kind}) == 400
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []
    assert site.place.workspace.messages() == []


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 300,  # TLS
        b"NONSENSE\r\n\r\n",
        b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: minus\r\n\r\n",
        b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST /slack/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_what_is_no_http_is_refused_without_a_traceback(
    site: Site, caplog: pytest.LogCaptureFixture, sent: bytes
) -> None:
    with caplog.at_level(logging.DEBUG), closing(dial(site)) as peer:
        peer.sendall(sent)
        assert rest(peer)[:12] in (b"HTTP/1.1 400", b"HTTP/1.1 401")
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []


def test_a_body_whose_sender_goes_away_leaves_no_traceback(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        with closing(dial(site)) as peer:
            peer.sendall(HALF_SENT["half a body"])
        assert site.send(command("/docker-df", "")) == 200
        site.place.message("1 registered host")
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []


def test_nothing_upgrades_to_another_protocol(site: Site) -> None:
    with closing(dial(site)) as peer:
        peer.sendall(
            b"GET /slack/events HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        assert rest(peer).startswith(b"HTTP/1.1 405")
