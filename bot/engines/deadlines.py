"""How much time a question to a host has left, whatever arrives meanwhile."""

import time
from collections.abc import Callable
from threading import Timer
from types import TracebackType
from typing import Self

LATE_SECONDS = 1.0
WAKE_SECONDS = 5.0
"""That a thread gets which was woken, to see that it is to end."""


class Deadline:
    """A moment some seconds from now, by the clock that nobody sets."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds; never negative."""
        return max(0.0, self._at - time.monotonic())

    @property
    def over(self) -> bool:
        return not self.left

    def within(self, seconds: float) -> float:
        """So many seconds, or what is left where that is less."""
        return min(seconds, self.left)


class Cut:
    """Runs ``end`` if its block is not done in time: who waits in the block is woken by what that closes.

    For waits that count anew with each byte, or not at all. ``end`` runs in a thread of its own, and raises
    nothing.
    """

    def __init__(self, seconds: float, end: Callable[[], object]) -> None:
        self._end = end
        self.late = False
        self._timer = Timer(max(0.0, seconds), self._run)
        self._timer.daemon = True

    def _run(self) -> None:
        self.late = True
        self._end()

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if not self.late:
            self._timer.join(LATE_SECONDS)
