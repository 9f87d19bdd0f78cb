"""An engine's answer never chooses a peer: whatever it says, only the host's own address is spoken to."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import requests

from bot.core.errors import EngineRequestError, HostError
from bot.core.rules.hosts import SocketAddress
from bot.engines.docker.client import EngineClient
from bot.engines.failures import translated
from bot.engines.held import HeldDockerEngine
from tests.engines.conftest import MakeClients
from tests.support.lying.engine import Liar, answer, bystander, honest_at_first, liar
from tests.support.lying.holding import unproven
from tests.support.machines.hosts import HOST, QUICK
from tests.support.machines.tls import certificates

Ask: TypeAlias = Callable[[HeldDockerEngine], object]

ASKING: dict[str, Ask] = {
    "a look": lambda engine: engine.survey(),
    "disk usage": lambda engine: engine.disk_usage(),
    "one image": lambda engine: engine.image("sha256:1"),
    "a container's removal": lambda engine: engine.remove_container("1"),
    "a network's removal": lambda engine: engine.remove_network("1"),
    "a volume's removal": lambda engine: engine.remove_volume("data"),
    "an image's removal": lambda engine: engine.remove_image("sha256:1"),
    "untagging": lambda engine: engine.untag("app:1"),
    "tagging": lambda engine: engine.tag("sha256:1", "app:1"),
    "build cache": lambda engine: engine.prune_cache(["abc"]),
    "a pull": lambda engine: engine.pull("app@sha256:1"),
}
NEITHER = ("100 Continue", "101 Switching Protocols", "300 Multiple Choices", "301 Moved Permanently", "302 Found",
           "303 See Other", "304 Not Modified", "305 Use Proxy", "307 Temporary Redirect", "308 Permanent Redirect",
           "399 What", "600 More", "999 Most")  # fmt: skip
"""What is neither done nor refused."""


def elsewhere(status: str, location: str) -> bytes:
    return answer(b"", status, f"Location: {location}", "Set-Cookie: a=b; Domain=127.0.0.1")


def at(made: MakeClients, one: Liar, **options: Any) -> HeldDockerEngine:
    clients = made(SocketAddress(url=one.url, **options), limits=QUICK)
    return HeldDockerEngine(HOST, unproven(lambda: clients.client(HOST)))


@pytest.mark.parametrize("tcp", [False, True], ids=["unix", "tcp"])
@pytest.mark.parametrize("ask", ASKING.values(), ids=ASKING)
def test_no_request_of_any_kind_follows_an_answer_to_another_peer(
    make_clients: MakeClients, ask: Ask, *, tcp: bool
) -> None:
    with bystander() as (other, came):
        lie = honest_at_first(lambda _, path: elsewhere("307 Temporary Redirect", f"http://{other}{path}"))
        with liar(lie, tcp=tcp) as one:
            engine = at(make_clients, one)
            with pytest.raises(EngineRequestError, match=f"{HOST}: the engine answered 307: .*elsewhere"):
                ask(engine)
            asked = len(one.asked)
            assert one.asked[-1][1] != "/_ping"
        assert came == []
        assert asked < 15


@pytest.mark.parametrize("status", NEITHER[1:])
def test_what_is_neither_done_nor_refused_is_never_taken_for_done(
    make_clients: MakeClients, status: str
) -> None:
    with (
        bystander() as (other, came),
        liar(honest_at_first(lambda *_: elsewhere(status, f"http://{other}/v1.41/containers/1"))) as one,
    ):
        with pytest.raises(HostError, match=f"{HOST}: "):
            at(make_clients, one).remove_container("1")
        assert [each for each in one.asked if each[0] == "DELETE"] == [
            ("DELETE", "/containers/1?v=False&link=False&force=False")
        ]
        assert came == []


@pytest.mark.parametrize(
    "location",
    ["//{other}/", "https://{other}/", "http://engine:2375/v1.41/info", "/v1.41/elsewhere", "http://[", "\\\\x", "",
     "http://engine:2375@{other}/", "file:///etc/passwd", "\xff\xfe", "a" * 60_000],
)  # fmt: skip
def test_wherever_it_points_and_however_broken_it_is_nothing_is_followed(
    make_clients: MakeClients, location: str
) -> None:
    with bystander() as (other, came):
        told = (
            b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: "
            + location.format(other=other).encode("latin-1")
            + b"\r\n\r\n"
        )
        with liar(honest_at_first(lambda *_: told)) as one:
            with pytest.raises(EngineRequestError, match="the engine answered 302"):
                at(make_clients, one).info()
            assert [path for _, path in one.asked if path == "/info"] == ["/info"]
            assert not [path for _, path in one.asked if "elsewhere" in path]
        assert came == []


def test_the_first_answer_of_all_leads_nowhere_either(make_clients: MakeClients) -> None:
    with (
        bystander() as (other, came),
        liar(lambda _, path: elsewhere("301 Moved", f"http://{other}{path}")) as one,
    ):
        with pytest.raises(EngineRequestError, match="register the engine's own address"):
            make_clients(SocketAddress(url=one.url), limits=QUICK).client(HOST)
        assert came == []


def test_a_client_has_no_way_but_its_hosts_own(make_clients: MakeClients, tmp_path: Path) -> None:
    made = certificates(tmp_path)
    with bystander() as (other, came):
        with liar(honest_at_first(lambda *_: answer()), tcp=True, speaking=made) as one:
            client = make_clients(SocketAddress(url=one.url, tls=str(made.client)), limits=QUICK).client(HOST)
            assert isinstance(client, EngineClient)
            assert len(client.adapters) == 1
            assert (client.cert, client.verify) == (
                None,
                True,
            )  # nothing that another connection could take along
            for url in (f"http://{other}/info", f"https://{other}/info"):
                with pytest.raises(requests.exceptions.InvalidSchema):
                    client.get(url, timeout=1)
            asked = len(one.asked)
            client.get(f"{client.base_url}/_ping", timeout=1)
            assert len(one.asked) == asked + 1
        assert came == []


def test_no_cookie_of_an_engine_is_kept(make_clients: MakeClients) -> None:
    with liar(
        honest_at_first(lambda *_: answer(b"{}", "200 OK", "Set-Cookie: a=b", "Set-Cookie: c=d; Path=/"))
    ) as one:
        client = make_clients(SocketAddress(url=one.url), limits=QUICK).client(HOST)
        with translated(HOST):
            client.info()
        assert isinstance(client, EngineClient)
        assert list(client.cookies) == []


@pytest.mark.parametrize("name", ["..", "../volumes/data", "a/../../containers/1", "./x"])
def test_a_name_that_an_engine_tells_never_becomes_another_path(make_clients: MakeClients, name: str) -> None:
    with liar(honest_at_first(lambda *_: answer(b"[]"))) as one:
        engine = at(make_clients, one)
        for ask in (engine.remove_image, engine.remove_volume, engine.untag, engine.remove_container):
            with pytest.raises(HostError, match="names no object"):
                ask(name)
        assert not [each for each in one.asked if each[0] == "DELETE"]
