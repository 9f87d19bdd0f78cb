"""What each cleanup on offer would free, as the last look of this process at a host found it: for display only."""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from bot.core.plan.plan import Draft, Frees

RECENT = 3600.0
"""Seconds for which it is told; then nothing is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """What one look found."""

    frees: Mapping[str, Frees]
    """By profile."""
    age: float
    """Seconds since then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """In memory alone, so that a form can tell it at once; safe to use from any thread."""

    ticks: Callable[[], float]
    """Seconds of a clock that never jumps."""
    _known: dict[str, tuple[float, Mapping[str, Frees]]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def remember(self, host: str, drafts: Iterable[Draft]) -> None:
        """Keep what a look found in the place of what was known."""
        found = {draft.profile: draft.frees for draft in drafts}
        with self._lock:
            self._known[host] = (self.ticks(), found)

    def forget(self, host: str) -> None:
        """Something was removed there."""
        with self._lock:
            self._known.pop(host, None)

    def on(self, host: str) -> Offers | None:
        """What is known of a host; None where nothing is, or only what is too old to be told."""
        with self._lock:
            known = self._known.get(host)
        if known is None:
            return None
        age = self.ticks() - known[0]
        return Offers(frees=known[1], age=age) if age < RECENT else None
