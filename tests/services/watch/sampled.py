"""Hosts that are sampled: engines that answer as a test wants, a clock that it moves, and replicas."""

import threading
import time
from collections import Counter
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import cast

from bot.core.docker.inventory import EngineInfo
from bot.core.docker.usage import (
    BUILD_CACHE,
    CONTAINERS,
    IMAGES,
    VOLUMES,
    DiskSpace,
    DiskUsage,
    Glance,
    UsageRow,
)
from bot.core.errors import HostUnreachableError
from bot.core.rules.alerting import NO_ALERTS, Alerting
from bot.core.rules.hosts import Host, Hosts, SocketAddress
from bot.core.rules.policy import Policy
from bot.core.watch.pace import Pace
from bot.engines.registry import DockerEngines
from bot.ports import Engine, HeldEngine
from bot.services.watch.histories import Histories
from bot.services.watch.pressure import Pressure
from bot.services.watch.sampling import Sampling
from bot.store.opening import Store
from tests.core.things import ENGINE
from tests.support.waiting import wait_until

GB = 1_000_000_000
QUARTER = timedelta(minutes=15)


@dataclass
class Engines:
    """Engines that answer at once; ``dead`` ones fail after a moment, ``slow`` ones wait for the test."""

    dead: frozenset[str] = frozenset()
    slow: frozenset[str] = frozenset()
    go_on: threading.Event = field(default_factory=threading.Event)
    asked: "Counter[str]" = field(default_factory=Counter)
    with_volumes: "Counter[str]" = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)
    dying: int = 0
    most_dying: int = 0
    used: int = 40 * GB
    """Of the 100 GB of each disk."""
    used_on: dict[str, int] = field(default_factory=dict)
    """Where it is another amount."""
    engine_ids: dict[str, str] = field(default_factory=dict)

    def connect(self, host: str) -> Engine:
        if host in self.dead:
            with self.lock:
                self.dying += 1
                self.most_dying = max(self.most_dying, self.dying)
            time.sleep(0.02)
            with self.lock:
                self.dying -= 1
                self.asked[host] += 1
            raise HostUnreachableError(host, "nothing listens there.")
        return cast("Engine", _One(self, host))

    def hold(self, host: str, engine: EngineInfo) -> AbstractContextManager[HeldEngine]:
        raise AssertionError(f"a sample holds no engine: {host}, {engine}")


@dataclass
class _One:
    engines: Engines
    host: str

    def glance(self, _seconds: float, *, volumes: bool = True) -> Glance:
        if self.host in self.engines.slow:
            self.engines.go_on.wait(30)
        with self.engines.lock:
            self.engines.asked[self.host] += 1
            self.engines.with_volumes[self.host] += volumes
        rows = tuple(
            UsageRow(type=kind, total=3, active=1, size=GB, reclaimable=0, known=volumes or kind != VOLUMES)
            for kind in (IMAGES, CONTAINERS, VOLUMES, BUILD_CACHE)
        )
        disk = DiskSpace(
            size=100 * GB, free=100 * GB - self.engines.used_on.get(self.host, self.engines.used)
        )
        engine = replace(ENGINE, name=self.host, id=self.engines.engine_ids.get(self.host, ENGINE.id))
        return Glance(engine=engine, usage=DiskUsage(rows=rows), disk=disk)


@dataclass
class Pretended:
    """A clock that the test moves on."""

    at: datetime

    def now(self) -> datetime:
        return self.at


def registered(names: list[str], every: timedelta | None = QUARTER, alerts: Alerting = NO_ALERTS) -> Hosts:
    policy = Policy(name="open", look=("*",), request=("*",))
    address = SocketAddress(url="unix:///nowhere")
    return Hosts(
        {
            name: Host(name=name, address=address, policy=policy, watch=Pace(every=every), alerts=alerts)
            for name in names
        }
    )


class NothingForetold(Histories):
    """Histories in which nobody asks for a date: that takes longer than all else."""

    def foretell(self, host: str) -> None:
        """Keep nothing."""


@dataclass
class Replica:
    store: Store
    engines: Engines | DockerEngines
    hosts: Hosts
    clock: Pretended
    name: str = "a"
    ending: bool = False
    foretells: bool = True

    def __post_init__(self) -> None:
        kind = Histories if self.foretells else NothingForetold
        histories = kind(samples=self.store.samples, audit=self.store.audit, clock=self.clock)
        self.pressure = Pressure(hosts=lambda: self.hosts, alerts=self.store.alerts, histories=histories)
        self.sampling = Sampling(
            hosts=lambda: self.hosts, engines=self.engines, samples=self.store.samples, ledger=self.store.ledger,
            histories=histories, pressure=self.pressure,
            clock=self.clock, owner=self.name, ticks=time.monotonic, stopping=lambda: self.ending,
            rest=timedelta(),
        )  # fmt: skip

    def look(self, *, settle: bool = True) -> None:
        """As often as it takes until nobody is due."""
        for _ in range(60):
            self.sampling()
            if not settle:
                return
            wait_until(lambda: not self.sampling._busy)
            if not self.sampling._due({host.name: host.watch for host in self.hosts.all()}, self.clock.now()):
                return
