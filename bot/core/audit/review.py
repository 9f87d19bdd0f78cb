"""What a review of the audit is made of: cleanups, places in their list, what they add up to; and all that as JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from bot.core.audit import facts
from bot.core.audit.events import ChainedEvent, time_text
from bot.core.audit.states import Basis, Recorded
from bot.core.errors import UsageError
from bot.core.json import Json
from bot.core.life.restoring import digests
from bot.core.life.states import CLEANUP_OUTCOMES, PlanState

CLEANUP_PREFIX = "cleanup:"

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleanup:
    """One line of the audit list: a plan that was run, or is running."""

    id: str
    plan: str
    host: str
    engine_id: str
    profile: str
    requested_by: str
    approved_by: tuple[str, ...]
    outcome: str
    predicted_bytes: int
    reclaimed_bytes: int
    started_at: datetime
    finished_at: datetime | None
    basis: Basis = Basis.EVENTS
    differs: bool = False
    """Whether somebody has changed a row of it: the line is what its events say."""
    found_at: datetime
    """Where it stands in the list, which is made of rows: its start, unless somebody has changed that."""


# --- for machines -------------------------------------------------------------------------------


def cleanup_json(cleanup: Cleanup) -> dict[str, Json]:
    """One line of ``deckhand audit list --json``."""
    plain: dict[str, Json] = asdict(cleanup)
    plain["approved_by"] = list(cleanup.approved_by)
    plain["started_at"] = time_text(cleanup.started_at)
    plain["finished_at"] = time_text(cleanup.finished_at) if cleanup.finished_at else None
    del plain["found_at"]
    return plain


def statistics_json(statistics: Statistics) -> dict[str, Json]:
    """What ``deckhand audit stats --json`` prints; bytes are integers."""
    return {
        "all": _tally_json(statistics.all),
        "by_host": _tallies_json(statistics.by_host),
        "by_profile": _tallies_json(statistics.by_profile),
        "by_month": _tallies_json(statistics.by_month),
        "by_requester": _tallies_json(statistics.by_requester),
        "by_outcome": _tallies_json(statistics.by_outcome),
    }


def _tallies_json(tallies: Mapping[str, Tally]) -> Json:
    return {name: _tally_json(tally) for name, tally in tallies.items()}


def _tally_json(tally: Tally) -> Json:
    return {"cleanups": tally.cleanups, "bytes": tally.bytes}


def plan_json(recorded: Recorded) -> dict[str, Json]:
    """A whole record as ``deckhand audit show --json`` prints it."""
    state = recorded.state
    plan, draft = state.plan, state.plan.draft
    return {
        "id": CLEANUP_PREFIX + plan.id,
        "plan": plan.id,
        "host": plan.host,
        "engine_id": draft.engine.id,
        "profile": draft.profile,
        "requested_by": plan.requester.id,
        "approved_by": [person.id for person in state.approvers],
        "outcome": state.status,
        "reason": state.reason,
        "predicted_bytes": draft.frees.high,
        "reclaimed_bytes": state.reclaimed,
        "measured_bytes": state.measured,
        "started_at": time_text(state.started_at) if state.started_at else None,
        "finished_at": time_text(state.finished_at) if state.finished_at else None,
        "items": [facts.item(item) for item in state.items],
        "before": facts.usage(state.usage_before),
        "after": facts.usage(state.usage_after),
        "restorable": _restorable_json(state),
        "restored": _restored_json(state),
        "events": [event_json(link) for link in recorded.events],
        "basis": recorded.basis,
        "differences": list(recorded.differences),
    }


def _restorable_json(state: PlanState) -> Json:
    """Removed images that can be pulled again, and from where."""
    if state.status not in CLEANUP_OUTCOMES:
        return []
    return [
        {"id": one.item.id, "name": one.item.name, "digests": list(digests(one.item))}
        for one in state.restorable
    ]


def _restored_json(state: PlanState) -> Json:
    """What came of the last time that they were asked for; None when nobody has."""
    asked = state.restoring
    if asked is None:
        return None
    items = {one.position: one.item for one in state.items}
    return {
        "asked_by": asked.asked_by.id,
        "asked_at": time_text(asked.asked_at),
        "ended_at": time_text(asked.ended_at) if asked.ended_at else None,
        "status": asked.status,
        "images": [
            {"id": items[image.position].id, "outcome": image.outcome, "reason": image.reason}
            for image in asked.images
            if image.position in items
        ],
    }


def event_json(link: ChainedEvent) -> dict[str, Json]:
    """One event of the chain, with what is needed to check its hash."""
    return {
        "seq": link.seq,
        "at": time_text(link.at),
        "tag": link.event.tag,
        "plan": link.event.plan,
        "host": link.event.host,
        "actor": link.event.actor,
        "facts": dict(link.event.facts),
        "previous": link.previous,
        "hash": link.hash,
    }
