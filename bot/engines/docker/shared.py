"""One costly question to an engine, whose answer all share who ask at the same moment."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Generic, TypeVar

from bot.core.traces import carried

T = TypeVar("T")


class Shared(Generic[T]):
    """Asks at most once at a time; in a thread of its own who stops waiting leaves the answer to the others."""

    def __init__(self, ask: Callable[[], T], name: str) -> None:
        self._ask = ask
        self._name = name
        self._lock = threading.Lock()
        self._running: Future[T] | None = None
        self._next: Future[T] | None = None

    def begin(self, *, fresh: bool, here: bool = False) -> Future[T]:
        """The answer as soon as it is there, or what asking raised.

        ``fresh`` demands a question that begins after this call: one that runs already may have missed what
        happened just now. ``here`` asks in the caller's own thread, where nobody else has asked yet.
        """
        with self._lock:
            if self._running is not None:
                if not fresh:
                    return self._running
                self._next = self._next or Future()
                return self._next
            mine = self._running = Future()
        if here:
            self._go_on(self._step(mine))
        else:
            self._go_on(mine)
        return mine

    def _go_on(self, waiting: Future[T] | None) -> None:
        if waiting is not None:
            # A daemon: a process that ends waits for no engine's answer.
            work = carried(partial(self._work, waiting))
            threading.Thread(target=work, name=self._name, daemon=True).start()

    def _work(self, first: Future[T]) -> None:
        current: Future[T] | None = first
        while current is not None:
            current = self._step(current)

    def _step(self, current: Future[T]) -> Future[T] | None:
        """Ask once; what is to be asked next."""
        try:
            answer = self._ask()
        except BaseException as error:  # noqa: BLE001 - it is raised where the answer is waited for
            following = self._done()
            current.set_exception(error)
        else:
            following = self._done()
            current.set_result(answer)
        return following

    def _done(self) -> Future[T] | None:
        with self._lock:
            self._running, self._next = self._next, None
            return self._running
