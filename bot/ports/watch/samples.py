"""What hosts showed over time."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from bot.core.watch.forecast import Forecast
from bot.core.watch.samples import Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Of the hosts that are due: those that this process samples now, and those that another one is at."""

    mine: Mapping[str, datetime | None] = field(default_factory=dict)
    """With when the volumes of each were counted the last time."""
    held: frozenset[str] = frozenset()
    """Until their lease is over; what is in neither has been sampled."""


class Samples(Protocol):
    """Each host's history, which begins anew with another engine; each is sampled by one process at a time."""

    def take(self, slots: Mapping[str, datetime], owner: str, lease: timedelta) -> Taken:
        """Take up what nobody has sampled since these moments, until ``keep`` or ``leave``, or the lease is over.

        StoreUnavailableError.
        """
        ...

    def keep(self, host: str, owner: str, engine: str, *samples: Sample) -> None:
        """Add samples, the oldest first, to the history of this engine on the host, and thin what has become old.

        A history begins with the first sample, after a week without one, and when the clock went back.
        StoreUnavailableError.
        """
        ...

    def leave(self, host: str, owner: str) -> None:
        """Nothing came of it this time. StoreUnavailableError."""
        ...

    def history(self, host: str, since: datetime | None = None) -> Sequence[Sample]:
        """The present history of a host, the oldest first. StoreUnavailableError."""
        ...

    def foretell(self, host: str, forecast: Forecast) -> None:
        """Keep what the history says. StoreUnavailableError."""
        ...

    def forecasts(self, hosts: Collection[str]) -> Mapping[str, Forecast]:
        """What was kept of these hosts; without those that have none. StoreUnavailableError."""
        ...
