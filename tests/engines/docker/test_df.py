"""How an engine is asked for its disk usage: once for all who ask, and never longer than it may take."""

import json
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from docker import APIClient

from bot.core.errors import EngineTimeoutError, HostError
from bot.core.rules.hosts import SocketAddress
from bot.engines.clients import Clients
from bot.engines.docker.df import Df
from bot.engines.docker.engine import DockerEngine
from bot.engines.docker.shared import Shared
from bot.engines.docker.told.decode import Answer
from bot.engines.docker.told.usage import NO_VOLUMES
from tests.core.things import ENGINE
from tests.engines.conftest import MakeClients
from tests.support.machines.engine import PrivateEngine, private_engine
from tests.support.machines.hosts import HOST, QUICK
from tests.support.waiting import wait_until


def engine_at(clients: Clients) -> DockerEngine:
    return DockerEngine(HOST, lambda: clients.client(HOST))


class Slow:
    """Something that answers with how often it was asked, as soon as it may."""

    def __init__(self) -> None:
        self.asked = 0
        self.may_answer = threading.Semaphore(0)

    def __call__(self) -> int:
        self.asked += 1
        mine = self.asked
        self.may_answer.acquire()
        return mine


def test_who_asks_while_a_question_runs_shares_its_answer() -> None:
    slow = Slow()
    shared = Shared(slow, "slow")
    asked = [shared.begin(fresh=False) for _ in range(5)]
    slow.may_answer.release()
    assert [one.result(5) for one in asked] == [1] * 5


def test_who_must_see_what_happened_just_now_shares_the_next_question() -> None:
    slow = Slow()
    shared = Shared(slow, "slow")
    running = shared.begin(fresh=False)
    fresh = [shared.begin(fresh=True) for _ in range(5)]
    slow.may_answer.release()
    assert running.result(5) == 1
    assert not any(one.done() for one in fresh)
    slow.may_answer.release()
    assert [one.result(5) for one in fresh] == [2] * 5
    slow.may_answer.release()
    assert shared.begin(fresh=False).result(5) == 3


def test_who_asks_in_a_thread_of_its_own_answers_no_later_question() -> None:
    slow = Slow()
    shared = Shared(slow, "slow")
    with ThreadPoolExecutor(1) as pool:
        here = pool.submit(shared.begin, fresh=False, here=True)
        while not slow.asked:
            time.sleep(0.01)
        follower, fresh = shared.begin(fresh=False, here=True), shared.begin(fresh=True)
        slow.may_answer.release()
        assert here.result(5).result(0) == follower.result(5) == 1
        slow.may_answer.release()
        assert fresh.result(5) == 2


def test_an_error_is_told_to_all_who_wait_and_forgotten() -> None:
    answers: list[int | None] = [7, None]

    def ask() -> int:
        answer = answers.pop()
        if answer is None:
            raise ValueError("no")
        return answer

    shared = Shared(ask, "failing")
    with pytest.raises(ValueError, match="no"):
        shared.begin(fresh=False).result(5)
    assert shared.begin(fresh=False).result(5) == 7


