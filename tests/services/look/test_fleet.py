"""Many hosts at once: nobody waits for the slowest, and each host is asked once."""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import cast

import pytest

from bot.core.docker.inventory import EngineInfo
from bot.core.docker.sightings import KnownEngine
from bot.core.docker.usage import DiskUsage, Glance, LastLook, UsageRow
from bot.core.errors import HostUnreachableError, RefusedError
from bot.core.plan.plan import Person
from bot.core.rules.hosts import Host, Hosts, SocketAddress
from bot.core.rules.policy import Policy
from bot.ports import Engine, HeldEngine, Ledger
from bot.services.look.fleet import AT_ONCE, Fleet, Gathering
from bot.services.rules.rights import Rights
from bot.services.rules.visible import Door
from tests.core.things import ENGINE
from tests.services.bench import UtcClock
from tests.support.people import member


def host(name: str, policy: Policy = Policy(name="open")) -> Host:  # noqa: B008 - frozen
    return Host(name=name, address=SocketAddress(url="unix:///nowhere"), policy=policy)


@dataclass
class Pretended:
    """Engines that answer when they may: ``slow`` ones wait for the test, ``dead`` ones fail."""

    slow: frozenset[str] = frozenset()
    dead: frozenset[str] = frozenset()
    go_on: threading.Event = field(default_factory=threading.Event)
    asked: list[str] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def connect(self, host: str) -> Engine:
        with self.lock:
            self.asked.append(host)
        if host in self.dead:
            raise HostUnreachableError(host, "nothing listens there.")
        return cast("Engine", _One(self, host))

    def hold(self, host: str, engine: EngineInfo) -> AbstractContextManager[HeldEngine]:
        raise AssertionError(f"a look holds no engine: {host}, {engine}")


@dataclass
class _One:
    engines: Pretended
    host: str

    def glance(self, _seconds: float, *, volumes: bool = True) -> Glance:
        assert volumes
        engines = self.engines
        with engines.lock:
            engines.at_once += 1
            engines.most_at_once = max(engines.most_at_once, engines.at_once)
        try:
            time.sleep(0.01)
            if self.host in engines.slow:
                engines.go_on.wait(20)
        finally:
            with engines.lock:
                engines.at_once -= 1
        size = int(self.host.rpartition("-")[2])
        row = UsageRow(type="Images", total=1, active=0, size=size, reclaimable=1)
        return Glance(engine=ENGINE, usage=DiskUsage(rows=(row,)), disk=None)


@contextmanager
def fleet_of(engines: Pretended, within: float = 10, threads: int = 8) -> Iterator[Fleet]:
    with ThreadPoolExecutor(threads) as pool:
        yield Fleet(
            engines=engines,
            pool=pool,
            clock=UtcClock(),
            within=timedelta(seconds=within),
            tell_every=timedelta(seconds=0.05),
        )
        engines.go_on.set()


def names(gathering: Gathering) -> Sequence[str]:
    return [answer.host for answer in gathering.reached]


def test_every_host_is_asked_once_within_the_bound_and_the_fullest_comes_first() -> None:
    engines = Pretended()
    hosts = [host(f"h-{number}") for number in range(60)]
    with fleet_of(engines) as fleet:
        known = fleet.gather(hosts, lambda _known: None)
    assert names(known) == [f"h-{number}" for number in reversed(range(60))]
    assert (known.over, known.waiting, known.failed) == (True, (), ())
    assert sorted(engines.asked) == sorted(one.name for one in hosts)
    assert engines.most_at_once <= 8


def test_the_slow_are_named_at_the_deadline_and_the_others_are_told_meanwhile() -> None:
    engines = Pretended(slow=frozenset({"h-2"}), dead=frozenset({"h-3"}))
    told: list[Gathering] = []
    with fleet_of(engines, within=0.4) as fleet:
        began = time.monotonic()
        known = fleet.gather([host(f"h-{number}") for number in range(1, 5)], told.append)
        assert time.monotonic() - began < 3
    assert (known.over, known.waiting) == (True, ("h-2",))
    assert names(known) == ["h-4", "h-1"]
    assert [error.host for error in known.failed] == ["h-3"]
    assert told
    assert all(not one.over and one.waiting == ("h-2",) for one in told[1:])


