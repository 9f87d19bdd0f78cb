"""The threads in which one process restores images: what is asked for is taken up, and leases are renewed."""

import logging
import threading
from collections.abc import Callable
from functools import partial

from bot.core.errors import DeckhandError, LeaseLostError
from bot.services.run.restore import LEASE, Restore

LOG = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 10.0
AT_ONCE = 32
"""Plans whose images one process pulls at once: a registry that is slow to one host holds up no other."""
PATIENCE = 5.0
"""Seconds that the end of the process waits for a pull, which may take half an hour."""


class RestoreLoop:
    """``stop`` leaves a long pull behind: when its lease has run out another process goes on with it."""

    def __init__(self, restore: Restore, waker: threading.Event, poll_seconds: float = 1.0) -> None:
        self._restore = restore
        self._waker = waker
        self._poll = poll_seconds
        self._ended = threading.Event()
        self._running: dict[str, threading.Thread] = {}
        self._loops = [
            threading.Thread(target=self._take_up, name="restores", daemon=True),
            threading.Thread(target=self._renew, name="restore-leases", daemon=True),
        ]

    def start(self) -> None:
        for thread in self._loops:
            thread.start()

    def stop(self) -> None:
        """Call it when the restore's ``stopping`` says so."""
        self._waker.set()
        self._loops[0].join()
        for thread in self._running.values():
            thread.join(PATIENCE)
        self._ended.set()
        self._loops[1].join()

    def _take_up(self) -> None:
        while not self._restore.stopping():
            self._waker.clear()
            _guarded(self._start)
            if not self._restore.stopping():
                self._waker.wait(self._poll)

    def _start(self) -> None:
        self._running = {plan: thread for plan, thread in self._running.items() if thread.is_alive()}
        for plan_id in self._restore.restores.due():
            if plan_id in self._running or len(self._running) >= AT_ONCE or self._restore.stopping():
                continue
            work = partial(_guarded, partial(self._restore, plan_id))
            self._running[plan_id] = threading.Thread(target=work, name=f"restore-{plan_id}", daemon=True)
            self._running[plan_id].start()

    def _renew(self) -> None:
        while not self._ended.wait(HEARTBEAT_SECONDS):
            for run in self._restore.active():
                _guarded(partial(self._restore.restores.renew, run, LEASE))


def _guarded(work: Callable[[], object]) -> None:
    """One failure must not end a loop: the next round tries again."""
    try:
        work()
    except LeaseLostError as lost:
        LOG.info("%s", lost)
    except DeckhandError as error:
        LOG.warning("%s", error)
    except Exception:
        LOG.exception("restoring failed once")
