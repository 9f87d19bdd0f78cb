"""What a test leaves behind: threads and descriptors of this process."""

import time
from collections.abc import Callable
from pathlib import Path


def until(true: Callable[[], bool], seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)
    return true()


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
