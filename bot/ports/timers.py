"""Schedules: when each comes next, and what was in its way."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.core.audit.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What was in the way of a schedule on a host; for display, and it steers nothing."""

    schedule: str
    what: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """Where a schedule stands."""

    name: str
    definition: str
    """What its moments follow from."""
    next_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """What becomes of a schedule that is due."""

    next_at: datetime
    event: Event


class Timers(Protocol):
    """Where schedules stand, moved on by one process at a time."""

    def standing(self) -> tuple[Timer, ...]:
        """Where every schedule stands that was ever configured, by name."""
        ...

    def begin(self, name: str, definition: str, after: Callable[[datetime], datetime]) -> None:
        """Begin a schedule, or begin it anew when its definition is another; else nothing is changed.

        ``after`` gives the next moment, given the database's clock.
        """
        ...

    def tick(self, timer: Timer, decide: Callable[[datetime], Tick]) -> bool:
        """Move a schedule that is due on, with an event, by compare-and-set on its moment.

        ``decide`` is given the database's clock. False when it is not due by that clock, when somebody
        else was faster, or when its definition has changed: then nothing is written.
        """
        ...

    def note(self, schedule: str, host: str, trouble: str, event: Event | None = None) -> bool:
        """Remember what is in the way of a schedule on a host (empty: nothing), and append the event.

        True when it is something, and another thing than the last time.
        """
        ...

    def troubles(self, hosts: Collection[str]) -> Mapping[str, Trouble]:
        """What was in the way of a schedule on each of these hosts the last time that it came; the newest each."""
        ...
