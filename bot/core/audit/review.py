"""What a review of the audit is made of: places in its list, and what cleanups add up to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.core.audit.events import time_text
from bot.core.errors import UsageError

_DIRECTIONS = {"older": False, "newer": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The edge of a page of cleanups: the list is sorted by start and, in the same microsecond, by plan."""

    started_at: datetime
    plan: str
    newer: bool = False
    """Whether what is next newer is meant; else what is next older."""

    def __str__(self) -> str:
        return f"{'newer' if self.newer else 'older'} {time_text(self.started_at)} {self.plan}"


def read_place(text: str) -> Place:
    """The place that ``str`` wrote; UsageError for any other text."""
    try:
        direction, at, plan = text.split(" ")
        moment = datetime.strptime(at, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
        return Place(started_at=moment, plan=plan, newer=_DIRECTIONS[direction])
    except (ValueError, KeyError):
        raise UsageError("This button is of another release of Deckhand. Ask for the audit again.") from None


@dataclass(frozen=True, slots=True)
class Tally:
    """So many cleanups, and the bytes that they freed."""

    cleanups: int
    bytes: int

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.cleanups + other.cleanups, self.bytes + other.bytes)


NOTHING = Tally(0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """All cleanups that are meant, by host; who freed most comes first."""

    by_host: Mapping[str, Tally]

    @property
    def all(self) -> Tally:
        return sum(self.by_host.values(), NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics(Totals):
    by_profile: Mapping[str, Tally]
    by_month: Mapping[str, Tally]
    """Months as ``2026-11``, in UTC, the oldest first."""
    by_requester: Mapping[str, Tally]
    by_outcome: Mapping[str, Tally]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedItem:
    """One object of a cleanup as the list of all objects has it."""

    plan: str
    kind: str
    id: str
    name: str
    outcome: str
    reason: str
    bytes: int
