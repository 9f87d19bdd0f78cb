"""Fleet: look at many hosts at once, tell what is known meanwhile, and wait for nobody beyond the deadline."""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, wait
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Protocol, TypeVar

from bot.core.docker.sightings import KnownEngine, changed_engine
from bot.core.docker.twins import same_engines
from bot.core.docker.usage import Glance, LastLook
from bot.core.errors import EngineChangedError, HostError, RefusedError, StoreUnavailableError
from bot.core.rules.hosts import Host
from bot.core.watch.outlook import Outlook
from bot.ports import NO_METRICS, Clock, Engines, Ledger, Metrics
from bot.services.lanes import Lane

LOG = logging.getLogger(__name__)

T = TypeVar("T")

FLEET_THREADS = 64
"""How many hosts are asked at once; more gain nothing but sockets (figures: tests/bench/test_fleet.py)."""
WITHIN = timedelta(seconds=30)
TELL_EVERY = timedelta(seconds=1.5)
"""Slack takes about 50 updates of a message a minute."""
AT_ONCE = 4
"""Gatherings at a time: each holds a thread that other looks need too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostAnswer:
    """What came of one host: a glance, or an error."""

    host: str
    glance: Glance | None = None
    error: HostError | None = None
    changed: EngineChangedError | None = None
    """Beside a glance: another engine answered than the one that the host is known to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathering:
    """What is known of a fleet so far; all of it once nobody is waited for."""

    answers: tuple[HostAnswer, ...]
    """In the order in which they came."""
    waiting: tuple[str, ...]
    """Hosts that have not answered yet; once it is ``over``, those that did not answer in time."""
    over: bool
    within: timedelta

    @property
    def reached(self) -> tuple[HostAnswer, ...]:
        """The hosts that answered, the fullest engine first."""
        found = [answer for answer in self.answers if answer.glance]
        return tuple(sorted(found, key=lambda answer: -_size(answer)))

    @property
    def same(self) -> Mapping[str, str]:
        """Hosts that are one engine under several names: all but the first of these, each with that first one."""
        return same_engines({a.host: a.glance.engine.identity for a in self.answers if a.glance})

    @property
    def counted(self) -> tuple[HostAnswer, ...]:
        """The hosts that answered, each engine once, whatever names it has."""
        same = self.same
        return tuple(answer for answer in self.reached if answer.host not in same)

    @property
    def changed(self) -> tuple[EngineChangedError, ...]:
        return tuple(answer.changed for answer in self.answers if answer.changed)

    @property
    def failed(self) -> tuple[HostError, ...]:
        return tuple(answer.error for answer in self.answers if answer.error)


def filling_first(answers: Sequence[HostAnswer], outlook: Outlook) -> tuple[HostAnswer, ...]:
    """Those first whose disks are full first, as far as that is foretold; all others as they were."""
    return tuple(sorted(answers, key=lambda answer: outlook.left(answer.host)))


def _size(answer: HostAnswer) -> int:
    return answer.glance.usage.size if answer.glance else 0


class Pool(Protocol):
    """Threads that ask hosts: an executor, or a lane."""

    def submit(self, work: Callable[[], T], /) -> Future[T]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    engines: Engines
    pool: Pool
    """Its size is the bound on how many hosts are asked at once."""
    clock: Clock
    ledger: Ledger | None = None
    """Which engine each host is known to be; None: nobody is compared with it."""
    within: timedelta = WITHIN
    tell_every: timedelta = TELL_EVERY
    metrics: Metrics = NO_METRICS
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _asked: dict[str, Future[HostAnswer]] = field(default_factory=dict)
    """The hosts that are being asked now: who asks for one of them meanwhile shares its answer."""
    _silent: set[str] = field(default_factory=set)
    """Hosts that failed the last time: they are asked last, so that they keep nobody waiting."""
    _places: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(AT_ONCE))

    @classmethod
    def opened(
        cls,
        engines: Engines,
        clock: Clock,
        closing: ExitStack,
        ledger: Ledger | None = None,
        metrics: Metrics = NO_METRICS,
    ) -> "Fleet":
        """A gatherer with threads of its own, which end with ``closing``."""
        lane = Lane("fleet", FLEET_THREADS, metrics=metrics)
        closing.callback(lane.close, drop=True)
        return cls(engines=engines, pool=lane, clock=clock, ledger=ledger, metrics=metrics)

    def gather(self, hosts: Sequence[Host], tell: Callable[[Gathering], None]) -> Gathering:
        """Ask all of them; ``tell`` hears of what is known from time to time, and not of the end.

        RefusedError when too many gatherings are going on.
        """
        if not self._places.acquire(blocking=False):
            raise RefusedError("Several fleets are being looked at already. Try again in a moment.")
        try:
            return self._gathered(hosts, tell)
        finally:
            self._places.release()

    def _gathered(self, hosts: Sequence[Host], tell: Callable[[Gathering], None]) -> Gathering:
        until = self.clock.now() + self.within
        ordered = sorted(hosts, key=lambda host: host.name in self._silent)
        waiting = {self._ask(host.name): host.name for host in ordered}
        answers: list[HostAnswer] = []
        known_engines = self._known_engines()
        while True:
            left = (until - self.clock.now()).total_seconds()
            done, _ = wait(waiting, timeout=max(0, min(left, self.tell_every.total_seconds())))
            for future in done:
                del waiting[future]
            answers += [_compared(future.result(), known_engines) for future in done]
            over = not waiting or self.clock.now() >= until
            known = Gathering(
                answers=tuple(answers), waiting=tuple(waiting.values()), over=over, within=self.within
            )
            if over:
                self._remember(answers)
                return known
            tell(known)

    def _known_engines(self) -> Mapping[str, KnownEngine]:
        try:
            return self.ledger.known_engines() if self.ledger else {}
        except StoreUnavailableError:
            return {}  # and no plan can be stored

    def _remember(self, answers: Iterable[HostAnswer]) -> None:
        """Keep what each host showed; not what another engine did, nor figures that were not all counted."""
        glances = {
            answer.host: answer.glance
            for answer in answers
            if answer.glance and not answer.changed and all(row.known for row in answer.glance.usage.rows)
        }
        if self.ledger and glances:
            with suppress(StoreUnavailableError):  # who looks sees it all the same
                now = self.ledger.now()
                self.ledger.remember_looks(
                    {
                        host: LastLook(at=now, usage=each.usage, disk=each.disk)
                        for host, each in glances.items()
                    }
                )

    def _ask(self, host: str) -> Future[HostAnswer]:
        with self._lock:
            asked = self._asked.get(host)
            if asked is None:
                asked = self._asked[host] = self.pool.submit(partial(self._answer, host))
            return asked

    def _answer(self, host: str) -> HostAnswer:
        try:
            with self.metrics.looking(host):
                glance = self.engines.connect(host).glance(self.within.total_seconds())
            self._silent.discard(host)
            return HostAnswer(host=host, glance=glance)
        except HostError as error:
            self._silent.add(host)
            return HostAnswer(host=host, error=error)
        except Exception as error:
            LOG.exception("looking at a host failed in a way that nobody has thought of")
            why = f"Deckhand failed over what it answered ({type(error).__name__}); its log says more."
            return HostAnswer(host=host, error=HostError(host, why))
        finally:
            with self._lock:
                self._asked.pop(host, None)


def _compared(answer: HostAnswer, known: Mapping[str, KnownEngine]) -> HostAnswer:
    if answer.glance is None:
        return answer
    changed = changed_engine(known.get(answer.host), answer.host, answer.glance.engine)
    return replace(answer, changed=changed)
