"""Waiting for something that another process or thread does."""

import time
from collections.abc import Callable

SECONDS = 30
"""How long anything may take on a busy machine."""


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)
