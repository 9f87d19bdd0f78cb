"""Answers without an end: each question to an engine is over in time, and takes no more than its bytes.

On each way that leads to an engine, for the answer's headers as for its body.
"""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeAlias

import pytest

from bot.core.docker.inventory import Image
from bot.core.errors import EngineAnswerError, EngineTimeoutError, HostError
from bot.core.rules.hosts import Address, SocketAddress
from bot.engines.checks.steps import Checks
from bot.engines.clients import Clients
from bot.engines.held import HeldDockerEngine
from tests.conftest import StartSshd
from tests.engines.conftest import MakeClients
from tests.support.lying.engine import Liar, Lie, answer, honest_at_first, liar
from tests.support.lying.holding import unproven
from tests.support.machines.hosts import HOST, QUICK, registered
from tests.support.machines.tls import certificates
from tests.support.waiting import each_at_once

SHORT = replace(QUICK, list_bytes=2_000_000, answer_bytes=500_000)
DEADLINE = 12
"""Seconds for what takes one or two here; the machine may be busy."""
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
Endless: TypeAlias = Callable[[], Iterable[bytes]]


def slowly(pieces: Iterable[bytes], first: bytes = b"") -> Iterator[bytes]:
    yield first
    for piece in pieces:
        yield piece
        time.sleep(0.1)


def forever(piece: bytes) -> Iterator[bytes]:
    while True:
        yield piece


def quickly(piece: bytes, first: bytes = b"") -> Iterator[bytes]:
    yield first
    yield from forever(piece)


