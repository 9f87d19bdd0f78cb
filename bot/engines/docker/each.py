"""Many questions to one engine, some at once, within one time."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from bot.core.errors import EngineTimeoutError
from bot.core.traces import carried

R = TypeVar("R")
T = TypeVar("T")

THREADS = 8
SECONDS = 900.0
"""A look at 20,000 images that nobody has looked at takes about 500 s over a slow line."""


def each(host: str, ask: Callable[[T], R | None], things: Iterable[T]) -> tuple[R, ...]:
    """What there is to say of each, in their order; EngineTimeoutError where the host takes too long for all."""
    until = time.monotonic() + SECONDS

    def in_time(thing: T) -> R | None:
        if time.monotonic() > until:
            raise EngineTimeoutError(
                host, f"the engine did not tell of all that it has within {SECONDS:g} s."
            )
        return ask(thing)

    with ThreadPoolExecutor(THREADS, thread_name_prefix="gather") as pool:
        asked = [pool.submit(carried(partial(in_time, thing))) for thing in things]
        try:
            return tuple(found for one in asked if (found := one.result()))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)  # the others would be asked all the same
            raise
