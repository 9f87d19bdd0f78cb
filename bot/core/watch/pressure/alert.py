"""An alert: that a disk is too full, or that a host does not answer, from when it opened until it is over."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core.watch.pressure.lines import Level


class Kind(StrEnum):
    """What an alert is about: a host has at most one open alert of each."""

    PRESSURE = "pressure"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one look at a host told of its disk; None: unknown, which changes nothing."""

    at: datetime
    engine: str
    size: int | None = None
    """Bytes, as ``free``."""
    free: int | None = None
    inodes: int | None = None
    free_inodes: int | None = None
    left: timedelta | None = None
    """How long it lasts if nobody cleans up; the longest of all times where no date is near."""
    lasts: str = ""
    """The same in words; for display only, as the next."""
    grows: str = ""
    """What grows most."""
    trouble: str = ""
    """Why the host did not answer; empty when it has."""

    @property
    def share(self) -> float | None:
        """How much of the disk is used, from 0 to 1."""
        return None if not self.size or self.free is None else 1 - self.free / self.size

    @property
    def inodes_share(self) -> float | None:
        """How many of its inodes are taken, from 0 to 1."""
        return None if not self.inodes or self.free_inodes is None else 1 - self.free_inodes / self.inodes


@dataclass(frozen=True, slots=True, kw_only=True)
class Snooze:
    """Somebody wants to hear nothing more of it for a while."""

    until: datetime | None
    """None: until it is over."""
    by: str
    """Slack user id."""
    by_name: str = ""
    why: str = ""
    at: datetime
    level: Level
    """How bad it was then: what is worse is told all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Somebody acted on it."""

    by: str
    by_name: str = ""
    at: datetime
    what: str
    """What they did, in a few words."""


def alert_id(host: str, kind: Kind, number: int) -> str:
    """Names a host's alert of a kind; they are counted from 1."""
    return f"{host}/{kind}/{number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    id: str
    host: str
    kind: Kind
    opened_at: datetime
    began_at: datetime
    """When it was seen for the first time, before it had held long enough to be one."""
    level: Level
    worst: Level
    causes: tuple[str, ...] = ()
    """The lines that are reached, by their names."""
    shows: Measured
    """The newest look that told something of it."""
    snoozed: Snooze | None = None
    answered: Answer | None = None
    ended_at: datetime | None = None
    ended_because: str = ""

    @property
    def is_open(self) -> bool:
        return self.ended_at is None

    def sleeps(self, now: datetime) -> bool:
        """Whether nobody is to hear of it now."""
        snooze = self.snoozed
        if snooze is None or self.level.rank > snooze.level.rank:
            return False
        return snooze.until is None or now < snooze.until

    def ended(self, at: datetime, because: str) -> "Alert":
        return replace(self, ended_at=at, ended_because=because)


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """A line with its hysteresis: on once it has been reached for long enough, off once it was behind it so long."""

    on: bool = False
    since: datetime | None = None
    """Since when each look says otherwise; None when the last one did not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known of a host by its looks so far, about one kind of alert."""

    engine: str = ""
    seen_at: datetime | None = None
    switches: Mapping[str, Switch] = field(default_factory=dict)
    """Without those that are off, and rest."""
    count: int = 0
    """Alerts that there were."""
    alert: Alert | None = None
    """The open one."""

    @property
    def rests(self) -> bool:
        return not self.switches and self.alert is None


class Happened(StrEnum):
    OPENED = "opened"
    WORSE = "worse"
    EASED = "eased"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a look changed, with the alert as it is after it."""

    happened: Happened
    alert: Alert
    before: Level | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What follows from a look."""

    standing: Standing
    changes: tuple[Change, ...] = ()
    seen: Alert | None = None
    """The open alert as it stands now, where the look said something new of it."""
