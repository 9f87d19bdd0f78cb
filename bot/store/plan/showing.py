"""Messages of plans: which are behind, who brings one up to date, where it stands, and what its thread says."""

from datetime import timedelta

from sqlalchemy import or_, update
from sqlmodel import Session, col, select

from bot.core.audit.events import ChainedEvent, Event, Tag
from bot.core.errors import RefusedError
from bot.core.json import Json
from bot.core.life.states import MessageRef, Status
from bot.store.db.sessions import DatabaseNow, now, update_count
from bot.store.events import chain
from bot.store.events.in_chain import InChain
from bot.store.models import PlanRow
from bot.store.plan.turns import known

_SINGLE_OBJECTS = (Tag.ITEM_REMOVING, Tag.ITEM_UNTAGGING, Tag.ITEM_ENDED, Tag.RESTORE_IMAGE)


def unshown(session: Session) -> tuple[str, ...]:
    """Ids of the plans whose message is behind, the oldest change first; not of those that are but a line so far."""
    return tuple(
        session.exec(
            select(PlanRow.id)
            .where(col(PlanRow.shown_version) < col(PlanRow.version), ~col(PlanRow.held), known())
            .order_by(col(PlanRow.changed_at), col(PlanRow.id))
        )
    )


def running(session: Session) -> frozenset[str]:
    """Ids of the cleanups that run and stand still for nobody."""
    going_on = (col(PlanRow.status) == Status.RUNNING, col(PlanRow.attention) == "", known())
    return frozenset(session.exec(select(PlanRow.id).where(*going_on)))


def shown(session: Session, plan_id: str, version: int, message: MessageRef) -> None:
    """Keep where the message stands and what it shows: what was said last, since it was posted last.

    That it was posted is an event, for each message that a plan was given.
    """
    before = session.exec(
        select(PlanRow.host, PlanRow.message_ts).where(col(PlanRow.id) == plan_id)
    ).one_or_none()
    if before is None:
        raise RefusedError(f"There is no plan “{plan_id}” (any more).")
    host, ts_before = before
    values: dict[str, object] = {
        "shown_version": version,
        "showing_until": None,
        "message_channel": message.channel,
        "message_ts": message.ts,
    }
    if message.permalink or message.ts != ts_before:
        values["message_permalink"] = message.permalink
    update_count(session, update(PlanRow).where(col(PlanRow.id) == plan_id).values(values))
    if message.ts != ts_before:
        facts: dict[str, Json] = {
            "channel": message.channel, "ts": message.ts, "permalink": message.permalink or None,
        }  # fmt: skip
        posted = Event(tag=Tag.PLAN_POSTED, plan=plan_id, host=host, facts=facts)
        chain.append(session, {f"{plan_id}/posted {message.channel} {message.ts}": posted})


def begin_showing(session: Session, plan_id: str, lease: timedelta) -> bool:
    """Keep the others from bringing the same message up to date; False when another is at it."""
    statement = (
        update(PlanRow)
        .where(
            col(PlanRow.id) == plan_id,
            col(PlanRow.shown_version) < col(PlanRow.version),
            or_(col(PlanRow.showing_until).is_(None), col(PlanRow.showing_until) <= DatabaseNow()),
        )
        .values(showing_until=now(session) + lease)
    )
    return update_count(session, statement) == 1


def leave_unshown(session: Session, plan_id: str) -> None:
    """The message could not be brought up to date: whoever comes next may try."""
    update_count(session, update(PlanRow).where(col(PlanRow.id) == plan_id).values(showing_until=None))


def untold(session: Session, plan_id: str) -> tuple[ChainedEvent, ...]:
    """The events of a plan since ``told``, oldest first; not those of single objects, of which there are many."""
    seq = session.exec(select(PlanRow.told_seq).where(col(PlanRow.id) == plan_id)).one_or_none()
    if seq is None:
        return ()
    entries, _strange = InChain(session).split(chain.of_plan_since(session, plan_id, seq, _SINGLE_OBJECTS))
    return tuple(chain.link(entry, plan_id) for entry in entries)


def told(session: Session, plan_id: str, seq: int) -> None:
    """Remember that everything up to this event was told; it never goes back."""
    update_count(
        session,
        update(PlanRow).where(col(PlanRow.id) == plan_id, col(PlanRow.told_seq) < seq).values(told_seq=seq),
    )
