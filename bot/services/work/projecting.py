"""What all messages have in common that follow something: when one is tried again, and what was told of it already."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.core.audit.events import ChainedEvent
from bot.core.errors import ChatError

PROGRESS_EVERY = timedelta(seconds=3)
"""Of one message; in between, its latest state waits."""
RETRY_AFTER, RETRY_AT_MOST = timedelta(seconds=1), timedelta(seconds=30)
"""Where Slack does not say how long it wants to be left alone; twice as long after each further failure."""
SHOWING = timedelta(seconds=45)
"""How long other processes leave a message alone that one of them is at: what a call to Slack and its tries take."""


@dataclass(slots=True)
class Pauses:
    """When each message may be sent again; by the ids of what they follow."""

    _not_before: dict[str, datetime] = field(default_factory=dict)
    _failures: Counter[str] = field(default_factory=Counter)
    """In a row."""

    def over(self, name: str, now: datetime) -> bool:
        return self._not_before.get(name, now) <= now

    def failed(self, name: str, error: ChatError, now: datetime) -> datetime:
        """Let it rest: as long as Slack asks for, else longer after each failure. Until when."""
        pause = min(RETRY_AFTER * 2 ** min(self._failures[name], 10), RETRY_AT_MOST)
        self._failures[name] += 1
        self._not_before[name] = now + (timedelta(seconds=error.retry_after) if error.retry_after else pause)
        return self._not_before[name]

    def sent(self, name: str, until: datetime | None = None) -> None:
        """It was taken; the next one may not be sent before ``until``."""
        del self._failures[name]
        self._not_before.pop(name, None)
        if until is not None:
            self._not_before[name] = until


@dataclass(slots=True)
class Steps:
    """Tells each event once in each of several ways, though one of them fails and all are tried again."""

    _told: dict[str, dict[str, int]] = field(default_factory=dict)
    """By what they are of and step: the last event that was told, while another step is left."""

    def __call__(
        self,
        name: str,
        events: Sequence[ChainedEvent],
        steps: Mapping[str, Callable[[Sequence[ChainedEvent]], None]],
    ) -> None:
        """Take every step for the events that it has not told yet; ChatError leaves the rest for the next call."""
        told = self._told.setdefault(name, {})
        for step, tell in steps.items():
            new = [link for link in events if link.seq > told.get(step, 0)]
            if new:
                tell(new)
                told[step] = new[-1].seq
        del self._told[name]
