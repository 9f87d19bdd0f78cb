"""Lanes: threads for one kind of work, so that what decides never waits for what only looks.

Of a lane's threads nobody takes more than their share: the work of one person, or on one host, waits for its own kind,
and what comes after it goes past. Threads exist while there is work, and are daemons: a process that ends waits for
none of them longer than it wants to.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from bot.core.errors import BusyError, EndingError
from bot.core.traces import carried
from bot.ports import NO_METRICS, Metrics

LOG = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one person, or one host, may have of a lane."""

    at_once: int
    waiting: int
    """Beyond these work is refused."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Job:
    work: Callable[[], Any]
    keys: Mapping[str, str]
    same: str
    begun: Callable[[], None]
    future: Future[Any] = field(default_factory=Future)


class Lane:
    """Safe to use from any thread."""

    def __init__(
        self,
        name: str,
        threads: int,
        shares: Mapping[str, Share] | None = None,
        metrics: Metrics = NO_METRICS,
    ) -> None:
        """``shares`` says for each kind of key (a person, a host) what one of them may have."""
        self._name = name
        self._metrics = metrics
        self._threads = threads
        self._shares = dict(shares or {})
        self._changed = threading.Condition()
        self._waiting: list[_Job] = []
        self._running: list[_Job] = []
        self._open = True

    def submit(
        self, work: Callable[[], T], keys: Mapping[str, str] | None = None, same: str = ""
    ) -> Future[T]:
        """Have work done when it is its turn; never waits.

        Work that is the ``same`` as one that waits or runs is that one. BusyError when somebody's share is used up,
        EndingError when the lane is closed.
        """
        given = {kind: key for kind, key in (keys or {}).items() if key}
        with self._changed:
            if not self._open:
                raise EndingError("Deckhand is restarting. Try again in a moment.")
            for other in (*self._running, *self._waiting):
                if same and other.same == same:
                    return other.future
            self._check(given)
            begun = self._metrics.queued(self._name)
            job = _Job(work=carried(partial(self._done, work)), keys=given, same=same, begun=begun)
            self._waiting.append(job)
            self._begin_what_may()
        return job.future

    def close(self, *, drop: bool) -> None:
        """Take no more work; ``drop`` what has not begun yet."""
        with self._changed:
            self._open = False
            dropped = self._waiting[:] if drop else []
            if drop:
                self._waiting.clear()
            self._changed.notify_all()
        for job in dropped:
            job.begun()
            job.future.cancel()
        if dropped:
            LOG.info("%s: %d that waited are dropped", self._name, len(dropped))

    def join(self, seconds: float) -> bool:
        """Wait for all that waits or runs, so many seconds at most; whether it has come to its end."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._running, max(0, seconds))

    # --- with the lock held ---------------------------------------------------------------------

    def _check(self, keys: Mapping[str, str]) -> None:
        for kind, key in keys.items():
            share = self._shares.get(kind)
            waiting = sum(other.keys.get(kind) == key for other in self._waiting)
            if share is not None and waiting >= share.waiting:
                raise BusyError(kind, key, waiting)

    def _begin_what_may(self) -> None:
        while (job := self._next()) is not None:
            threading.Thread(target=self._work, args=(job,), name=self._name, daemon=True).start()

    def _next(self) -> _Job | None:
        """Take the first that may begin; it counts as running from here on."""
        if len(self._running) >= self._threads:
            return None
        taken = Counter((kind, key) for job in self._running for kind, key in job.keys.items())
        for number, job in enumerate(self._waiting):
            if all(self._has_room(kind, taken[kind, key]) for kind, key in job.keys.items()):
                del self._waiting[number]
                self._running.append(job)
                job.begun()
                return job
        return None

    def _has_room(self, kind: str, taken: int) -> bool:
        share = self._shares.get(kind)
        return share is None or taken < share.at_once

    # --- in a thread of the lane ----------------------------------------------------------------

    def _done(self, work: Callable[[], T]) -> T:
        with self._metrics.doing(self._name):
            return work()

    def _work(self, job: _Job | None) -> None:
        while job is not None:
            try:
                job.future.set_result(job.work())
            except Exception as error:  # noqa: BLE001 - it is raised where the answer is waited for
                job.future.set_exception(error)
            with self._changed:
                self._running.remove(job)
                job = self._next()
                self._begin_what_may()
                self._changed.notify_all()
