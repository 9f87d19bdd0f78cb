"""A plan's state as its events tell it: what people are shown of what was done.

What the events do not tell comes from the rows where there are some: which objects were kept and why, how often a
message was brought up to date, and whatever earlier releases did not write into their events.
"""

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, fields, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from bot.core.audit.events import ChainedEvent
from bot.core.audit.records import Record, Values
from bot.core.audit.rows.words import items_of
from bot.core.docker.inventory import EngineInfo
from bot.core.docker.usage import DiskUsage, UsageRow
from bot.core.life.restoring import ImageRestored, Restored, RestoreStatus, Restoring
from bot.core.life.states import ItemState, MessageRef, Outcome, PlanState, Status, StopAsked, Vote
from bot.core.plan.plan import Draft, Frees, Item, Person, Plan

NOT_RECORDED = "not recorded"
_AT = "%Y-%m-%dT%H:%M:%S.%fZ"
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class Basis(StrEnum):
    """Where a record comes from."""

    EVENTS = "events"
    ARCHIVED = "archived"  # from rows, which the archived events are compared with
    NOTHING = "nothing"  # from rows of which no event tells


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One plan as its events tell it, with those events, and what the rows say otherwise."""

    state: PlanState
    events: tuple[ChainedEvent, ...]
    basis: Basis = Basis.EVENTS
    differences: tuple[str, ...] = ()
    """Sentences: what somebody has changed in the database."""


def state_of(record: Record, row: PlanState | None) -> PlanState:
    """The plan by its events; ValueError when they do not tell enough to make one, and no row does."""
    told, plan = record.of_plan, _plan(record, row.plan if row else None)
    items = _items(record, plan.draft.items) or (row.items if row else ())
    state = row or PlanState(plan=plan, status=Status.PROPOSED, version=1, quorum=0)
    before, after = _usages(record, row)
    names = {
        vote.person.id: vote.person.name for vote in state.votes
    }  # the first releases did not write them
    return replace(
        state,
        plan=plan,
        status=Status(str(told.get("status", state.status))),
        quorum=_number(told.get("quorum"), state.quorum),
        votes=tuple(_vote(told, names) for told in record.votes.values()),
        items=items,
        message=_message(told, state),
        reason=str(told.get("reason", state.reason)),
        decided_at=_moment(told["decided_at"]) if "decided_at" in told else state.decided_at,
        started_at=_moment(told["started_at"]) if "started_at" in told else state.started_at,
        finished_at=_moment(told["finished_at"]) if "finished_at" in told else state.finished_at,
        starts_at=_moment(told["starts_at"]) if "starts_at" in told else state.starts_at,
        usage_before=before,
        usage_after=after,
        attempt=_number(told.get("attempt"), state.attempt),
        stop=_stop(told),
        attention=str(told.get("attention", state.attention)),
        restoring=_restoring(record, state.restoring),
    )


def _number(told: object, otherwise: int) -> int:
    return told if isinstance(told, int) else otherwise


def _moment(text: object) -> datetime | None:
    return None if text is None else datetime.strptime(str(text), _AT).replace(tzinfo=UTC)


def _message(told: Values, state: PlanState) -> MessageRef | None:
    if "message_channel" not in told:
        return state.message
    return MessageRef(
        channel=str(told["message_channel"]),
        ts=str(told["message_ts"]),
        permalink=str(told["message_permalink"]),
    )


def _vote(told: Values, names: Mapping[str, str]) -> Vote:
    person = str(told["person_id"])
    return Vote(
        person=Person(id=person, name=str(told.get("person_name", names.get(person, "")))),
        approve=bool(told["approve"]),
        at=_moment(told["at"]) or _NEVER,
        reason=str(told["reason"]),
    )


def _stop(told: Values) -> StopAsked | None:
    at = _moment(told.get("stop_at"))
    if at is None:
        return None
    return StopAsked(person=Person(id=str(told["stop_by_id"]), name=str(told.get("stop_by_name", ""))), at=at)


# --- the plan itself ----------------------------------------------------------------------------


def _plan(record: Record, row: Plan | None) -> Plan:
    told, facts = record.of_plan, record.proposed
    requester = str(told.get("requester_id") or (row.requester.id if row else NOT_RECORDED))
    created, expires = (_moment(told.get(name)) for name in ("created_at", "expires_at"))
    usage = _usage(facts.get("usage"))
    return Plan(
        id=record.plan,
        host=str(told.get("host") or (row.host if row else NOT_RECORDED)),
        draft=_draft(facts, row.draft if row else None),
        requester=Person(
            id=requester, name=str(told.get("requester_name", row.requester.name if row else ""))
        ),
        policy=str(facts.get("policy", row.policy if row else NOT_RECORDED)),
        profile_words=str(facts.get("profile_words", row.profile_words if row else "")),
        commands=tuple(facts.get("commands", row.commands if row else ())),
        created_at=(row.created_at if row and "created_at" in record.rough else created) or _NEVER,
        expires_at=expires or (row.expires_at if row else None) or created or _NEVER,
        usage=usage or (row.usage if row else DiskUsage(rows=())),
    )


def _draft(facts: Mapping[str, Any], row: Draft | None) -> Draft:
    nothing = Draft(
        profile=NOT_RECORDED, engine=_engine({}), taken_at=_NEVER, items=(), kept=(),
        frees=Frees(low=0, high=0, exact=False, why=NOT_RECORDED),
    )  # fmt: skip
    draft = row or nothing
    predicted = {"exact": draft.frees.exact, "why": draft.frees.why, **facts.get("predicted", {})}
    return replace(
        draft,
        profile=facts.get("profile", draft.profile),
        engine=_engine(facts["engine"]) if "engine" in facts else draft.engine,
        items=_pinned(tuple(items_of(facts["items"])), draft.items) if "items" in facts else draft.items,
        frees=Frees(**predicted) if "predicted" in facts else draft.frees,
        notes=tuple(facts.get("notes", draft.notes)),
        arguments=facts.get("arguments", draft.arguments),
        words=draft.words if row else facts.get("profile_words", ""),
        commands=draft.commands if row else tuple(facts.get("commands", ())),
    )


def _engine(facts: Mapping[str, Any]) -> EngineInfo:
    """What may be unknown is so where no event tells of it: a plan does not carry all that an engine is."""
    unknown = {
        one.name: NOT_RECORDED if one.default is MISSING else one.default for one in fields(EngineInfo)
    }
    return EngineInfo(**{name: str(facts.get(name, otherwise)) for name, otherwise in unknown.items()})


def _pinned(told: tuple[Item, ...], rows: tuple[Item, ...]) -> tuple[Item, ...]:
    """The items of the events, with what only the rows know of the very same objects."""
    known = {(item.kind, item.id): item for item in rows}
    same = ((item, known.get((item.kind, item.id))) for item in told)
    return tuple(
        replace(item, created_at=row.created_at, shared=row.shared) if row else item for item, row in same
    )


def _items(record: Record, items: tuple[Item, ...]) -> tuple[ItemState, ...]:
    return tuple(
        ItemState(
            position=position,
            item=items[position],
            outcome=Outcome(str(told["outcome"])),
            reason=str(told["reason"]),
            bytes=_number(told["bytes"], 0),
            untagging=tuple(told["untagging"]),  # type: ignore[arg-type] # a list of names, or empty
            reconciled=bool(told["reconciled"]),
        )
        for position, told in enumerate(record.items)
    )


# --- the disk, and what came back ---------------------------------------------------------------


def _usages(record: Record, row: PlanState | None) -> tuple[DiskUsage | None, DiskUsage | None]:
    """Usage before and after; what is free there is told as the difference, which alone is shown."""
    facts = record.finished
    if "before" not in facts:
        return (row.usage_before, row.usage_after) if row else (None, None)
    before, after, measured = _usage(facts["before"]), _usage(facts["after"]), facts.get("measured_bytes")
    if before and after and measured is not None:
        free = row.usage_before.free if row and row.usage_before else None
        before, after = replace(before, free=free or 0), replace(after, free=(free or 0) + measured)
    return before, after


def _usage(rows: Iterable[Mapping[str, Any]] | None) -> DiskUsage | None:
    return None if rows is None else DiskUsage(rows=tuple(UsageRow(**row) for row in rows))


def _restoring(record: Record, row: Restoring | None) -> Restoring | None:
    told = record.restore
    if told is None:
        return None
    images: Any = told["images"]
    status = RestoreStatus(str(told["status"]))
    if status is RestoreStatus.WAITING and row and row.status is RestoreStatus.RUNNING:
        status = row.status  # that somebody has taken it up is no event
    return Restoring(
        number=_number(told["number"], 1),
        status=status,
        asked_by=Person(id=str(told["person_id"]), name=str(told.get("person_name", ""))),
        asked_at=_moment(told["asked_at"]) or _NEVER,
        ended_at=_moment(told["ended_at"]),
        images=tuple(
            ImageRestored(
                position=image["position"], outcome=Restored(image["outcome"]), reason=image["reason"]
            )
            for image in images
            if image["position"] is not None
        ),
    )
