"""Rows to the core's values and back."""

import json
from collections.abc import Iterable, Sequence

from pydantic import TypeAdapter

from bot.core.docker.usage import DiskSpace, DiskUsage, LastLook
from bot.core.errors import NewerReleaseError
from bot.core.life.restoring import ImageRestored, RestoreStatus, Restoring
from bot.core.life.states import ItemState, MessageRef, Outcome, PlanState, Status, Stop, Vote
from bot.core.plan.plan import Person, Plan
from bot.store.db.columns import storable_json
from bot.store.models import FORMAT, ItemRow, LastLookRow, PlanRow, RestoreRow, VoteRow

_PLAN = TypeAdapter(Plan)
_USAGE = TypeAdapter(DiskUsage)
_DISK = TypeAdapter(DiskSpace)
_IMAGES = TypeAdapter(tuple[ImageRestored, ...])


def plan_text(plan: Plan) -> str:
    """A plan as the JSON text of its snapshot."""
    # A read-only mapping is a mapping too: pydantic would warn of it, and then ask what to do.
    return _text(_PLAN.dump_python(plan, mode="json", fallback=dict, warnings=False))


def plan_of_text(text: str) -> Plan:
    """The plan of a snapshot."""
    return _PLAN.validate_json(text)


def usage_text(usage: DiskUsage) -> str:
    return _text(_USAGE.dump_python(usage, mode="json"))


def look_texts(look: LastLook) -> tuple[str, str | None]:
    """The usage and the disk of a look, as the database keeps them."""
    return usage_text(look.usage), None if look.disk is None else _text(
        _DISK.dump_python(look.disk, mode="json")
    )


def look_of(row: LastLookRow) -> LastLook:
    """A look as it was kept."""
    disk = None if row.disk is None else _DISK.validate_json(row.disk)
    return LastLook(at=row.at, usage=_USAGE.validate_json(row.usage), disk=disk)


def names_text(names: Sequence[str]) -> str:
    return _text(list(names)) if names else ""


def _names(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text)) if text else ()


def _text(value: object) -> str:
    return json.dumps(storable_json(value), ensure_ascii=False, separators=(",", ":"))


def _usage(text: str | None) -> DiskUsage | None:
    return None if text is None else _USAGE.validate_json(text)


def stored_plan(row: PlanRow) -> Plan:
    """The plan of a row, from its snapshot."""
    return plan_of_text(row.snapshot)


def restoring(row: RestoreRow) -> Restoring:
    return Restoring(
        number=row.number,
        status=RestoreStatus(row.status),
        asked_by=Person(id=row.person_id, name=row.person_name),
        asked_at=row.asked_at,
        ended_at=row.ended_at,
        images=_IMAGES.validate_json(row.images),
    )


def images_text(images: tuple[ImageRestored, ...]) -> str:
    return _text(_IMAGES.dump_python(images, mode="json"))


def plan_state(
    row: PlanRow,
    items: Sequence[ItemRow],
    votes: Iterable[VoteRow],
    waits_for: str = "",
    restore: RestoreRow | None = None,
) -> PlanState:
    """A plan and where it stands; items in their order, votes in theirs. NewerReleaseError."""
    _understood(row, items)
    plan = stored_plan(row)
    message = None
    if row.message_channel:
        message = MessageRef(channel=row.message_channel, ts=row.message_ts, permalink=row.message_permalink)
    return PlanState(
        plan=plan,
        status=Status(row.status),
        version=row.version,
        quorum=row.quorum,
        votes=tuple(
            Vote(
                person=Person(id=vote.person_id, name=vote.person_name),
                approve=vote.approve,
                at=vote.at,
                reason=vote.reason,
            )
            for vote in votes
        ),
        items=tuple(
            ItemState(
                position=item.position,
                item=plan.draft.items[item.position],
                outcome=Outcome(item.outcome),
                reason=item.reason,
                bytes=item.bytes,
                untagging=_names(item.untagging),
                reconciled=item.reconciled,
            )
            for item in items
            if 0 <= item.position < len(plan.draft.items)
        ),
        message=message,
        reason=row.reason,
        decided_at=row.decided_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        starts_at=row.starts_at,
        usage_before=_usage(row.usage_before),
        usage_after=_usage(row.usage_after),
        attempt=row.attempt,
        stop=_stop(row),
        attention=row.attention,
        waits_for=waits_for,
        restoring=restoring(restore) if restore else None,
    )


def _stop(row: PlanRow) -> Stop | None:
    if row.stop_at is None:
        return None
    return Stop(person=Person(id=row.stop_by_id, name=row.stop_by_name), at=row.stop_at)


def _understood(row: PlanRow, items: Sequence[ItemRow]) -> None:
    """Leave alone what a newer release wrote; what it means is not guessed."""
    outcomes = {item.outcome for item in items}
    if row.format <= FORMAT and row.status in set(Status) and outcomes <= set(Outcome):
        return
    raise NewerReleaseError(
        f"Plan {row.id} was written by a newer release of Deckhand, and this one cannot read it. "
        "Look at it with that release; this one leaves it alone."
    )
