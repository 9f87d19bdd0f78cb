"""An answer that somebody asks for often and that may take long: asked for once at a time, and kept for a moment."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """Safe to use from any thread: of a question that hangs there is never a second one."""

    def __init__(
        self, ask: Callable[[], T], fresh: float, patience: float, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        """An answer counts for ``fresh`` seconds, and nobody waits for one longer than ``patience``."""
        self._ask, self._fresh, self._patience, self._ticks = ask, fresh, patience, ticks
        self._changed = threading.Condition()
        self._running = False
        self._known: tuple[float, T] | None = None

    def get(self) -> T | None:
        """The answer; None when it has not come in time."""
        with self._changed:
            old = self._known is None or self._ticks() - self._known[0] > self._fresh
            if old and not self._running:
                self._running = True
                threading.Thread(target=self._answer, name="asked by operators", daemon=True).start()
            in_time = self._changed.wait_for(lambda: not self._running, self._patience)
            return self._known[1] if in_time and self._known else None

    def _answer(self) -> None:
        found: tuple[float, T] | None = None
        try:
            answer = self._ask()
            found = self._ticks(), answer
        finally:
            with self._changed:
                self._running, self._known = False, found
                self._changed.notify_all()
