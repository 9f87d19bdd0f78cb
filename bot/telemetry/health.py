"""Whether the process lives, and whether it can do its work: for load balancers, probes and service managers."""

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from bot.core.errors import DeckhandError
from bot.telemetry.kept import Kept

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
        self._dead: Callable[[], str] = lambda: ""
        self._found = self._kept(lambda: STARTING)

    def watch(self, checks: Mapping[str, Check], dead: Callable[[], str]) -> None:
        """From now on the process has started; ``dead`` says which part of it has ended that must not."""
        self._dead = dead
        self._found = self._kept(
            lambda: {name: said for name, check in checks.items() if (said := _said(check))}
        )

    def end(self) -> None:
        """The process takes no new work from now on."""
        self.watch({"process": lambda: "is ending"}, lambda: "")

    def dead(self) -> str:
        """What has ended that never should; empty as long as the process lives. It asks nobody else."""
        return self._dead()

    def in_the_way(self) -> Mapping[str, str]:
        """What keeps this process from working, by the name of the check; empty when it is ready."""
        found = self._found.get()
        return SLOW if found is None else found

    def _kept(self, ask: Callable[[], Mapping[str, str]]) -> Kept[Mapping[str, str]]:
        return Kept(ask, FRESH, PATIENCE, self._ticks)


def _said(check: Check) -> str:
    try:
        return check()
    except DeckhandError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - whatever it is, this part does not work
        return f"failed ({type(error).__name__})"
