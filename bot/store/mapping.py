"""Rows to the core's values and back."""

from collections.abc import Iterable, Sequence

from bot.core.audit.written import DISK, IMAGES, NAMES, PLAN, USAGE
from bot.core.docker.usage import LastLook
from bot.core.errors import NewerReleaseError
from bot.core.life.restoring import RestoreStatus, Restoring
from bot.core.life.states import ItemState, MessageRef, Outcome, PlanState, Status, StopAsked, Vote
from bot.core.plan.plan import Person
from bot.store.models import FORMAT, ItemRow, LastLookRow, PlanRow, RestoreRow, VoteRow


def look_texts(look: LastLook) -> tuple[str, str | None]:
    """The usage and the disk of a look, as the database keeps them."""
    return USAGE.text(look.usage), None if look.disk is None else DISK.text(look.disk)


def look_of(row: LastLookRow) -> LastLook:
    """A look as it was kept."""
    disk = None if row.disk is None else DISK.read(row.disk)
    return LastLook(at=row.at, usage=USAGE.read(row.usage), disk=disk)


def restoring(row: RestoreRow) -> Restoring:
    return Restoring(
        number=row.number,
        status=RestoreStatus(row.status),
        asked_by=Person(id=row.person_id, name=row.person_name),
        asked_at=row.asked_at,
        ended_at=row.ended_at,
        images=IMAGES.read(row.images),
    )


def plan_state(
    row: PlanRow,
    items: Sequence[ItemRow],
    votes: Iterable[VoteRow],
    waits_for: str = "",
    restore: RestoreRow | None = None,
) -> PlanState:
    """A plan and where it stands; items in their order, votes in theirs. NewerReleaseError."""
    _understood(row, items)
    plan = PLAN.read(row.snapshot)
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
                untagging=NAMES.read(item.untagging) if item.untagging else (),
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
        usage_before=USAGE.read(row.usage_before) if row.usage_before is not None else None,
        usage_after=USAGE.read(row.usage_after) if row.usage_after is not None else None,
        attempt=row.attempt,
        stop=_stop(row),
        attention=row.attention,
        waits_for=waits_for,
        restoring=restoring(restore) if restore else None,
        batch=row.batch,
        fleet=row.fleet,
        wave=row.wave,
    )


def _stop(row: PlanRow) -> StopAsked | None:
    if row.stop_at is None:
        return None
    return StopAsked(person=Person(id=row.stop_by_id, name=row.stop_by_name), at=row.stop_at)


def _understood(row: PlanRow, items: Sequence[ItemRow]) -> None:
    """Leave alone what a newer release wrote; what it means is not guessed."""
    outcomes = {item.outcome for item in items}
    if row.format <= FORMAT and row.status in set(Status) and outcomes <= set(Outcome):
        return
    raise NewerReleaseError(
        f"Plan {row.id} was written by a newer release of Deckhand, and this one cannot read it. "
        "Look at it with that release; this one leaves it alone."
    )
