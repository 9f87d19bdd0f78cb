"""Whether the process lives, and whether it can do its work: for load balancers, probes and service managers."""

import threading
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from bot.core.errors import DeckhandError

Check: TypeAlias = Callable[[], str]
"""What is in the way, in a few words; empty where nothing is. DeckhandError counts as that too."""

PATIENCE = 3.0
"""Seconds that somebody who asks waits for the checks; probes give up soon after."""
FRESH = 1.0
"""Seconds that an answer counts: however often somebody asks, the database is asked no more often."""
STARTING: Mapping[str, str] = MappingProxyType({"start": "is not done yet"})
SLOW: Mapping[str, str] = MappingProxyType({"checks": f"have not ended in {PATIENCE:g} s"})


class Health:
    """Safe to use from any thread; nobody who asks waits longer than ``PATIENCE``, whatever a check does."""

    def __init__(self, ticks: Callable[[], float] = time.monotonic) -> None:
        self._ticks = ticks
        self._checks: Mapping[str, Check] | None = None
        self._dead: Callable[[], str] = lambda: ""
        self._changed = threading.Condition()
        self._running = False
        self._known: tuple[float, Mapping[str, str]] = (0, STARTING)
        self._has_answer = False

    def watch(self, checks: Mapping[str, Check], dead: Callable[[], str]) -> None:
        """From now on the process has started; ``dead`` says which part of it has ended that must not."""
        with self._changed:
            self._checks, self._dead, self._has_answer = checks, dead, False

    def end(self) -> None:
        """The process takes no new work from now on."""
        self.watch({"process": lambda: "is ending"}, lambda: "")

    def dead(self) -> str:
        """What has ended that never should; empty as long as the process lives. It asks nobody else."""
        return self._dead()

    def in_the_way(self) -> Mapping[str, str]:
        """What keeps this process from working, by the name of the check; empty when it is ready."""
        with self._changed:
            if self._checks is None:
                return STARTING
            if self._is_old() and not self._running:
                self._running = True
                threading.Thread(target=self._ask, args=(self._checks,), name="health", daemon=True).start()
            answered = self._changed.wait_for(lambda: not self._running, PATIENCE)
            return self._known[1] if answered else SLOW

    def _is_old(self) -> bool:
        return not self._has_answer or self._ticks() - self._known[0] > FRESH

    def _ask(self, checks: Mapping[str, Check]) -> None:
        """One round at a time: of a check that hangs there is never a second."""
        found = {name: said for name, check in checks.items() if (said := _said(check))}
        with self._changed:
            self._running = False
            self._known, self._has_answer = (self._ticks(), found), checks is self._checks
            self._changed.notify_all()


def _said(check: Check) -> str:
    try:
        return check()
    except DeckhandError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - whatever it is, this part does not work
        return f"failed ({type(error).__name__})"
