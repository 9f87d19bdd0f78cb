"""Sizes and durations, written and read the way Docker does it, and moments as people write them."""

import re
from datetime import UTC, date, datetime, time, timedelta

_SIZE_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB")
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([kMGTPEZY]?B)")
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d|w)")
_FAR = timedelta(days=365_000)
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def human_size(size: float) -> str:
    """Bytes as Docker's tables print them: base 1000, four significant digits (go-units ``HumanSize``)."""
    index = 0
    while size >= 1000 and index < len(_SIZE_UNITS) - 1:  # noqa: PLR2004 - the base of SI units
        size /= 1000
        index += 1
    return f"{size:.4g}{_SIZE_UNITS[index]}"


def short_size(size: float) -> str:
    """The same with three significant digits: what people compare at a glance (``8.72GB``, ``655MB``)."""
    digits = len(f"{abs(size):.0f}") - 3
    return human_size(round(size, -digits) if digits > 0 else size)


def parse_size(text: str) -> int:
    """Read ``50GB`` as ``human_size`` writes it: base 1000. ValueError when the text is anything else."""
    found = _SIZE.fullmatch(text)
    if not found:
        raise ValueError(f"“{text}” is not a size; write it like 500MB, 50GB or 1.5TB")
    return round(float(found[1]) * 1000.0 ** _SIZE_UNITS.index(found[2]))


def parse_duration(text: str) -> timedelta:
    """Read ``30m``, ``168h``, ``1h30m`` or ``10d`` (Docker's units, and days and weeks, which Go lacks).

    Raises ValueError when the text is anything else, or would not fit a timedelta.
    """
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"“{text}” is not a duration; write it like 30m, 168h, 1h30m or 10d")
    try:
        return timedelta(seconds=sum(float(number) * _SECONDS[unit] for number, unit in parts))
    except OverflowError:
        raise ValueError(f"“{text}” is longer than a duration can be") from None


def parse_moment(text: str, now: datetime, *, day_ends: bool = False) -> datetime:
    """A moment: so long ago, a day (UTC; its end where ``day_ends``), or a day and a time (else UTC).

    ValueError when the text is anything else, ValueError or OverflowError for what is beyond the calendar.
    """
    try:
        ago = parse_duration(text.lower())
    except ValueError:
        return _calendar(text, day_ends=day_ends)
    if ago > _FAR:
        raise ValueError("that is longer ago than calendars go")
    return now - ago


def _calendar(text: str, *, day_ends: bool) -> datetime:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError("write how long ago (30d, 12h) or a day (2026-11-01)") from None
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    return datetime.combine(day, time(tzinfo=UTC)) + timedelta(days=1 if day_ends else 0)


def duration_text(duration: timedelta) -> str:
    """Write a duration as Docker's ``until`` reads it: whole hours, minutes or seconds."""
    seconds = int(duration.total_seconds())
    for unit, name in ((3600, "h"), (60, "m")):
        if seconds and seconds % unit == 0:
            return f"{seconds // unit}{name}"
    return f"{seconds}s"


def duration_words(duration: timedelta) -> str:
    """Write a duration in words, rounded down to its largest unit: ``7 days``, ``1 hour``."""
    seconds = int(duration.total_seconds())
    for unit, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= unit:
            count = seconds // unit
            return f"{count} {name}{'s' if count != 1 else ''}"
    return f"{seconds} second{'s' if seconds != 1 else ''}"
