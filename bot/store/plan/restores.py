"""Restoring removed images: asked for once at a time, claimed by one process, every write of it fenced."""

import logging
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, update
from sqlmodel import Session, col, select

from bot.core.audit.events import Event, Tag, time_text
from bot.core.audit.written import IMAGES
from bot.core.errors import LeaseLostError, PlanDiffersError, RefusedError
from bot.core.life.restoring import ImageRestored, RestoreStatus
from bot.core.life.states import PlanState
from bot.core.plan.plan import Person
from bot.ports import RestoreRun
from bot.store.db.sessions import DatabaseNow, now, update_count
from bot.store.events import chain, genuine
from bot.store.mapping import restoring
from bot.store.models import PlanRow, RestoreRow
from bot.store.plan.plans import load, there

LOG = logging.getLogger(__name__)

_DUE = or_(
    col(RestoreRow.status) == str(RestoreStatus.WAITING),
    and_(col(RestoreRow.status) == str(RestoreStatus.RUNNING), col(RestoreRow.lease_until) <= DatabaseNow()),
)


def ask(
    session: Session, plan_id: str, person: Person, decide: Callable[[PlanState, datetime], Event]
) -> PlanState:
    """Let ``decide`` say whether the plan's images may be asked for again, and write that they were."""
    try:
        state = there(load(session, plan_id, lock=True), plan_id)
        doubt = state.doubt
    except PlanDiffersError as unreadable:
        doubt = str(unreadable)
    if doubt:
        raise RefusedError(
            f"Nothing is restored: {doubt}, by Deckhand's audit. Let whoever runs Deckhand look at its database."
        )
    moment = now(session)
    event = decide(state, moment)
    number = state.restoring.number + 1 if state.restoring else 1
    session.merge(
        RestoreRow(
            plan_id=plan_id,
            number=number,
            status=str(RestoreStatus.WAITING),
            person_id=person.id,
            person_name=person.name,
            asked_at=moment,
        )
    )
    session.flush()
    _show_again(session, plan_id)
    asked = chain.saying(event, {"changed_at": time_text(moment)})
    chain.append(session, {f"{plan_id}/restore {number}/asked": asked})
    return there(load(session, plan_id), plan_id)


def claimable(session: Session) -> tuple[str, ...]:
    """Ids of plans whose restoring nobody works on, the oldest first."""
    query = select(RestoreRow.plan_id).where(_DUE, col(RestoreRow.status) != str(RestoreStatus.ENDED))
    return tuple(session.exec(query.order_by(col(RestoreRow.asked_at), col(RestoreRow.plan_id))))


def claim(session: Session, plan_id: str, owner: str, lease: timedelta) -> RestoreRun | None:
    row = session.exec(
        select(RestoreRow)
        .where(col(RestoreRow.plan_id) == plan_id, _DUE)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        return None
    try:
        doubt = there(load(session, plan_id), plan_id).doubt
    except PlanDiffersError as unreadable:
        doubt = str(unreadable)
    asked = _asked(session, row)
    host = session.exec(select(PlanRow.host).where(col(PlanRow.id) == plan_id)).one()
    if doubt or asked is None:
        _refuse(session, row, host, doubt or "nobody asked for it")
        return None
    row.status, row.owner, row.attempt = str(RestoreStatus.RUNNING), owner, row.attempt + 1
    row.lease_until = now(session) + lease
    session.add(row)
    session.flush()
    _show_again(session, plan_id)
    channel = str(asked.facts.get("channel") or "")
    return RestoreRun(
        plan_id=plan_id, host=host, number=row.number, owner=owner, attempt=row.attempt, channel=channel
    )


def _asked(session: Session, row: RestoreRow) -> Event | None:
    """That this person asked for it, by the audit; None when they did not, or it has ended, or nothing says so."""
    asked = genuine.event(session, f"{row.plan_id}/restore {row.number}/asked")
    ended = genuine.event(session, f"{row.plan_id}/restore {row.number}/ended")
    own = asked is not None and ended is None and asked.event.actor == row.person_id
    whole = asked is not None and own and genuine.is_whole(session, asked.seq)
    return asked.event if asked is not None and whole else None


def _refuse(session: Session, row: RestoreRow, host: str, why: str) -> None:
    """End a restoring that nobody asked for, or of other images than were removed; nothing is pulled."""
    reason = f"{why}, by Deckhand's audit: nothing more was restored"
    LOG.error("%s: the restoring of plan %s is ended: %s", host, row.plan_id, reason)
    row.status, row.ended_at, row.lease_until = str(RestoreStatus.ENDED), now(session), None
    session.add(row)
    session.flush()
    _show_again(session, row.plan_id)
    differs = Event(
        tag=Tag.PLAN_DIFFERS,
        plan=row.plan_id,
        host=host,
        facts={"reason": reason, "restore": row.number},
    )
    chain.append(session, {f"{row.plan_id}/differs {uuid.uuid4()}/0": differs})


def release(session: Session, run: RestoreRun) -> None:
    _fence(session, run, {"lease_until": now(session)})


def renew(session: Session, run: RestoreRun, lease: timedelta) -> None:
    _fence(session, run, {"lease_until": now(session) + lease})


def record(session: Session, run: RestoreRun, image: ImageRestored, event: Event) -> None:
    """Write how one image ended; what was recorded of it first stands."""
    _fence(session, run, {"attempt": run.attempt})
    row = session.exec(
        select(RestoreRow)
        .where(col(RestoreRow.plan_id) == run.plan_id)
        .execution_options(populate_existing=True)
    ).one()
    known = restoring(row).images
    if any(one.position == image.position for one in known):
        return
    _fence(session, run, {"images": IMAGES.text((*known, image))})
    _show_again(session, run.plan_id)
    chain.append(session, {f"{run.plan_id}/restore {run.number}/image {image.position}": event})


def end(session: Session, run: RestoreRun, event: Event) -> PlanState:
    moment = now(session)
    ended = {"status": str(RestoreStatus.ENDED), "ended_at": moment, "lease_until": None}
    _fence(session, run, ended)
    _show_again(session, run.plan_id)
    chain.append(
        session,
        {f"{run.plan_id}/restore {run.number}/ended": chain.saying(event, {"changed_at": time_text(moment)})},
    )
    return there(load(session, run.plan_id), run.plan_id)


def _fence(session: Session, run: RestoreRun, values: Mapping[str, object]) -> None:
    """Prove that the run is ours, and hold its row until the transaction ends; LeaseLostError when it is not."""
    statement = (
        update(RestoreRow)
        .where(
            col(RestoreRow.plan_id) == run.plan_id,
            col(RestoreRow.number) == run.number,
            col(RestoreRow.owner) == run.owner,
            col(RestoreRow.attempt) == run.attempt,
            col(RestoreRow.status) == str(RestoreStatus.RUNNING),
        )
        .values(values)
    )
    if update_count(session, statement) != 1:
        raise LeaseLostError(
            f"{run.host}: another process has taken over or ended {run}; this one stands down."
        )


def _show_again(session: Session, plan_id: str) -> None:
    """The plan's message has something new to show."""
    values = {"version": col(PlanRow.version) + 1, "changed_at": now(session)}
    update_count(session, update(PlanRow).where(col(PlanRow.id) == plan_id).values(values))
