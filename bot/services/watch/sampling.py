"""Sampling: each host is looked at by itself at its own pace, once across all processes, and what it showed is kept.

A host that is slow or dead costs nobody else anything: work is taken up only where a thread is free for it, and those
that failed the last time share a few of them. What a process had taken up when it died is another's after a while.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from bot.core.docker.sightings import changed_engine
from bot.core.docker.usage import DiskUsage, Glance, LastLook
from bot.core.errors import HostError, StoreUnavailableError
from bot.core.rules.hosts import Hosts
from bot.core.watch.pace import Pace, slot_of, volumes_due
from bot.core.watch.samples import sample_of
from bot.ports import NO_METRICS, Clock, Engines, Ledger, Metrics, Samples
from bot.services.lanes import Lane
from bot.services.watch.histories import Histories
from bot.services.watch.pressure import Pressure

LOG = logging.getLogger(__name__)

SAMPLING_SECONDS = 5.0
"""How often it is looked who is due."""
REST = timedelta(seconds=30)
"""A process that has just started lets people go first."""
WITHIN = timedelta(seconds=60)
"""How long a host may take to count."""
LEASE = timedelta(minutes=2)
"""Longer than it takes to reach a host, and for it to count."""
AT_ONCE = 16
"""Hosts at a time, in one process."""
TROUBLED = 4
"""Of these, such as failed the last time."""
FORETELL_EVERY = timedelta(hours=1)


@dataclass(slots=True, kw_only=True)
class Sampling:
    """Call it often: it has those looked at that are due, and waits for none of them."""

    hosts: Callable[[], Hosts]
    engines: Engines
    histories: Histories
    samples: Samples
    ledger: Ledger
    clock: Clock
    """The database's."""
    owner: str
    ticks: Callable[[], float]
    """Seconds that never go back."""
    stopping: Callable[[], bool]
    metrics: Metrics = NO_METRICS
    pressure: Pressure | None = None
    relief: Callable[[str], None] = lambda _host: None
    """Called with each host that was sampled."""
    """Who hears of what was seen."""
    rest: timedelta = REST
    lease: timedelta = LEASE
    _began: float | None = None
    _over: dict[str, datetime] = field(default_factory=dict)
    """Which interval of a host has been sampled, by this process or another one."""
    _held: dict[str, float] = field(default_factory=dict)
    """Whom another process is at, and until when it is let alone."""
    _busy: set[str] = field(default_factory=set)
    _troubled: set[str] = field(default_factory=set)
    _foretold: dict[str, datetime] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _lane: Lane = field(default_factory=lambda: Lane("watch", AT_ONCE))

    def __call__(self) -> None:
        self._began = self.ticks() if self._began is None else self._began
        paces = {host.name: host.watch for host in self.hosts().all() if host.watch.every}
        if not paces or self.ticks() - self._began < self.rest.total_seconds():
            return
        due = self._due(paces, self.clock.now())
        while due and not self.stopping():
            some = self._some(due)
            if not some:
                return
            taken = self.samples.take(some, self.owner, self.lease)
            for host, slot in some.items():
                del due[host]
                if host in taken.mine:
                    self._begin(host, slot, volumes=volumes_due(paces[host], slot, taken.mine[host]))
                elif host in taken.held:
                    self._held[host] = self.ticks() + self.lease.total_seconds() / 2
                else:
                    self._over[host] = slot

    def _due(self, paces: Mapping[str, Pace], now: datetime) -> dict[str, datetime]:
        """When the interval of each began that is not known to be sampled; the longest waiting first."""
        slots = {name: slot_of(name, pace.every, now) for name, pace in paces.items() if pace.every}
        with self._lock:
            busy = set(self._busy)
        ticks = self.ticks()
        due = {
            name: slot
            for name, slot in slots.items()
            if name not in busy and self._over.get(name) != slot and self._held.get(name, ticks) <= ticks
        }
        return dict(sorted(due.items(), key=lambda each: each[1]))

    def _some(self, due: Mapping[str, datetime]) -> dict[str, datetime]:
        """As many as there are threads for; of those that failed the last time only a few."""
        with self._lock:
            room, few = AT_ONCE - len(self._busy), TROUBLED - len(self._busy & self._troubled)
            well = [name for name in due if name not in self._troubled]
            names = [*well, *[name for name in due if name in self._troubled][: max(0, few)]]
        return {name: due[name] for name in names[: max(0, room)]}

    def _begin(self, host: str, slot: datetime, *, volumes: bool) -> None:
        self._over[host] = slot
        with self._lock:
            self._busy.add(host)
        self._lane.submit(partial(self._guarded, host, volumes=volumes))

    def _guarded(self, host: str, *, volumes: bool) -> None:
        """One host's failure is not another's; what could not be kept is lost, and nothing else."""
        try:
            kept = self._sample(host, volumes=volumes)
        except StoreUnavailableError as error:
            if not self.stopping():
                LOG.warning("what %s showed is lost: %s", host, error)
        except Exception:
            LOG.exception("sampling %s failed in a way that nobody has thought of", host)
        else:
            with self._lock:
                (self._troubled.discard if kept else self._troubled.add)(host)
        finally:
            with self._lock:
                self._busy.discard(host)

    def _sample(self, host: str, *, volumes: bool) -> bool:
        """Whether the host has answered."""
        began = self.ticks()
        try:
            with self.metrics.looking(host):
                glance = self.engines.connect(host).glance(WITHIN.total_seconds(), volumes=volumes)
        except HostError as error:
            LOG.debug("no sample of %s: %s", host, error)
            if not self.stopping():
                self.samples.leave(host, self.owner)
                if self.pressure is not None:
                    self.pressure.missed(host, str(error), self.clock.now())
            return False
        if self.stopping():
            return True  # the database is about to be closed; another process, or the next one, samples it
        now = self.clock.now()
        sample = sample_of(glance, now, self.ticks() - began)
        self.samples.keep(host, self.owner, glance.engine.identity.key, sample)
        self._remember(host, glance, now)
        told = self._foretold.get(host)
        if told is None or not timedelta() <= now - told < FORETELL_EVERY:
            self._foretold[host] = now
            self.histories.foretell(host)
        if self.pressure is not None:
            self.pressure.saw(host, sample, glance.engine.identity.key)
            self.relief(host)
        return True

    def _remember(self, host: str, glance: Glance, now: datetime) -> None:
        """Keep it as what the host showed last, for the Home and for metrics; volumes as they were counted last.

        Not what another engine than the known one showed, nor figures of which some were never counted.
        """
        if changed_engine(self.ledger.known_engines().get(host), host, glance.engine):
            return
        rows = {row.type: row for row in glance.usage.rows if row.known}
        if len(rows) < len(glance.usage.rows):
            before = self.ledger.last_looks([host]).get(host)
            rows = {row.type: row for row in before.usage.rows if row.known} | rows if before else rows
        whole = tuple(rows[row.type] for row in glance.usage.rows if row.type in rows)
        if len(whole) == len(glance.usage.rows):
            usage = DiskUsage(rows=whole, free=glance.usage.free)
            self.ledger.remember_look(host, LastLook(at=now, usage=usage, disk=glance.disk))