def test_many_callers_at_once_make_a_real_engine_count_twice_at_most(
    engine: PrivateEngine, make_clients: MakeClients, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = []
    true = Df._once

    def once(self: Df, types: Sequence[str], seconds: float) -> Answer:
        counted.append(types)
        return true(self, types, seconds)

    monkeypatch.setattr(Df, "_once", once)
    one = engine_at(make_clients(SocketAddress(url=engine.url)))
    one.info()
    engine.freeze()
    try:
        with ThreadPoolExecutor(12) as pool:
            asked = [pool.submit(one.disk_usage) for _ in range(12)]
            time.sleep(1)
            engine.thaw()
            assert len({each.result().size for each in asked}) == 1
    finally:
        engine.thaw()
    first = 1 if engine.version < (23, 0) else 2
    assert len(counted) <= 2 * first


def test_the_parts_are_what_the_whole_is(engine: PrivateEngine, make_clients: MakeClients) -> None:
    """From API 1.42 on the volumes are counted apart."""
    image = engine.base()
    engine.stopped(image)
    engine.volume(size=5_000)
    clients = make_clients(SocketAddress(url=engine.url))
    df = Df(HOST, lambda: _lent(clients.client(HOST)))
    whole, parts = df._asked([], 60), df.end(df.begin(fresh=True))
    assert {key: value for key, value in whole.items() if value} == {k: v for k, v in parts.items() if v}


@contextmanager
def _lent(client: APIClient) -> Iterator[APIClient]:
    yield client


def test_a_glance_at_a_frozen_engine_ends_in_time_and_its_question_is_not_repeated(
    make_clients: MakeClients,
) -> None:
    with private_engine() as own:
        clients = make_clients(SocketAddress(url=own.url), limits=QUICK)
        one = engine_at(clients)
        one.info()
        own.freeze()
        began = time.monotonic()
        for _ in range(2):
            with pytest.raises(EngineTimeoutError):
                one.glance(0.5)
        assert time.monotonic() - began < 5
        own.thaw()
        assert one.glance(30).usage.rows[0].type == "Images"


@contextmanager
def counting(volumes_seconds: float, api: str = "1.51") -> Iterator[tuple[str, list[list[str]]]]:
    """An engine whose volumes take that long to count; its URL, and the types that it was asked for."""
    asked: list[list[str]] = []
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            split = urlsplit(self.path)
            answer: dict[str, object] = {"ApiVersion": api, "Version": "28", "Components": []}
            if split.path.endswith("/system/df"):
                types = parse_qs(split.query).get("type", [])
                asked.append(types)
                if "volume" in types or not types:
                    over.wait(volumes_seconds)
                answer = {
                    "LayersSize": 5,
                    "Images": [],
                    "Volumes": [{"Name": "v", "UsageData": {"Size": 7, "RefCount": 0}}],
                }
                if types and "volume" not in types:
                    answer["Volumes"] = None
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep the tests' output quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"tcp://127.0.0.1:{server.server_port}", asked
        finally:
            over.set()
            server.shutdown()
            thread.join()


def test_volumes_that_take_too_long_are_unknown_and_the_rest_is_told(
    make_clients: MakeClients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.engines.docker.df.PING_SECONDS", 0.3)
    with counting(volumes_seconds=20) as (url, asked):
        clients = make_clients(SocketAddress(url=url))
        one = engine_at(clients)
        one._df._volumes_seconds = 0.3
        usage = one.disk_usage()
        assert [row.known for row in usage.rows] == [True, True, False, True]
        assert usage.rows[2].cells == ("Local Volumes", "?", "?", "?", "?")
        assert usage.rows[0].size == 5
        assert sorted(asked) == [["container", "image", "build-cache"], ["volume"]]
        clients.close()


def test_what_is_counted_is_told_while_the_volumes_take_longer_and_to_who_joins_meanwhile(
    make_clients: MakeClients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.engines.docker.df.EARLY_AFTER", 0.05)
    monkeypatch.setattr("bot.engines.docker.df.PING_SECONDS", 0.3)
    with counting(volumes_seconds=20) as (url, _):
        clients = make_clients(SocketAddress(url=url))
        df = engine_at(clients)._df
        df._volumes_seconds = 1
        told: list[tuple[str, bool]] = []
        first = df.begin(fresh=False, early=lambda answer: told.append(("first", NO_VOLUMES in answer)))
        wait_until(lambda: bool(told))
        second = df.begin(fresh=False, early=lambda answer: told.append(("second", NO_VOLUMES in answer)))
        assert first is second
        assert not first.done()
        assert told == [("first", True), ("second", True)]
        assert df.end(first)["LayersSize"] == 5
        clients.close()


def test_volumes_that_are_there_in_time_make_no_early_answer(make_clients: MakeClients) -> None:
    with counting(volumes_seconds=0) as (url, _):
        clients = make_clients(SocketAddress(url=url))
        told: list[Answer] = []
        df = engine_at(clients)._df
        assert df.end(df.begin(fresh=False, early=told.append))["LayersSize"] == 5
        assert told == []
        clients.close()


def test_a_quick_engine_is_asked_with_one_request_until_it_is_slow_again(make_clients: MakeClients) -> None:
    with counting(volumes_seconds=0) as (url, asked):
        clients = make_clients(SocketAddress(url=url))
        one = engine_at(clients)
        usages = [one.disk_usage() for _ in range(3)]
        assert [usage.size for usage in usages] == [12] * 3
        assert sorted(asked[:2]) == [["container", "image", "build-cache"], ["volume"]]
        assert asked[2:] == [[], []]
        clients.close()


def test_a_quick_engine_whose_volumes_get_stuck_is_asked_in_parts_at_once(
    make_clients: MakeClients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.engines.docker.df.QUICK_SECONDS", 0.3)
    monkeypatch.setattr("bot.engines.docker.df.PING_SECONDS", 0.3)
    with counting(volumes_seconds=20) as (url, asked):
        clients = make_clients(SocketAddress(url=url))
        one = engine_at(clients)
        one._df._quick, one._df._volumes_seconds = True, 0.3
        assert [row.known for row in one.disk_usage().rows] == [True, True, False, True]
        assert asked[0] == []
        assert len(asked) == 3
        clients.close()


def _named(engine: DockerEngine) -> DockerEngine:
    """An engine whose identity is known already."""
    engine._info = time.monotonic(), ENGINE
    return engine


def test_a_glance_without_volumes_walks_none_of_their_files(make_clients: MakeClients) -> None:
    with counting(volumes_seconds=20) as (url, asked):
        clients = make_clients(SocketAddress(url=url))
        rows = _named(engine_at(clients)).glance(5, volumes=False).usage.rows
        assert [row.known for row in rows] == [True, True, False, True]
        assert asked == [["container", "image", "build-cache"]]
        clients.close()


def test_an_engine_that_knows_no_types_counts_nothing_for_a_glance_without_volumes(
    make_clients: MakeClients,
) -> None:
    with counting(volumes_seconds=20, api="1.41") as (url, asked):
        clients = make_clients(SocketAddress(url=url))
        rows = _named(engine_at(clients)).glance(5, volumes=False).usage.rows
        assert [(row.type, row.known) for row in rows] == [
            ("Images", False), ("Containers", False), ("Local Volumes", False), ("Build Cache", False),
        ]  # fmt: skip
        assert asked == []
        clients.close()


def test_a_glance_without_volumes_has_the_figures_of_the_whole(
    engine: PrivateEngine, make_clients: MakeClients
) -> None:
    engine.stopped(engine.base())
    one = engine_at(make_clients(SocketAddress(url=engine.url)))
    whole, without = one.glance(60), one.glance(60, volumes=False)
    assert without.engine == whole.engine
    if engine.version < (23, 0):
        assert not any(row.known for row in without.usage.rows)
    else:
        others = [row for row in whole.usage.rows if row.type != "Local Volumes"]
        assert [row for row in without.usage.rows if row.known] == others


def test_an_engine_that_does_not_know_types_is_asked_once_for_everything(make_clients: MakeClients) -> None:
    with counting(volumes_seconds=0, api="1.41") as (url, asked):
        clients = make_clients(SocketAddress(url=url))
        assert engine_at(clients).disk_usage().rows[2].size == 7
        assert asked == [[]]
        clients.close()


def test_what_stops_a_count_is_the_hosts_error(make_clients: MakeClients) -> None:
    with pytest.raises(HostError):
        engine_at(make_clients(SocketAddress(url="unix:///nowhere/docker.sock"))).glance(5)
