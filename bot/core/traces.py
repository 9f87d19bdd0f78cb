"""One id for all that a click or a command sets off: in each line of the log, and in the audit's events."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from functools import partial
from typing import TypeVar

from bot.core.ids import id_of

T = TypeVar("T")

_TRACE: ContextVar[str] = ContextVar("trace", default="")
_CAUSE: ContextVar[str] = ContextVar("cause", default="")


def trace() -> str:
    """The id of what is being done now; empty where nobody asked for it."""
    return _TRACE.get()


def cause() -> str:
    """What sets off what is being done now: the name of a command, a button, a form or a job; never who or on what."""
    return _CAUSE.get()


@contextmanager
def traced(name: str, cause: str) -> Iterator[None]:
    """What is done in the block, and in threads that ``carried`` work is handed to, has this id and this cause."""
    tokens = _TRACE.set(name), _CAUSE.set(cause)
    try:
        yield
    finally:
        _TRACE.reset(tokens[0])
        _CAUSE.reset(tokens[1])


def trace_of(delivery: str) -> str:
    """The id of what Slack calls so: the same each time that it is delivered, and to whichever process."""
    return id_of(f"trace of {delivery!a}")


def carried(work: Callable[[], T]) -> Callable[[], T]:
    """The work, to be done once in another thread under the id of this one."""
    return partial(copy_context().run, work)
