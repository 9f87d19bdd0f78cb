"""The worker: all that happens without a click. What comes round again and again, and what is taken up."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from bot.core.errors import DeckhandError
from bot.core.traces import traced
from bot.ports import NO_METRICS, Metrics
from bot.services.leases import HEARTBEAT, Leases

LOG = logging.getLogger(__name__)

POLL_SECONDS = 1.0
"""How long a change made by another process may go unnoticed; our own are noticed at once."""
AT_ONCE = 32
"""Of one kind: each is on a host of its own, in a thread that exists while it is worked on; what waits takes none."""
PATIENCE = 3.0
"""Seconds that the end of the process waits for what cannot be let go between two steps: a pull may take long."""


class Signals:
    """Wakes the loops and tells that the process ends; made before the services that use it."""

    def __init__(self) -> None:
        self._ending = threading.Event()
        self._wakers: list[threading.Event] = []

    def waker(self) -> threading.Event:
        event = threading.Event()
        self._wakers.append(event)
        return event

    def changed(self) -> None:
        """Something changed: look now."""
        for waker in self._wakers:
            waker.set()

    def end(self) -> None:
        self._ending.set()
        self.changed()

    def ending(self) -> bool:
        return self._ending.is_set()

    def pause(self, seconds: float) -> None:
        """Wait, but not beyond the end of the process."""
        self._ending.wait(seconds)


@dataclass(slots=True, kw_only=True)
class _Taking:
    """One kind of work that waits in the database, each taken up by one process in a thread of its own."""

    name: str
    leases: Leases[Any]
    work: Callable[[str], None]
    patience: float | None
    metrics: Metrics
    threads: dict[str, threading.Thread] = field(default_factory=dict)

    def begin(self, ending: Callable[[], bool]) -> None:
        for plan_id in [plan for plan, thread in list(self.threads.items()) if not thread.is_alive()]:
            self.threads.pop(plan_id, None)
        for plan_id in self.leases.claims.claimable():
            if ending() or len(self.threads) >= AT_ONCE:
                return
            if plan_id not in self.threads:
                self.threads[plan_id] = _thread(f"{self.name}-{plan_id}", partial(self._work, plan_id))
                self.threads[plan_id].start()

    def _work(self, plan_id: str) -> None:
        with traced(f"{self.name} {plan_id}", self.name), self.metrics.doing(self.name):
            _guarded(partial(self.work, plan_id))

    def renew(self) -> None:
        for plan_id in self.leases.renew():
            self.threads.pop(plan_id, None)  # its thread hangs in a call: another may take the work up

    def join(self) -> None:
        until = None if self.patience is None else self.leases.ticks() + self.patience
        for thread in list(self.threads.values()):
            thread.join(None if until is None else max(0.0, until - self.leases.ticks()))


class Worker:
    """Threads that wait for none of the others: one for each thing that comes round, one for each plan worked on."""

    def __init__(
        self,
        signals: Signals,
        *,
        poll: float = POLL_SECONDS,
        heartbeat: timedelta = HEARTBEAT,
        metrics: Metrics = NO_METRICS,
    ) -> None:
        """``poll`` in seconds; ``heartbeat`` is how often leases are renewed."""
        self._signals, self._poll, self._metrics = signals, poll, metrics
        self._takings: list[_Taking] = []
        self._loops: list[threading.Thread] = []
        self._at_last: list[Callable[[], object]] = []
        self.every(heartbeat.total_seconds(), "leases", self._renew)

    def every(self, seconds: float, name: str, work: Callable[[], object]) -> None:
        """Do this so often. Call it before ``start``, like the two below."""
        self._loops.append(_thread(name, partial(self._loop, work, self._signals.pause, seconds)))

    def whenever(
        self, name: str, work: Callable[[], object], seconds: float, *, at_last: bool = False
    ) -> None:
        """Do this at each change too; ``at_last``: and once more when all else has ended."""
        waker = self._signals.waker()

        def wait(seconds: float) -> None:
            waker.wait(seconds)
            waker.clear()

        self._loops.append(_thread(name, partial(self._loop, work, wait, seconds)))
        if at_last:
            self._at_last.append(work)

    def take_up(
        self, name: str, leases: Leases[Any], work: Callable[[str], None], patience: float | None = None
    ) -> None:
        """Have ``work`` done for each plan that these leases are for, as it becomes claimable.

        ``patience`` is how many seconds the end waits for it; None: as long as it takes.
        """
        taking = _Taking(name=name, leases=leases, work=work, patience=patience, metrics=self._metrics)
        self._takings.append(taking)
        self.whenever(name, partial(taking.begin, self._signals.ending), self._poll)

    def start(self) -> None:
        for loop in self._loops:
            loop.start()

    def ended(self) -> str:
        """The name of a loop that has ended although the process has not; empty as long as all go on."""
        over = (loop.name for loop in self._loops if not loop.is_alive())
        name = "" if self._signals.ending() else next(over, "")
        return f"the thread “{name}” has ended" if name else ""

    def stop(self) -> None:
        """End the loops; what is worked on ends its current step and is let go for the next start.

        It waits as long as an engine takes for that; who waits no longer leaves the step as it is: it says that it
        had begun, and once the lease has run out whoever starts next goes on with it.
        """
        self._signals.end()
        for taking in self._takings:
            taking.join()
        for loop in self._loops:
            loop.join()
        for work in self._at_last:
            _guarded(work)

    def _loop(self, work: Callable[[], object], wait: Callable[[float], None], seconds: float) -> None:
        while not self._signals.ending():
            _guarded(work)
            if not self._signals.ending():
                wait(seconds)

    def _renew(self) -> None:
        for taking in self._takings:
            _guarded(taking.renew)


def _thread(name: str, work: Callable[[], object]) -> threading.Thread:
    return threading.Thread(target=work, name=name, daemon=True)


def _guarded(work: Callable[[], object]) -> None:
    """One failure must not end a loop: the next round tries again."""
    try:
        work()
    except DeckhandError as error:
        LOG.warning("%s", error)
    except Exception:
        LOG.exception("work in the background failed once")
