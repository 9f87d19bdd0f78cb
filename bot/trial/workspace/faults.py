"""Failures on demand, so that tests can see what the bot does about them."""

import time
from collections import deque
from dataclasses import dataclass

# Calls allowed in how many seconds: about what Slack documents for each method's tier.
RATES = {
    "chat.postMessage": (1, 1.0),
    "chat.update": (50, 60.0),
    "views.publish": (100, 60.0),
    "usergroups.list": (20, 60.0),
    "usergroups.users.list": (20, 60.0),
}
DEFAULT_RATE = (50, 60.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One failure: an error in the answer, or an HTTP status (429 with its Retry-After)."""

    error: str = ""
    status: int = 200
    retry_after: int = 1  # seconds
    afterwards: bool = False  # what was asked for is done all the same: only the answer is lost


class Faults:
    """Failures waiting for their method. Call with the workspace's lock held."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Fault]] = {}
        self._closed: dict[str, str] = {}

    def add(self, method: str, fault: Fault, times: int) -> None:
        self._waiting.setdefault(method, deque()).extend([fault] * times)

    def take(self, method: str) -> Fault | None:
        waiting = self._waiting.get(method)
        return waiting.popleft() if waiting else None

    def close(self, channel: str, error: str) -> None:
        """Refuse the bot in a channel from now on; an empty error opens it again."""
        self._closed[channel] = error

    def closed_to(self, channel: str) -> Fault | None:
        error = self._closed.get(channel)
        return Fault(error=error) if error else None


ALWAYS = frozenset({"chat.update"})
"""Whose budget is one of the whole app, and is always counted: of the others Slack lets bursts pass."""


class RateLimits:
    """Slack's rate limits, counted for each method and channel: those of all methods while switched on."""

    def __init__(self) -> None:
        self.on = False
        self._calls: dict[tuple[str, str], deque[float]] = {}

    def check(self, method: str, channel: str) -> Fault | None:
        if not self.on and method not in ALWAYS:
            return None
        most, seconds = RATES.get(method, DEFAULT_RATE)
        now = time.monotonic()
        calls = self._calls.setdefault((method, channel if method == "chat.postMessage" else ""), deque())
        while calls and calls[0] <= now - seconds:
            calls.popleft()
        if len(calls) >= most:
            wait = calls[0] + seconds - now
            return Fault(error="ratelimited", status=429, retry_after=max(1, round(wait)))
        calls.append(now)
        return None
