"""Waiting for something that another process or thread does."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

SECONDS = 30
"""How long anything may take on a busy machine."""


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def each_at_once(cases: Iterable[str], check: Callable[[str], object]) -> None:
    """Check all cases of a table beside each other, for those that mostly wait; each that fails is told by its name."""
    with ThreadPoolExecutor(16) as pool:
        checked = {case: pool.submit(check, case) for case in cases}
    failed = []
    for case, one in checked.items():
        error = one.exception()
        if error is not None:
            error.add_note(f"in the case: {case}")
            failed.append(error)
    if failed:
        raise BaseExceptionGroup("of all cases that were checked at once", failed)
