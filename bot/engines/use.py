"""When a connection was last used, and whether somebody waits for it."""

import threading
import time
from types import TracebackType


class Use:
    """Entered while somebody waits; ``idle_for`` counts the seconds since nobody did."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting = 0
        self._last = time.monotonic()

    def now(self) -> None:
        self._last = time.monotonic()

    @property
    def idle_for(self) -> float:
        """Seconds; 0 while somebody waits."""
        return 0 if self._waiting else time.monotonic() - self._last

    def __enter__(self) -> None:
        with self._lock:
            self._waiting += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._waiting -= 1
            self._last = time.monotonic()
