"""The end of the process: in order, and in twenty seconds, whatever engines, Slack or the database do.

What is left behind is safe: a removal's intent was written before it began, and whoever starts next looks again.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from typing import NoReturn

LOG = logging.getLogger(__name__)

IN_ALL = 12.0
"""Seconds that an orderly end may take."""
AT_THE_LATEST = 15.0
"""Seconds after which the process is gone, orderly or not; what stops services gives them 20 or more."""


class Ending:
    """What is to be closed, each with a bound, all together within ``IN_ALL``."""

    def __init__(self, seconds: float = IN_ALL) -> None:
        self._seconds = seconds
        self._until: float | None = None

    def left(self) -> float:
        """Seconds that are left, counted from the first time that somebody asks."""
        if self._until is None:
            self._until = time.monotonic() + self._seconds
        return max(0.0, self._until - time.monotonic())

    def within(self, name: str, seconds: float, work: Callable[[], object]) -> None:
        """Do it, and go on without it after so many seconds, or when the time in all is over."""
        thread = threading.Thread(target=_guarded, args=(name, work), name=f"ending {name}", daemon=True)
        thread.start()
        thread.join(min(seconds, self.left()))
        if thread.is_alive():
            LOG.warning("stopping: %s takes too long, and is left behind", name)


def gone_at_the_latest(seconds: float = AT_THE_LATEST) -> None:
    """From now on the process has so many seconds."""
    timer = threading.Timer(seconds, leave)
    timer.daemon = True
    timer.start()


def leave() -> NoReturn:
    """End the process here and now, when all is closed that can be.

    The interpreter's own end would first wait for threads that an engine holds.
    """
    os._exit(0)


def _guarded(name: str, work: Callable[[], object]) -> None:
    try:
        work()
    except Exception:
        LOG.exception("stopping: %s", name)
