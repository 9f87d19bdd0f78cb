"""Alerting: where a host's alerts are told, how often, when not, and who hears of one on which nobody acts."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

from bot.core.plan.profiles import DEFAULT_PROFILE
from bot.core.rules.windows import Windows
from bot.core.watch.pressure.lines import Level, Line, Lines

REPEAT = timedelta(hours=4)
_WHOLE, _MB = 100, 1_000_000
_PERIOD = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d) +to +(\d{4}-\d\d-\d\d \d\d:\d\d)")
_EXAMPLE = "2026-12-24 18:00 to 2026-12-27 08:00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A stretch of time that comes once, by the clock on the wall."""

    text: str
    """As it was written; for display only."""
    start: datetime
    """Without a zone, as the next."""
    end: datetime

    def holds(self, moment: datetime, zone: tzinfo) -> bool:
        wall = moment.astimezone(zone).replace(tzinfo=None)
        return self.start <= wall < self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """When nobody is to be disturbed."""

    weekly: Windows | None = None
    once: tuple[Period, ...] = ()
    zone: tzinfo = UTC
    critical: bool = False
    """Whether what is critical waits too."""

    def holds(self, moment: datetime, level: Level) -> bool:
        """Whether an alert of this level waits at this moment."""
        if level is Level.CRITICAL and not self.critical:
            return False
        weekly = self.weekly is not None and self.weekly.open_at(moment)
        return weekly or any(each.holds(moment, self.zone) for each in self.once)


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    after: timedelta
    """How long nobody may act."""
    to: tuple[str, ...]
    """Ids of channels, user groups and people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerting:
    channel: str = ""
    """Where its alerts are told; empty: there are none."""
    lines: Lines = field(default_factory=Lines)
    repeat: timedelta = REPEAT
    """How often an open alert is told again at most."""
    quiet: Quiet = field(default_factory=Quiet)
    escalation: Escalation | None = None
    profile: str = DEFAULT_PROFILE
    """What the plan that ends an alert may take."""

    def ends(self, causes: Collection[str]) -> tuple[str, ...]:
        """What to ask for behind the host, so that an alert with these causes is over: no more than that takes."""
        bounds = self.lines.warn or self.lines.critical
        target = [] if bounds is None else _target(bounds.clears)
        return (self.profile, *(target if any(cause.startswith("disk:") for cause in causes) else ()))


NO_ALERTS = Alerting()


def _target(line: Line) -> list[str]:
    """The disk is behind a line of two parts once it is behind one of them."""
    if line.share is not None:
        percent = int(line.share * _WHOLE + 1e-6)
        return [f"below={percent}%"] if 0 < percent < _WHOLE else []
    return [] if line.free is None else [f"free={-(-line.free // _MB) + 1}MB"]


def parse_period(text: str) -> Period:
    """Read ``2026-12-24 18:00 to 2026-12-27 08:00``; ValueError says what is wrong."""
    found = _PERIOD.fullmatch(text.strip())
    if not found:
        raise ValueError(f"“{text}” is no period; write it like {_EXAMPLE}")
    try:
        start, end = (datetime.fromisoformat(each) for each in found.groups())
    except ValueError:
        raise ValueError(
            f"“{text}” names a day or a time that there is not; write it like {_EXAMPLE}"
        ) from None
    if end <= start:
        raise ValueError(f"“{text}” ends before it begins; write it like {_EXAMPLE}")
    return Period(text=text.strip(), start=start, end=end)
