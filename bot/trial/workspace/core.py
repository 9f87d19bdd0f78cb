"""What every part of the workspace stands on: its one lock, its refusals, its ids."""

import secrets
import string
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, TypeAlias, TypeVar

# Slack's payloads are open-ended JSON: the shape is Slack's, and limits.py checks the parts that matter.
JSON: TypeAlias = dict[str, Any]
T = TypeVar("T")

_ID_LETTERS = string.ascii_uppercase + string.digits


class Refused(Exception):  # noqa: N818 - Slack's word for it is a refusal; the error's name is inside
    """Slack's `{"ok": false, "error": …}`, with the places that it names."""

    def __init__(self, error: str, messages: Sequence[str] = ()) -> None:
        super().__init__(error, *messages)
        self.error = error
        self.messages = tuple(messages)

    def as_json(self) -> JSON:
        answer: JSON = {"ok": False, "error": self.error}
        if self.messages:
            answer["response_metadata"] = {"messages": list(self.messages)}
        return answer


class Pulse:
    """One lock for the whole workspace, and the news that something in it has changed."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._listeners: set[Callable[[], None]] = set()
        self.version = 0
        self.closed = False

    def __enter__(self) -> None:
        self._condition.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._condition.__exit__(kind, error, trace)

    def changed(self) -> None:
        with self._condition:
            self.version += 1
            self._condition.notify_all()
            for listener in tuple(self._listeners):
                listener()

    def close(self) -> None:
        with self._condition:
            self.closed = True
            self.changed()

    def listen(self, listener: Callable[[], None]) -> None:
        with self._condition:
            self._listeners.add(listener)

    def unlisten(self, listener: Callable[[], None]) -> None:
        with self._condition:
            self._listeners.discard(listener)

    def wait_for(self, predicate: Callable[[], T], timeout: float) -> T:
        """Give the first truthy answer of `predicate`, asked again after each change.

        Raises TimeoutError after `timeout` seconds.
        """
        with self._condition:
            answer = self._condition.wait_for(predicate, timeout)
        if not answer:
            raise TimeoutError(f"the workspace did not get there within {timeout:g} s")
        return answer


class Timestamps:
    """Message timestamps as Slack gives them: seconds and six digits, never the same one twice."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> str:
        """Call with the workspace's lock held."""
        self._last = max(self._last + 1, time.time_ns() // 1000)
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"


def fresh_id(prefix: str, length: int = 10) -> str:
    return prefix + "".join(secrets.choice(_ID_LETTERS) for _ in range(length))
