"""Several machines, each with a network, a name, a disk, an sshd and an engine of its own."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.errors import EngineTimeoutError, EngineUnavailableError, HostUnreachableError
from bot.core.rules.hosts import Host
from bot.core.rules.policy import Policy
from bot.engines.clients import Clients
from bot.engines.registry import DockerEngines
from bot.services.look.fleet import Fleet, Gathering
from tests.services.bench import UtcClock
from tests.support.machines.hosts import QUICK
from tests.support.machines.rack import Machine

PATIENT = replace(QUICK, connect=3, banner=5, auth=5, channel=3, ping=5, read=5)

pytestmark = [pytest.mark.engine, pytest.mark.sshd]


@pytest.fixture(scope="module")
def rack() -> Iterator[list[Machine]]:
    with ExitStack() as stack:
        yield [stack.enter_context(Machine(number)) for number in (2, 3, 4)]


@pytest.fixture
def hosts(rack: list[Machine]) -> dict[str, Host]:
    policy = Policy(name="open")
    return {each.name: Host(name=each.name, address=each.sshd.ssh_address, policy=policy) for each in rack}


@pytest.fixture
def fleet(rack: list[Machine], hosts: dict[str, Host]) -> Iterator[Fleet]:
    with closing(DockerEngines(hosts)) as engines, ThreadPoolExecutor(8) as pool:
        # Each engine listens somewhere else, which no configuration could say of several hosts at once.
        kept = {each.name: Clients({each.name: hosts[each.name]}, limits=PATIENT, ssh_config=None,
                                   engine_socket=str(each.engine.socket)) for each in rack}  # fmt: skip
        monkey = OneClientsEach(kept)
        engines._clients = monkey  # type: ignore[assignment] # it has what the engines ask for
        yield Fleet(engines=engines, pool=pool, clock=UtcClock(), within=timedelta(seconds=25))


class OneClientsEach:
    """The Clients of every machine behind one face."""

    def __init__(self, clients: dict[str, Clients]) -> None:
        self._clients = clients

    def client(self, host: str) -> object:
        return self._clients[host].client(host)

    def leads_to(self, host: str) -> object:
        return self._clients[host].leads_to(host)

    def disk(self, host: str, engine: object) -> object:
        return self._clients[host].disk(host, engine)  # type: ignore[arg-type] # passed on as it came

    def close(self) -> None:
        for each in self._clients.values():
            each.close()


def look(fleet: Fleet, hosts: dict[str, Host]) -> Gathering:
    return fleet.gather(list(hosts.values()), lambda _known: None)


def test_every_machine_tells_its_own_engine_and_its_own_disk(
    fleet: Fleet, hosts: dict[str, Host], rack: list[Machine]
) -> None:
    (rack[0].engine.directory / "note").write_text("the engines are told apart by their ids")
    known = look(fleet, hosts)
    glances = {answer.host: answer.glance for answer in known.reached if answer.glance}
    assert set(glances) == set(hosts)
    assert {name: glance.engine.name for name, glance in glances.items()} == {name: name for name in hosts}
    assert len({glance.engine.id for glance in glances.values()}) == 3
    assert {glance.disk.size for glance in glances.values() if glance.disk} == {200 * 2**20}


def test_each_machine_fails_in_its_own_way_and_comes_back(
    fleet: Fleet, hosts: dict[str, Host], rack: list[Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.engines.docker.df.QUICK_SECONDS", 3)
    look(fleet, hosts)
    silent, frozen, stopped = rack
    silent.swallow()
    frozen.engine.freeze()
    stopped.engine.stop()
    try:
        known = look(fleet, hosts)
    finally:
        stopped.engine.start()
        frozen.engine.thaw()
        silent.answer()
    failed = {error.host: type(error) for error in known.failed}
    assert failed == {
        silent.name: HostUnreachableError, frozen.name: EngineTimeoutError, stopped.name: EngineUnavailableError,
    }  # fmt: skip
    assert len(look(fleet, hosts).reached) == 3


def test_a_full_disk_is_seen_and_everything_can_still_be_looked_at(
    fleet: Fleet, hosts: dict[str, Host], rack: list[Machine]
) -> None:
    filler = rack[1].fill_disk()
    try:
        known = look(fleet, hosts)
    finally:
        rack[1].run("rm", str(filler))
    disks = {answer.host: answer.glance.disk for answer in known.reached if answer.glance}
    full = disks[rack[1].name]
    assert full is not None
    assert (full.free, full.used_share) == (0, 1)
    assert not Path(filler).exists()
