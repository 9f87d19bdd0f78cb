"""What a test leaves behind: threads and descriptors of this process."""

import gc
import threading
import time
from collections.abc import Callable
from pathlib import Path


def until(true: Callable[[], bool], seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)
    return true()


def descriptors() -> int:
    """How many are open, when what earlier tests left to the garbage collector is gone."""
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))


def no_more_than(threads: int, files: int) -> bool:
    """Whether no more threads and descriptors are left than there were; some of earlier tests may have ended since."""
    return threading.active_count() <= threads and descriptors() <= files
