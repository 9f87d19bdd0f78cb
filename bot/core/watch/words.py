"""A forecast in words, the same for every place that shows it; no chat's language."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.core.units import duration_words, human_size
from bot.core.watch.forecast import HORIZON, LEAST, Forecast, Full
from bot.core.watch.lines import latest_whole
from bot.core.watch.samples import KINDS, REST, Sample

KIND_HEAD = ("TYPE", "TOTAL", "SIZE", "GROWS BY")
"""Of ``kind_rows``."""

LARGE_SHARE = 0.1
"""A kind that has less of all growth than this is not named."""
MOST_KINDS = 2
OLD, TOO_OLD = timedelta(days=1), timedelta(days=7)
"""From when on it is said how old a forecast is, and from when on it says nothing of a disk any more."""


def days_left(forecast: Forecast | None, now: datetime) -> str:
    """A few words for a line or a cell: ``12 days left``; empty where nothing can be told."""
    if forecast is None or not forecast.enough or forecast.size is None:
        return ""
    if now - forecast.made_at > TOO_OLD:
        return ""
    left = forecast.left(now)
    if left is not None:
        return "full" if left <= timedelta() else f"{_days(left)} left"
    return f"over {HORIZON.days} days left" if forecast.filling else "not filling"


def sentences(forecast: Forecast | None, now: datetime) -> tuple[str, ...]:
    """All that a forecast says, a sentence each."""
    if forecast is None:
        return ("No history yet.",)
    if not forecast.enough:
        known = f"{forecast.days} whole day{'' if forecast.days == 1 else 's'}"
        return (f"No date yet: there are {known} of history, and it takes {LEAST.days}.",)
    found = [_pace(forecast)]
    age = now - forecast.made_at
    if age > OLD:
        found.append(f"Nobody has seen it since: the last sample is {duration_words(age)} old.")
    if forecast.size is None:
        found.append("How large the disk is cannot be told there, so there is no date.")
    else:
        found.append(f"If nobody cleans up: {full_words(forecast.unattended, forecast.filling, now)}.")
        if forecast.cleanups:
            found.append(
                f"At the present rhythm of cleanups ({forecast.cleanups} in {forecast.days} days): "
                f"{full_words(forecast.rhythm, forecast.filling, now)}."
            )
    growing = kinds_words(forecast)
    return (*found, f"What grows: {growing}.") if growing else tuple(found)


def full_words(full: Full, filling: bool, now: datetime) -> str:  # noqa: FBT001 - a fact beside the date
    """When it is full: ``full in 12 days, on 8 Dec (9 to 17 days)``."""
    if full.at is None:
        return f"not full within {HORIZON.days} days" if filling else "not filling"
    left = full.at - now
    if left <= timedelta():
        return "full now"
    return f"full in {_days(left)}, on {full.at:%d %b %Y} ({_between(full, now)})"


def kinds_words(forecast: Forecast) -> str:
    """What grows most, the largest first; empty when nothing does."""
    growing = {kind: rate for kind, rate in forecast.kinds.items() if rate > 0}
    least = LARGE_SHARE * sum(growing.values())
    named = sorted((each for each in growing.items() if each[1] >= least), key=lambda each: -each[1])
    return ", ".join(f"{kind} {per_day(rate)}" for kind, rate in named[:MOST_KINDS])


def kind_rows(samples: Sequence[Sample], forecast: Forecast | None) -> tuple[tuple[str, str, str, str], ...]:
    """What there was of each kind when all was counted the last time, and by what it grows; none before that."""
    last, rates = latest_whole(samples), forecast.kinds if forecast else {}
    if last is None:
        return ()
    grows = {kind: per_day(rate) for kind, rate in rates.items()}
    rows = [
        (kind, str(last.kinds[kind].count), human_size(last.kinds[kind].size), grows.get(kind, ""))
        for kind in KINDS
    ]
    rest = [] if last.rest is None else [(REST, "", human_size(max(0, last.rest)), grows.get(REST, ""))]
    return (*rows, *rest)


def per_day(rate: float) -> str:
    """Bytes a day, with their sign."""
    return f"{'-' if rate < 0 else '+'}{_rounded(abs(rate))} a day"


def _pace(forecast: Forecast) -> str:
    what = "The disk" if forecast.size is not None else "What Docker counts"
    verb = "grows by" if forecast.rate >= 0 else "becomes less by"
    low, high = sorted((abs(forecast.low), abs(forecast.high)))
    band = f" ({_rounded(low)} to {_rounded(high)})" if forecast.low * forecast.high > 0 else ""
    return f"{what} {verb} {_rounded(abs(forecast.rate))} a day{band}, by {forecast.days} days of history."


def _between(full: Full, now: datetime) -> str:
    earliest = _number(full.earliest, now)
    if full.latest is None:
        return f"{earliest} days at the earliest"
    return f"{earliest} to {_number(full.latest, now)} days"


def _number(moment: datetime | None, now: datetime) -> str:
    return f"over {HORIZON.days}" if moment is None else str(max(0, (moment - now).days))


def _days(left: timedelta) -> str:
    """Rounded down: who counts on the last day is late."""
    if left < timedelta(days=1):
        return f"{max(1, int(left.total_seconds() // 3600))} h"
    return f"{left.days} day{'' if left.days == 1 else 's'}"


def _rounded(size: float) -> str:
    """Two digits: no forecast knows more."""
    if size < 1:
        return "0B"
    return human_size(float(f"{size:.2g}"))
