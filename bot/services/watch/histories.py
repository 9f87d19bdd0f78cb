"""Histories: what a host showed over time, how long its disk lasts by that, and which cleanups there were."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.audit.filters import AuditFilter
from bot.core.errors import StoreUnavailableError
from bot.core.watch.forecast import WINDOW, Forecast, forecast
from bot.core.watch.growth import Cleaned
from bot.core.watch.outlook import NOTHING_FORETOLD, Outlook
from bot.core.watch.samples import Sample
from bot.ports import Audit, Cleanup, Clock, Samples

SPAN = timedelta(days=30)
LONGEST = timedelta(days=3_650)
MOST_CLEANUPS = 500
"""Of one host in the time that is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What is known of a host's disk."""

    host: str
    now: datetime
    span: timedelta
    """How far back was asked for."""
    samples: Sequence[Sample]
    """The oldest first."""
    cleanups: Sequence[Cleanup]
    """Those that the audit knows, the oldest first."""
    forecast: Forecast | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Histories:
    samples: Samples
    audit: Audit
    clock: Clock
    """The database's."""

    def of(self, host: str, span: timedelta = SPAN) -> History:
        """A host's history, so far back. StoreUnavailableError."""
        now = self.clock.now()
        since = now - min(span, LONGEST)
        recent = now - WINDOW - timedelta(days=1)
        samples = self.samples.history(host, min(since, recent))
        cleanups = self._cleanups(host, min(since, recent))
        made = forecast([each for each in samples if each.at >= recent], cleaned(cleanups))
        return History(
            host=host, now=now, span=span, samples=[each for each in samples if each.at >= since],
            cleanups=[each for each in cleanups if each.started_at >= since], forecast=made,
        )  # fmt: skip

    def outlook(self, hosts: Collection[str]) -> Outlook:
        """What was foretold of these hosts the last time; nothing where that cannot be read."""
        with suppress(StoreUnavailableError):
            return Outlook(forecasts=self.samples.forecasts(hosts), now=self.clock.now())
        return NOTHING_FORETOLD

    def foretell(self, host: str) -> None:
        """Keep what the history of a host says by now. StoreUnavailableError."""
        made = self.of(host, WINDOW).forecast
        if made is not None:
            self.samples.foretell(host, made)

    def _cleanups(self, host: str, since: datetime) -> Sequence[Cleanup]:
        found = self.audit.cleanups(hosts=[host], matching=AuditFilter(since=since), limit=MOST_CLEANUPS)
        return found[::-1]


def cleaned(cleanups: Sequence[Cleanup]) -> tuple[Cleaned, ...]:
    """When they were; one that has not ended is going on."""
    return tuple(
        Cleaned(
            began=each.started_at.timestamp(),
            ended=each.finished_at.timestamp() if each.finished_at else float("inf"),
        )
        for each in cleanups
    )
