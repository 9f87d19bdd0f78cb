"""Windows: when cleanups may run, by the clock on the wall of one time zone.

A moment is inside when a clock there shows a time inside, whatever summer time does: an hour that is left out
opens nothing, and an hour that comes twice opens twice. What is over midnight belongs to the day it begins on.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EXAMPLE = "mon-fri 22:00-06:00"

_WINDOW = re.compile(r"(?:(?P<days>[a-z,-]+) +)?(?P<start>\d\d:\d\d) *- *(?P<end>\d\d:\d\d)")
_MIDNIGHT = 24 * 60
_WEEK = len(DAYS)
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One stretch of each of these days; ``start`` and ``end`` are minutes since midnight."""

    text: str
    """As it was written; for display only."""
    days: frozenset[int]
    """0 is Monday."""
    start: int
    end: int
    """Before ``start`` when it is on the next day; 1440 is midnight."""

    def shows(self, weekday: int, minute: int) -> bool:
        """Whether it is open when the clock shows this minute of this day."""
        if self.start < self.end:
            return weekday in self.days and self.start <= minute < self.end
        yesterday = (weekday - 1) % _WEEK
        return (weekday in self.days and minute >= self.start) or (
            yesterday in self.days and minute < self.end
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """All windows of a policy; none means that cleanups may run at any time."""

    windows: tuple[Window, ...] = ()
    zone: tzinfo = UTC

    def open_at(self, moment: datetime) -> bool:
        if not self.windows:
            return True
        wall = moment.astimezone(self.zone)
        minute = wall.hour * 60 + wall.minute
        return any(window.shows(wall.weekday(), minute) for window in self.windows)

    def opening(self, moment: datetime) -> datetime:
        """The moment itself when it is inside, else the next at which a window opens, in UTC."""
        if self.open_at(moment):
            return moment
        # Inside begins where the wall's clock reaches a start, or where that clock is put forward or back.
        later = sorted(at for at in {*self._starts(moment), *self._jumps(moment)} if at > moment)
        return next(at for at in later if self.open_at(at))

    def covers(self, moment: datetime) -> bool:
        """Whether the moment is in one of them: never where there is none, other than ``open_at``."""
        return bool(self.windows) and self.open_at(moment)

    def closing(self, moment: datetime) -> datetime | None:
        """The moment itself when none covers it, else the next that none does, in UTC; None when there is no such."""
        if not self.covers(moment):
            return moment
        later = sorted(at for at in {*self._ends(moment), *self._jumps(moment)} if at > moment)
        return next((at for at in later if not self.covers(at)), None)

    def _starts(self, moment: datetime) -> Iterator[datetime]:
        return self._on_the_wall(moment, [window.start for window in self.windows])

    def _ends(self, moment: datetime) -> Iterator[datetime]:
        return self._on_the_wall(moment, [window.end % _MIDNIGHT for window in self.windows])

    def _on_the_wall(self, moment: datetime, minutes: Sequence[int]) -> Iterator[datetime]:
        """When the clock shows these, since midnight of the next days; a fortnight, since a week's may be left out."""
        first = moment.astimezone(self.zone).date()
        for ahead in range(2 * _WEEK + 2):
            for of_day in minutes:
                hour, minute = divmod(of_day, 60)
                wall = datetime.combine(first + ahead * _DAY, time(hour, minute), self.zone)
                yield wall.astimezone(UTC)
                yield wall.replace(fold=1).astimezone(UTC)

    def _jumps(self, moment: datetime) -> Iterator[datetime]:
        """When the clock on the wall is put forward or back within the next fortnight."""
        begin = moment.astimezone(UTC).replace(second=0, microsecond=0)
        for ahead in range(2 * _WEEK + 2):
            before, after = begin + ahead * _DAY, begin + (ahead + 1) * _DAY
            if self._offset(before) != self._offset(after):
                yield self._jump(before, after)

    def _jump(self, before: datetime, after: datetime) -> datetime:
        offset = self._offset(before)
        while after - before > _MINUTE:
            middle = before + (after - before) // _MINUTE // 2 * _MINUTE
            before, after = (middle, after) if self._offset(middle) == offset else (before, middle)
        return after

    def _offset(self, moment: datetime) -> timedelta | None:
        return moment.astimezone(self.zone).utcoffset()

    def words(self) -> str:
        """All of them in one line; for display only."""
        return ", ".join(window.text for window in self.windows) + f" ({self.zone})" if self.windows else ""


def parse_window(text: str) -> Window:
    """Read ``mon-fri 22:00-06:00``, ``sat,sun 00:00-24:00`` or ``01:00-05:00``; ValueError says what is wrong."""
    found = _WINDOW.fullmatch(text.strip().lower())
    if not found:
        raise ValueError(f"“{text}” is no window; write it like {EXAMPLE}")
    start, end = _minute(found["start"], text), _minute(found["end"], text)
    if start in {end, _MIDNIGHT}:
        raise ValueError(
            f"“{text}” begins where it ends; write it like {EXAMPLE}, a whole day as 00:00-24:00"
        )
    return Window(text=text.strip(), days=frozenset(_days(found["days"], text)), start=start, end=end)


def _minute(text: str, whole: str) -> int:
    hour, minute = int(text[:2]), int(text[3:])
    at = hour * 60 + minute
    if minute > 59 or at > _MIDNIGHT:  # noqa: PLR2004 - the last minute of an hour
        raise ValueError(f"“{text}” in “{whole}” is no time of day; write 00:00 to 24:00")
    return at


def _days(text: str | None, whole: str) -> Iterable[int]:
    if text is None:
        return range(_WEEK)
    return [day for part in text.split(",") for day in _span(part.split("-"), whole)]


def _span(ends: Sequence[str], whole: str) -> Iterable[int]:
    wrong = [name for name in ends if name not in DAYS]
    if wrong or len(ends) > 2:  # noqa: PLR2004 - from and to
        raise ValueError(f"“{wrong[0] if wrong else '-'.join(ends)}” in “{whole}” is no day; the days are "
                         f"{', '.join(DAYS)}, like in {EXAMPLE}")  # fmt: skip
    first, last = DAYS.index(ends[0]), DAYS.index(ends[-1])
    return [day % _WEEK for day in range(first, (last if last >= first else last + _WEEK) + 1)]
