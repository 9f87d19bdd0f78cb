"""One costly question to an engine, whose answer all share who ask at the same moment."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Shared(Generic[T]):
    """Asks at most once at a time, in a thread of its own: who stops waiting leaves the answer to the others."""

    def __init__(self, ask: Callable[[], T], name: str) -> None:
        self._ask = ask
        self._name = name
        self._lock = threading.Lock()
        self._running: Future[T] | None = None
        self._next: Future[T] | None = None

    def begin(self, *, fresh: bool) -> Future[T]:
        """The answer as soon as it is there, or what asking raised.

        ``fresh`` demands a question that begins after this call: one that runs already may have missed what
        happened just now.
        """
        with self._lock:
            if self._running is None:
                self._running = Future()
                threading.Thread(target=self._work, args=(self._running,), name=self._name).start()
            elif fresh:
                self._next = self._next or Future()
                return self._next
            return self._running

    def _work(self, first: Future[T]) -> None:
        current: Future[T] | None = first
        while current is not None:
            try:
                answer = self._ask()
            except BaseException as error:  # noqa: BLE001 - it is raised where the answer is waited for
                done, current = current, self._done()
                done.set_exception(error)
            else:
                done, current = current, self._done()
                done.set_result(answer)

    def _done(self) -> Future[T] | None:
        with self._lock:
            self._running, self._next = self._next, None
            return self._running
