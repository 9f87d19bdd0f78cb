"""A proxy before the engine that forbids some requests: what it forbids is named, and its page for browsers is not."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from bot.core.errors import EngineRequestError, InBetweenError, NotFoundError
from bot.core.rules.hosts import SocketAddress, Step
from bot.engines.clients import Clients
from bot.engines.docker.engine import DockerEngine
from bot.engines.failures import translated
from bot.engines.held import asks_for_nothing
from bot.engines.registry import DockerEngines
from tests.engines.conftest import MakeClients
from tests.support.machines.engine import PrivateEngine
from tests.support.machines.filtering import FilteringProxy, filtering_proxy
from tests.support.machines.hosts import HOST, registered

READS = {
    r"GET /info": "GET /info",
    r"GET /version": "GET /version",
    r"GET /containers/json": "GET /containers/json",
    r"GET /containers/[0-9a-f]{64}/json": "GET /containers/ID/json",
    r"GET /images/json": "GET /images/json",
    r"GET /images/.+[0-9a-f]{64}/json": "GET /images/ID/json",
    r"GET /images/.+[0-9a-f]{64}/history": "GET /images/ID/history",
    r"GET /networks": "GET /networks",
    r"GET /networks/\w+": "GET /networks/ID",
    r"GET /volumes": "GET /volumes",
    r"GET /volumes/.+": "GET /volumes/NAME",
}
WRITES = {
    r"DELETE /containers/.+": "DELETE /containers/ID",
    r"DELETE /images/.+": "DELETE /images/ID",
    r"POST /images/.+/tag": "POST /images/ID/tag",
    r"DELETE /networks/.+": "DELETE /networks/ID",
    r"DELETE /volumes/.+": "DELETE /volumes/NAME",
    r"POST /build/prune": "POST /build/prune",
    r"POST /images/create": "POST /images/create",
}


@pytest.fixture
def proxy(engine: PrivateEngine) -> Iterator[FilteringProxy]:
    with filtering_proxy(engine.socket) as found:
        yield found


def check(proxy: FilteringProxy, *, events: bool = False) -> tuple[Step, ...]:
    (host,) = registered(SocketAddress(url=proxy.url)).values()
    with closing(DockerEngines({HOST: replace(host, events=events)})) as engines:
        return engines.check(HOST)


def failing(steps: tuple[Step, ...]) -> Step:
    (failed,) = [step for step in steps if step.ok is False]
    return failed


def test_a_proxy_that_forbids_nothing_passes_the_check_which_changes_nothing(
    engine: PrivateEngine, proxy: FilteringProxy
) -> None:
    engine.volume()
    engine.build(["FROM base:latest", f"LABEL image={engine.base()}"], buildkit=True)
    before = held_by(engine)
    steps = check(proxy)
    assert all(step.ok for step in steps), steps
    assert held_by(engine) == before
    asked = " ".join(proxy.asked)
    assert all(word in asked for word in ("/history", "GET /networks", "POST /build/prune", "GET /events"))


def held_by(engine: PrivateEngine) -> object:
    """Everything, by its id."""
    df = json.loads(engine.docker("system", "df", "--verbose", "--format", "{{json .}}"))
    kinds = {"Images": "ID", "Containers": "ID", "Volumes": "Name", "BuildCache": "ID"}
    found = {kind: sorted(each[key] for each in df[kind] or ()) for kind, key in kinds.items()}
    return found | {"networks": sorted(engine.docker("network", "ls", "--quiet").split())}


@pytest.mark.parametrize("pattern", [r"GET /networks", r"GET /images/.+[0-9a-f]{64}/history", r"GET /info"])
def test_what_is_forbidden_of_a_look_is_named_with_its_path_and_the_remedy(
    proxy: FilteringProxy, pattern: str
) -> None:
    proxy.forbidden = [pattern]
    failed = failing(check(proxy))
    assert failed.name == "rights"
    assert READS[pattern] in failed.detail
    assert "Allow that there, or register the engine's own socket" in failed.detail
    assert "<" not in failed.detail


def test_everything_that_is_forbidden_is_named_at_once(proxy: FilteringProxy) -> None:
    proxy.forbidden = [*list(READS)[2:], *WRITES]  # without /info and /version nothing is an engine
    failed = failing(check(proxy))
    assert all(name in failed.detail for name in list(READS.values())[2:])
    proxy.forbidden = list(WRITES)
    failed = failing(check(proxy))
    assert failed.name == "cleanups"
    assert all(f"{name} (403)" in failed.detail for name in WRITES.values())


def test_everything_that_a_check_asks_is_in_these_tests(
    engine: PrivateEngine, make_clients: MakeClients
) -> None:
    client = make_clients(SocketAddress(url=engine.url))
    meant = DockerEngine(HOST, lambda: client.client(HOST)).info()
    with (
        closing(DockerEngines(registered(SocketAddress(url=engine.url)))) as engines,
        engines.hold(HOST, meant) as held,
    ):
        assert {name for name, _ in asks_for_nothing(held)} == set(WRITES.values())


def test_without_events_a_host_is_fine_that_does_not_follow_them_and_it_is_said(
    proxy: FilteringProxy,
) -> None:
    proxy.forbidden = ["GET /events"]
    steps = check(proxy)
    assert all(step.ok for step in steps)
    assert "GET /events (403)" in failing(check(proxy, events=True)).detail
    (rights,) = [step for step in steps if step.name == "rights"]
    assert "GET /events (403) is forbidden, and so uses between two looks could not be seen" in rights.detail


@pytest.mark.parametrize(
    ("status", "page", "kind"),
    [
        (403, "<html><h1>403 Forbidden</h1></html>", "text/html"),
        (403, "Forbidden", "text/plain"),
        (405, "", "text/plain"),
        (401, '{"error": "unauthorized"}', "application/json"),
    ],
)
def test_whatever_a_proxy_says_a_request_that_it_forbids_is_named_by_its_path(
    proxy: FilteringProxy, make_clients: MakeClients, status: int, page: str, kind: str
) -> None:
    proxy.forbidden, proxy.status, proxy.page, proxy.kind = ["GET /networks"], status, page, kind
    clients = make_clients(SocketAddress(url=proxy.url))
    words = rf"{HOST}: something in between, .* forbids “GET /networks” \({status}\)\. Allow that there"
    with pytest.raises(InBetweenError, match=words) as caught:
        survey(clients)
    assert "<" not in str(caught.value)
    assert caught.value.status == status


def survey(clients: Clients) -> None:
    DockerEngine(HOST, lambda: clients.client(HOST)).survey()


@pytest.mark.parametrize("status", [404, 409])
def test_what_something_in_between_does_not_find_is_not_gone(
    engine: PrivateEngine, proxy: FilteringProxy, make_clients: MakeClients, status: int
) -> None:
    """Else the page of a proxy that has lost its way would stand in the audit as an object that went."""
    volume = engine.volume()
    proxy.forbidden, proxy.status = ["GET /volumes/.+", "DELETE /volumes/.+"], status
    clients = make_clients(SocketAddress(url=proxy.url))
    for ask in ("inspect_volume", "remove_volume"):
        with (
            pytest.raises(
                EngineRequestError, match=f"answers {status} to .* in the engine's place"
            ) as caught,
            translated(HOST),
        ):
            getattr(clients.client(HOST), ask)(volume)
        assert type(caught.value) is InBetweenError
    proxy.forbidden = []
    with pytest.raises(NotFoundError), translated(HOST):
        clients.client(HOST).inspect_volume("no-such-volume")


def test_an_engine_that_refuses_by_a_plugin_of_its_own_is_quoted(proxy: FilteringProxy) -> None:
    proxy.forbidden = ["POST /build/prune"]
    proxy.page, proxy.kind = '{"message": "authorization denied by plugin opa: no"}', "application/json"
    failed = failing(check(proxy))
    assert "POST /build/prune (authorization denied by plugin opa: no)" in failed.detail