def test_who_asks_for_a_host_that_is_being_asked_shares_its_answer() -> None:
    engines = Pretended(slow=frozenset({"h-1"}))
    with fleet_of(engines) as fleet, ThreadPoolExecutor(2) as people:
        gatherings = [people.submit(fleet.gather, [host("h-1")], lambda _known: None) for _ in range(2)]
        time.sleep(0.2)
        engines.go_on.set()
        assert [names(one.result(5)) for one in gatherings] == [["h-1"], ["h-1"]]
    assert engines.asked == ["h-1"]


def test_hosts_that_failed_the_last_time_keep_nobody_waiting_the_next_time() -> None:
    engines = Pretended(dead=frozenset({"h-1", "h-2"}))
    hosts = [host(f"h-{number}") for number in range(1, 6)]
    with fleet_of(engines, threads=1) as fleet:
        fleet.gather(hosts, lambda _known: None)
        engines.asked.clear()
        fleet.gather(hosts, lambda _known: None)
        assert engines.asked == ["h-3", "h-4", "h-5", "h-1", "h-2"]
        engines.dead = frozenset()
        fleet.gather(hosts, lambda _known: None)
        engines.asked.clear()
        fleet.gather(hosts, lambda _known: None)
        assert engines.asked == [one.name for one in hosts]


def test_a_gathering_too_many_is_refused_and_the_place_is_free_again_afterwards() -> None:
    engines = Pretended(slow=frozenset({"h-1"}))
    with fleet_of(engines) as fleet, ThreadPoolExecutor(AT_ONCE) as people:
        going = [people.submit(fleet.gather, [host("h-1")], lambda _known: None) for _ in range(AT_ONCE)]
        time.sleep(0.2)
        with pytest.raises(RefusedError, match="Try again"):
            fleet.gather([host("h-2")], lambda _known: None)
        engines.go_on.set()
        for one in going:
            one.result(5)
        assert names(fleet.gather([host("h-2")], lambda _known: None)) == ["h-2"]


def test_only_hosts_that_a_person_may_look_at_are_open_and_each_policy_is_asked_once() -> None:
    asked = []

    class Directory:
        @staticmethod
        def members(group_id: str) -> frozenset[str]:
            asked.append(group_id)
            return frozenset({"U0ANN"}) if group_id == "S0OPS" else frozenset()

        person = staticmethod(member)

    ops, closed = Policy(name="ops", look=("S0OPS",)), Policy(name="closed", look=("S0DBA",))
    hosts = [host(f"h-{n}", ops) for n in range(50)] + [host(f"x-{n}", closed) for n in range(50)]
    everyone = Hosts({one.name: one for one in hosts})
    door = Door(hosts=everyone, rights=Rights(directory=Directory()), person=Person(id="U0ANN", name="ann"))
    assert list(door.known().all()) == hosts[:50]
    assert sorted(asked) == ["S0DBA", "S0OPS"]


def test_a_host_where_another_engine_answers_than_before_is_told_and_what_it_shows_is_not_kept() -> None:
    kept: dict[str, LastLook] = {}

    class Known:
        now = staticmethod(UtcClock.now)

        @staticmethod
        def remember_looks(looked: dict[str, LastLook]) -> None:
            kept.update(looked)

        @staticmethod
        def known_engines() -> dict[str, KnownEngine]:
            now = UtcClock.now()
            return {
                name: KnownEngine(
                    id=engine_id, name=ENGINE.name, version="28", store="overlay2", first_at=now
                )
                for name, engine_id in (("h-1", ENGINE.id), ("h-2", "another"))
            }

    with fleet_of(Pretended()) as fleet:
        watched = replace(fleet, ledger=cast("Ledger", Known()))
        known = watched.gather([host("h-1"), host("h-2"), host("h-3")], lambda _known: None)
    assert names(known) == ["h-3", "h-2", "h-1"]
    assert [error.host for error in known.changed] == ["h-2"]
    assert {host: look.usage.size for host, look in kept.items()} == {"h-1": 1, "h-3": 3}
