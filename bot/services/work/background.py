"""Background: what happens without a click: expiry, messages, runs and their leases, in threads of our own."""

import logging
import threading
from collections.abc import Callable
from datetime import timedelta

from bot.core.errors import DeckhandError, LeaseLostError
from bot.core.traces import traced
from bot.ports import Runs
from bot.services.decide.decide import Decide
from bot.services.run.execute import Execute
from bot.services.run.leases import HEARTBEAT
from bot.services.work.show import Show

LOG = logging.getLogger(__name__)

POLL_SECONDS = 1.0
"""How long a change made by another process may go unnoticed; our own are noticed at once."""
EXPIRE_SECONDS = 3.0
"""That an overdue plan is not approved any more does not wait for it."""
CLEANUPS_AT_ONCE = 32
"""Each on a host of its own, in a thread that exists while it runs; plans that wait take none."""


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


class Background:
    """Loops that wait for none of the others: messages, cleanups, expiry, leases. ``stop`` lets running items end."""

    def __init__(  # noqa: PLR0913 - what its loops do, and how often the leases' one does
        self,
        signals: Signals,
        runs: Runs,
        show: Show,
        decide: Decide,
        execute: Execute,
        *,
        heartbeat: timedelta = HEARTBEAT,
    ) -> None:
        self._signals = signals
        self._runs = runs
        self._show = show
        self._execute = execute
        self._running: dict[str, threading.Thread] = {}
        self._threads = [
            threading.Thread(target=self._loop, args=(work, signals.waker(), seconds), name=name, daemon=True)
            for name, work, seconds in (
                ("messages", self._show, POLL_SECONDS),
                ("cleanups", self._start_cleanups, POLL_SECONDS),
                ("expiry", decide.expire_due, EXPIRE_SECONDS),
                ("leases", self._renew, heartbeat.total_seconds()),
            )
        ]

    def also(self, name: str, work: Callable[[], None], seconds: float) -> None:
        """One more loop; call it before ``start``."""
        loop = threading.Thread(
            target=self._loop, args=(work, self._signals.waker(), seconds), name=name, daemon=True
        )
        self._threads.append(loop)

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def ended(self) -> str:
        """The name of a loop that has ended although the process has not; empty as long as all go on."""
        over = (thread.name for thread in self._threads if not thread.is_alive())
        name = "" if self._signals.ending() else next(over, "")
        return f"the thread “{name}” has ended" if name else ""

    def stop(self) -> None:
        """End the loops; a running cleanup ends its current item and is let go for the next start.

        It waits as long as an engine takes for that; who waits no longer leaves the item as it is: it says that it
        had begun, and once the lease has run out whoever starts next goes on with it.
        """
        self._signals.end()
        for thread in (*self._running.values(), *self._threads):
            thread.join()
        self._guarded(self._show)

    def _loop(self, work: Callable[[], None], waker: threading.Event, seconds: float) -> None:
        while not self._signals.ending():
            waker.clear()
            self._guarded(work)
            if not self._signals.ending():
                waker.wait(seconds)

    @staticmethod
    def _guarded(work: Callable[[], None]) -> None:
        """One failure must not end a loop: the next round tries again."""
        try:
            work()
        except DeckhandError as error:
            LOG.warning("%s", error)
        except Exception:
            LOG.exception("a background loop failed once")

    def _start_cleanups(self) -> None:
        for plan_id in [plan for plan, thread in list(self._running.items()) if not thread.is_alive()]:
            self._running.pop(plan_id, None)
        for plan_id in self._runs.claimable():
            if self._signals.ending() or len(self._running) >= CLEANUPS_AT_ONCE:
                return
            if plan_id not in self._running:
                self._begin(plan_id)

    def _begin(self, plan_id: str) -> None:
        thread = threading.Thread(target=self._run, args=(plan_id,), name=f"cleanup-{plan_id}", daemon=True)
        self._running[plan_id] = thread
        thread.start()

    def _run(self, plan_id: str) -> None:
        def work() -> None:
            try:
                self._execute(plan_id)
            except LeaseLostError as lost:
                LOG.warning("%s", lost)

        with traced(f"cleanup {plan_id}"):
            self._guarded(work)

    def _renew(self) -> None:
        for plan_id in self._execute.leases.renew():
            self._running.pop(plan_id, None)  # its thread hangs in a call: another may take the run up
