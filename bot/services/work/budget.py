"""Budget: what Slack takes of edits in a minute, shared by all that shows progress; decisions and ends come first."""

import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.ports import Clock

A_MINUTE = 40
"""Edits that may wait, of all messages together: Slack takes about 50 of the whole app, and the others need theirs."""
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """One of each process; safe to use from any thread."""

    clock: Clock
    most: int = A_MINUTE
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _spent: deque[tuple[datetime, str]] = field(default_factory=deque)
    _asking: dict[str, datetime] = field(default_factory=dict)
    """Who asked within the last minute, and when."""

    def take(self, who: str) -> bool:
        """Whether a message may be edited that can wait: within its fair share of what is left."""
        with self._lock:
            now = self._forgotten()
            self._asking[who] = now
            share = max(1, self.most // len(self._asking))
            own = sum(spender == who for _, spender in self._spent)
            if len(self._spent) >= self.most or own >= share:
                return False
            self._spent.append((now, who))
            return True

    def spend(self) -> None:
        """Count an edit that does not wait: what can wait then has less."""
        with self._lock:
            self._spent.append((self._forgotten(), ""))

    def _forgotten(self) -> datetime:
        """The moment, after what is longer ago than a minute was forgotten."""
        now = self.clock.now()
        while self._spent and self._spent[0][0] <= now - _MINUTE:
            self._spent.popleft()
        for who in [who for who, at in self._asking.items() if at <= now - _MINUTE]:
            del self._asking[who]
        return now
