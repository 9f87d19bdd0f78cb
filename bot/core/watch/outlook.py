"""Outlook: what is foretold of many hosts, to put those first whose disks are full first."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.core.watch.forecast import Forecast
from bot.core.watch.words import days_left


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    now: datetime
    forecasts: Mapping[str, Forecast] = field(default_factory=dict)
    """By host; those that are missing are not foretold."""

    def words(self, host: str) -> str:
        """``12 days left``; empty where nothing can be told."""
        return days_left(self.forecasts.get(host), self.now)

    def left(self, host: str) -> timedelta:
        """How long its disk lasts if nobody cleans up; the longest of all times where no date is told."""
        forecast = self.forecasts.get(host)
        found = forecast.left(self.now) if forecast and self.words(host) else None
        return timedelta.max if found is None else found


NOTHING_FORETOLD = Outlook(now=datetime(1970, 1, 1, tzinfo=UTC))
