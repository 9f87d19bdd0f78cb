"""How full a disk is, for what is done by that alone: only what was just seen counts, else the host is asked."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.core.docker.usage import DiskSpace, DiskUsage, Glance, LastLook
from bot.core.errors import HostUnreachableError
from bot.core.rules.hosts import Host, Hosts, SocketAddress
from bot.core.rules.policy import Policy
from bot.core.watch.pace import Pace
from bot.core.watch.samples import Sample
from bot.services.watch.itself.fullness import Fullness
from bot.store.opening import Store
from tests.core.things import ENGINE

HOST, GB = "prod-3", 1 << 30
SEEN, LOOKED, ASKED = (DiskSpace(size=100 * GB, free=free * GB) for free in (10, 20, 30))


@dataclass
class Engines:
    """One host that answers, and counts how often it was asked."""

    disk: DiskSpace | None = ASKED
    away: bool = False
    asked: list[str] = field(default_factory=list)

    def connect(self, host: str) -> "Engines":
        self.asked.append(host)
        return self

    def glance(self, _seconds: float, *, volumes: bool = True) -> Glance:
        assert not volumes, "counting volumes walks all of their files"
        if self.away:
            raise HostUnreachableError(HOST, "it is away.")
        return Glance(engine=ENGINE, usage=DiskUsage(rows=()), disk=self.disk)


@dataclass
class Case:
    store: Store
    engines: Engines
    pace: Pace = field(default_factory=lambda: Pace(every=timedelta(minutes=15)))

    @property
    def now(self) -> datetime:
        return self.store.ledger.now()

    def fullness(self) -> Fullness:
        host = Host(
            name=HOST, address=SocketAddress(url="unix:///x"), policy=Policy(name="p"), watch=self.pace
        )
        engines: Any = self.engines
        return Fullness(
            hosts=lambda: Hosts({HOST: host}), engines=engines, samples=self.store.samples, ledger=self.store.ledger,
            clock=self.store.ledger,
        )  # fmt: skip

    def sampled(self, ago: timedelta, disk: DiskSpace | None = SEEN) -> None:
        sample = Sample(
            at=self.now - ago, kinds={}, size=disk.size if disk else None, free=disk.free if disk else None
        )
        self.store.samples.keep(HOST, "", ENGINE.identity.key, sample)

    def looked(self, ago: timedelta) -> None:
        look = LastLook(at=self.now - ago, usage=DiskUsage(rows=()), disk=LOOKED)
        self.store.ledger.remember_look(HOST, look)


@pytest.fixture
def case(open_another: Callable[[], Store]) -> Case:
    return Case(open_another(), Engines())


def test_what_a_sample_has_just_seen_counts_and_the_host_is_not_asked(case: Case) -> None:
    case.sampled(timedelta(minutes=20))
    case.sampled(timedelta(minutes=5))
    assert case.fullness()(HOST) == SEEN
    assert case.engines.asked == []


def test_a_look_or_a_cleanup_after_the_sample_counts_instead(case: Case) -> None:
    case.sampled(timedelta(minutes=9))
    case.looked(timedelta(minutes=2))
    assert case.fullness()(HOST) == LOOKED


@pytest.mark.parametrize("ago", [timedelta(minutes=31), timedelta(days=9), timedelta(minutes=-40)])
def test_what_was_seen_long_ago_or_by_a_clock_that_was_ahead_is_asked_afresh(
    case: Case, ago: timedelta
) -> None:
    case.looked(ago)
    case.sampled(ago)
    assert case.fullness()(HOST) == ASKED
    assert case.engines.asked == [HOST]


def test_what_is_fresh_follows_the_pace_of_the_host(case: Case) -> None:
    case.sampled(timedelta(minutes=12))
    quick = replace(case, pace=Pace(every=timedelta(minutes=5)))
    assert (case.fullness()(HOST), quick.fullness()(HOST)) == (SEEN, ASKED)
    never = replace(case, pace=Pace(every=None))
    assert never.fullness()(HOST) == SEEN


def test_a_sample_that_saw_no_disk_says_nothing_and_who_cannot_see_it_now_says_so(case: Case) -> None:
    case.sampled(timedelta(minutes=1), None)
    case.engines.disk = None
    assert case.fullness()(HOST) is None


def test_a_host_that_is_away_is_an_error(case: Case) -> None:
    case.engines.away = True
    with pytest.raises(HostUnreachableError):
        case.fullness()(HOST)
