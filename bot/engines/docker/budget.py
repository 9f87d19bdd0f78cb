"""One answer of an engine, bounded: in seconds from the request to its last byte, and in bytes."""

import http.client
import io
import socket
import time
from typing import cast

from bot.core.errors import EngineAnswerError, EngineTimeoutError
from bot.core.units import human_size
from bot.engines.failures import LinkError
from bot.engines.ssh.channels import ChannelSocket

BUFFER = 65_536


class LateError(LinkError):
    """The answer was not there, or not all of it, when its time was over."""


class Budget:
    """What is left for one answer, its headers included; LinkError when that is used up."""

    def __init__(self, seconds: float, silence: float, most_bytes: int) -> None:
        """``silence`` is how long it may pause in between."""
        self._seconds = seconds
        self._until = time.monotonic() + seconds
        self._silence = silence
        self._most, self._bytes = most_bytes, 0

    def wait(self) -> float:
        """How many seconds to wait for the next byte."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise self.late()
        return min(left, self._silence)

    def took(self, count: int) -> None:
        self._bytes += count
        if self._bytes > self._most:
            raise LinkError(
                EngineAnswerError,
                f"its answer is longer than {human_size(self._most)}, which no engine needs for what was asked. "
                "Nothing of it was used.",
            )

    def late(self) -> LateError:
        if self._bytes and time.monotonic() < self._until:
            return LateError(
                EngineTimeoutError, f"the engine paused in the middle of an answer for {self._silence:g} s."
            )
        what = "finish its answer" if self._bytes else "answer"
        return LateError(
            EngineTimeoutError,
            f"the engine did not {what} within {self._seconds:g} s; it may still be at work. "
            "If it stays so, look at its log on the host: journalctl --unit docker",
        )


class BoundedResponse(http.client.HTTPResponse):
    """http.client's own, which reads no further than its budget goes."""

    def __init__(self, budget: Budget, link: "socket.socket | ChannelSocket", method: str | None) -> None:
        # A _Source has what http.client uses of a socket here.
        super().__init__(cast("socket.socket", _Source(link, budget)), method=method)


class _Source:
    def __init__(self, link: "socket.socket | ChannelSocket", budget: Budget) -> None:
        self._link = link
        self._budget = budget

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._link, self._budget), BUFFER)


class _Reader(io.RawIOBase):
    def __init__(self, link: "socket.socket | ChannelSocket", budget: Budget) -> None:
        super().__init__()
        self._link = link
        self._file = cast(
            "io.RawIOBase", link.makefile("rb", 0)
        )  # keeps the link open, as long as it is read
        self._budget = budget

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # BufferedReader passes a memoryview
        self._link.settimeout(self._budget.wait())
        try:
            count = self._file.readinto(buffer) or 0
        except TimeoutError as error:
            raise self._budget.late() from error
        self._budget.took(count)
        return count

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._file.close()