DRIPPING: dict[str, Endless] = {
    "the status line": lambda: slowly(forever(b"H"), b""),
    "a header": lambda: slowly(forever(b"x"), HEAD + b"X-Long: "),
    "headers": lambda: slowly(forever(b"X: y\r\n"), HEAD),
    "interim answers": lambda: slowly(forever(b"HTTP/1.1 100 Continue\r\n\r\n")),
    "a body": lambda: slowly(forever(b" "), HEAD + b"Content-Length: 1000000\r\n\r\n"),
    "a body without a length": lambda: slowly(forever(b" "), HEAD + b"\r\n"),
    "chunks": lambda: slowly(forever(b"1\r\n \r\n"), HEAD + b"Transfer-Encoding: chunked\r\n\r\n"),
    "the size of a chunk": lambda: slowly(forever(b"0"), HEAD + b"Transfer-Encoding: chunked\r\n\r\n"),
    "trailers": lambda: slowly(forever(b"X: y\r\n"), HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"),
    "an error": lambda: slowly(forever(b" "), b"HTTP/1.1 500 No\r\nContent-Length: 100000\r\n\r\n"),
    "a redirect": lambda: slowly(forever(b" "), b"HTTP/1.1 307 Go\r\nLocation: /x\r\nContent-Length: 100000\r\n\r\n"),
}  # fmt: skip
FLOODING: dict[str, Endless] = {
    "a body": lambda: quickly(b" " * 65_536, HEAD + b"Content-Length: 600000000\r\n\r\n"),
    "a body without a length": lambda: quickly(b" " * 65_536, HEAD + b"\r\n"),
    "chunks": lambda: quickly(b"8000\r\n" + b" " * 32_768 + b"\r\n", HEAD + b"Transfer-Encoding: chunked\r\n\r\n"),
    "a chunk": lambda: quickly(b" " * 65_536, HEAD + b"Transfer-Encoding: chunked\r\n\r\n7fffffff\r\n"),
    "the size of a chunk": lambda: quickly(b"0" * 65_536, HEAD + b"Transfer-Encoding: chunked\r\n\r\n"),
    "trailers": lambda: quickly(b"X: y\r\n" * 9_000, HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n"),
    "interim answers": lambda: quickly(b"HTTP/1.1 100 Continue\r\n\r\n" * 2_000),
    "an error": lambda: quickly(b" " * 65_536, b"HTTP/1.1 500 No\r\nContent-Length: 600000000\r\n\r\n"),
}  # fmt: skip


@contextmanager
def at(made: MakeClients, lie: Lie) -> Iterator[tuple[HeldDockerEngine, Liar, Clients]]:
    with liar(honest_at_first(lie)) as one:
        clients = made(SocketAddress(url=one.url), limits=SHORT)
        yield HeldDockerEngine(HOST, unproven(lambda: clients.client(HOST))), one, clients


def in_time(ask: Callable[[], object]) -> HostError:
    began = time.monotonic()
    with pytest.raises(HostError, match=f"^{HOST}: ") as caught:
        ask()
    assert time.monotonic() - began < DEADLINE
    return caught.value


def test_what_drips_is_over_in_time(make_clients: MakeClients) -> None:
    def check(case: str) -> None:
        with at(make_clients, lambda *_: DRIPPING[case]()) as (engine, _, _clients):
            in_time(engine.info)
            in_time(lambda: engine.remove_volume("data"))

    each_at_once(DRIPPING, check)


@pytest.mark.parametrize("told", FLOODING.values(), ids=FLOODING)
def test_what_floods_is_cut_at_its_limit(make_clients: MakeClients, told: Endless) -> None:
    sent = 0

    def counted(*_: str) -> Iterator[bytes]:
        nonlocal sent
        for piece in told():
            sent += len(piece)
            yield piece

    with at(make_clients, counted) as (engine, _, _clients):
        in_time(engine.info)
        assert sent < 20_000_000  # of which the buffers of both ends hold most


def test_a_list_may_be_longer_than_the_answer_about_one_thing(make_clients: MakeClients) -> None:
    filling = b" " * 1_000_000
    with at(make_clients, lambda *_: answer(b"[]" + filling)) as (engine, _, _clients):
        assert engine.containers() == ()
        assert isinstance(in_time(lambda: engine.image("a")), EngineAnswerError)
        filling += b" " * 2_000_000
        assert "longer than 2MB" in str(in_time(engine.containers))


def dripping(way: str, told: Endless, folder: Path, sshd: StartSshd, stack: ExitStack) -> tuple[Address, str]:
    """Have an engine drip that is reached in this way; its address, and the path of its socket there."""
    lie = honest_at_first(lambda *_: told())
    if way in ("tcp", "tls"):
        made = certificates(folder) if way == "tls" else None
        one = stack.enter_context(liar(lie, tcp=True, speaking=made))
        return SocketAddress(url=one.url, tls=str(made.client) if made else None), ""
    one = stack.enter_context(liar(lie))
    helper = way == "helper"
    settings = ("AllowStreamLocalForwarding no",) if helper else ()
    server = sshd(settings=settings, docker_host=one.url if helper else "")
    return server.ssh_address, str(one.path)


def test_what_drips_is_over_in_time_on_every_way_to_an_engine(
    make_clients: MakeClients, tmp_path: Path, sshd: StartSshd
) -> None:
    def check(case: str) -> None:
        way, where = case.split(": ")
        with ExitStack() as stack:
            folder = tmp_path / case.replace(": ", "-")
            folder.mkdir()
            address, path = dripping(way, DRIPPING[where], folder, sshd, stack)
            clients = make_clients(address, limits=SHORT, engine_socket=path or "/nonexistent")
            client = clients.client(HOST)
            engine = HeldDockerEngine(HOST, unproven(lambda: client))
            assert isinstance(in_time(engine.info), EngineTimeoutError)
            assert isinstance(in_time(lambda: engine.remove_container("1")), EngineTimeoutError)

    ways = ("tcp", "tls", "streamlocal", "helper")
    each_at_once([f"{way}: {where}" for way in ways for where in ("a header", "a body")], check)


def test_the_check_of_a_host_names_the_step_and_goes_no_further(make_clients: MakeClients) -> None:
    with at(make_clients, lambda *_: DRIPPING["a body"]()) as (engine, one, clients):
        host = registered(SocketAddress(url=one.url))[HOST]
        steps = {step.name: step for step in Checks(clients, engine, host)()}
    assert steps["engine"].ok
    assert steps["rights"].ok is False
    assert "did not finish its answer within 1 s" in steps["rights"].detail
    assert steps["disk usage"].ok is None


def test_an_engine_that_drips_at_the_first_question_of_all_is_given_up(make_clients: MakeClients) -> None:
    for told in (DRIPPING["the status line"], DRIPPING["headers"], FLOODING["a body"]):
        with liar(partial(_tell, told)) as one:
            clients = make_clients(SocketAddress(url=one.url), limits=SHORT)
            in_time(partial(clients.client, HOST))


def _tell(told: Endless, *_: str) -> Iterable[bytes]:
    return told()


def test_many_small_refusals_of_a_count_end_too(
    make_clients: MakeClients, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine that says 500 late is not asked five times as long."""
    monkeypatch.setattr("bot.engines.docker.df.DF_SECONDS", 1.0)
    refusal = answer(json.dumps({"message": "busy"}).encode(), "500 No")

    def late(*_: str) -> Iterator[bytes]:
        time.sleep(0.9)
        yield refusal

    with at(make_clients, late) as (engine, one, _clients):
        in_time(engine.disk_usage)
        assert len([path for _, path in one.asked if path.startswith("/system/df")]) <= 3


NOW = datetime(2026, 3, 1, tzinfo=UTC)


def event(**said: object) -> bytes:
    whole = {
        "Action": "start",
        "time": int(NOW.timestamp()),
        "Actor": {"ID": "c1", "Attributes": {"image": "a:1"}},
    }
    return json.dumps({**whole, **said}).encode() + b"\n"


def test_events_without_an_end_are_not_followed_up(make_clients: MakeClients) -> None:
    with at(make_clients, lambda *_: answer(b"{}\n" * 30_000)) as (engine, one, _clients):
        error = in_time(lambda: engine.uses(NOW, NOW))
        assert isinstance(error, EngineAnswerError)
        assert "events" in str(error)
        assert [path for _, path in one.asked if not path.startswith(("/events", "/version"))] == []


@pytest.mark.parametrize("when", [2**53, -(2**53), 0, None])
def test_an_event_of_no_time_that_a_clock_shows_is_none(make_clients: MakeClients, when: int | None) -> None:
    def lie(_method: str, path: str) -> bytes:
        if path.startswith("/events"):
            return answer(event(time=when) + event())
        return answer(b'{"Id": "sha256:a", "Image": "sha256:a"}')

    with at(make_clients, lie) as (engine, _, _clients):
        assert [(use.image_id, use.at) for use in engine.uses(NOW, NOW)] == [("sha256:a", NOW)]


def test_once_one_question_of_many_has_failed_the_others_are_not_asked(make_clients: MakeClients) -> None:
    refusal = answer(json.dumps({"message": "busy"}).encode(), "500 No")

    def late(*_: str) -> Iterator[bytes]:
        time.sleep(0.1)
        yield refusal

    with at(make_clients, late) as (engine, one, _clients):
        in_time(lambda: engine.refreshed([Image(id=f"sha256:{number}") for number in range(100)]))
        assert len([path for _, path in one.asked if path.startswith("/images")]) < 50


def test_no_answer_may_be_packed(make_clients: MakeClients) -> None:
    packed = answer(b"\x1f\x8b\x08\x00", "200 OK", "Content-Encoding: gzip")
    with at(make_clients, lambda *_: packed) as (engine, _, _clients):
        assert "packs its answers" in str(in_time(engine.info))


def test_a_port_that_begins_tls_and_never_ends_it_is_given_up(
    make_clients: MakeClients, tmp_path: Path
) -> None:
    made = certificates(tmp_path)

    def drip() -> None:
        with suppress(OSError):
            link, _ = listening.accept()
            with link:
                link.sendall(b"\x16\x03\x03\x40\x00")  # a record of 16 kB, one byte of it at a time
                while not over.wait(0.1):
                    link.sendall(b"\x02")

    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=drip)
        thread.start()
        address = SocketAddress(url=f"tcp://127.0.0.1:{listening.getsockname()[1]}", tls=str(made.client))
        clients = make_clients(address, limits=SHORT)
        assert "no TLS connection" in str(in_time(partial(clients.client, HOST)))
        over.set()
        thread.join()
