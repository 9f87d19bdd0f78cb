"""Patience: a run waits for a host or a database that is away, and is let go when its process ends."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from bot.core.errors import (
    EngineChangedError,
    EngineRequestError,
    EngineUnsupportedError,
    HostError,
    StoreUnavailableError,
)

T = TypeVar("T")

HOST_WAITS = (2.0, 4.0, 8.0, 16.0, 30.0)
"""Seconds before a host that went out of reach is asked again: a minute, which an engine's restart may take."""
FOR_THE_DATABASE = timedelta(minutes=10)
"""How long a run waits for the database to come back."""
ANSWERED = (EngineChangedError, EngineUnsupportedError, EngineRequestError)
"""Errors of a host that is there: to wait for it would change nothing."""


class LetGo(Exception):  # noqa: N818 - not an error: the process ends, and another goes on
    """Ends the work on a run between two objects, or in the middle of one whose host is away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    stopping: Callable[[], bool]
    """Whether the process wants to end: then the run is let go between two objects."""
    pause: Callable[[float], None]
    """Wait that many seconds, or less when the process wants to end."""
    ticks: Callable[[], float]
    """Seconds of a clock that never jumps."""
    for_the_database: timedelta = FOR_THE_DATABASE

    def reached(self, work: Callable[[bool], T]) -> T:
        """Do it; a host that went away meanwhile is asked again. ``work`` is told whether it tries again."""
        again = False
        for seconds in HOST_WAITS:
            try:
                return work(again)
            except ANSWERED:
                raise
            except HostError:
                if self.stopping():
                    raise LetGo from None
                self.pause(seconds)
                again = True
        return work(again)

    def stored(self, work: Callable[[], T]) -> T:
        """Wait for a database that is away: what was done is not forgotten, and nothing new is begun.

        Each write of a run is fenced and may be repeated, so it does not matter whether one that failed was
        written after all, nor how long the wait was.
        """
        until = self.ticks() + self.for_the_database.total_seconds()
        while True:
            try:
                return work()
            except StoreUnavailableError:
                if self.stopping() or self.ticks() >= until:
                    raise
            self.pause(0.5)
