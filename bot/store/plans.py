"""Plans: made, loaded, and changed by compare-and-set."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import insert, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.sql.dml import Update
from sqlmodel import Session, col, select

from bot.core.audit import Event
from bot.core.errors import RefusedError
from bot.core.lifecycle import MessageRef, PlanState, Status, Vote, may_become
from bot.core.plans import Plan
from bot.ports import Change
from bot.store import chain
from bot.store.mapping import plan_state, plan_text
from bot.store.models import ItemRow, PlanRow, RestoreRow, VoteRow
from bot.store.sessions import DatabaseNow, now


def update_count(session: Session, statement: Update) -> int:
    """Run an update past the session's own copies of rows; how many rows it changed."""
    result = session.execute(statement.execution_options(synchronize_session=False))
    assert isinstance(result, CursorResult)  # noqa: S101 - what SQLAlchemy gives for every update
    return result.rowcount


def create(session: Session, plan: Plan, quorum: int, message: MessageRef, event: Event) -> PlanState:
    """Write a proposed plan; asked twice for the same plan, the second time changes nothing."""
    text = plan_text(plan)
    known = session.exec(select(PlanRow.snapshot).where(col(PlanRow.id) == plan.id)).one_or_none()
    if known is None:
        _insert(session, plan, quorum, message, text)
        chain.append(session, {f"{plan.id}/version 1/0": event})
    elif known != text:
        raise ValueError(f"plan {plan.id} exists, and is another one")
    return there(load(session, plan.id), plan.id)


def _insert(session: Session, plan: Plan, quorum: int, message: MessageRef, text: str) -> None:
    session.add(
        PlanRow(
            id=plan.id,
            status=str(Status.PROPOSED),
            host=plan.host,
            profile=plan.draft.profile,
            engine_id=plan.draft.engine.id,
            requester_id=plan.requester.id,
            requester_name=plan.requester.name,
            quorum=quorum,
            predicted_bytes=plan.draft.frees.high,
            snapshot=text,
            created_at=plan.created_at,
            expires_at=plan.expires_at,
            changed_at=now(session),
            message_channel=message.channel,
            message_ts=message.ts,
        )
    )
    session.flush()
    items = [
        {
            "plan_id": plan.id,
            "position": position,
            "kind": str(item.kind),
            "object_id": item.id,
            "name": item.name,
        }
        for position, item in enumerate(plan.draft.items)
    ]
    if items:
        session.execute(insert(ItemRow), items)


def load(session: Session, plan_id: str, *, lock: bool = False) -> PlanState | None:
    """A plan as it stands in this transaction; locked until its end when asked to."""
    query = select(PlanRow).where(col(PlanRow.id) == plan_id)
    if lock:
        query = query.with_for_update()
    row = session.exec(query.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        return None
    items = session.exec(
        select(ItemRow)
        .where(col(ItemRow.plan_id) == plan_id)
        .order_by(col(ItemRow.position))
        .execution_options(populate_existing=True)
    )
    votes = session.exec(
        select(VoteRow)
        .where(col(VoteRow.plan_id) == plan_id)
        .order_by(col(VoteRow.version))
        .execution_options(populate_existing=True)
    )
    restore = session.exec(
        select(RestoreRow).where(col(RestoreRow.plan_id) == plan_id).execution_options(populate_existing=True)
    ).one_or_none()
    return plan_state(row, items, votes, restore)


def there(state: PlanState | None, plan_id: str) -> PlanState:
    """The plan; RefusedError when there is none."""
    if state is None:
        raise RefusedError(f"There is no plan “{plan_id}” (any more).")
    return state


def change(session: Session, plan_id: str, decide: Callable[[PlanState, datetime], Change]) -> PlanState:
    """Let ``decide`` say what becomes of the plan, and write that with its events."""
    state = there(load(session, plan_id, lock=True), plan_id)
    moment = now(session)
    wanted = decide(state, moment)
    _must_be_legal(state.status, wanted)
    values: dict[str, object] = {
        "status": str(wanted.status),
        "version": state.version + 1,
        "changed_at": moment,
    }
    if wanted.reason:
        values["reason"] = wanted.reason
    if wanted.decided:
        values["decided_at"] = moment
    changed = update_count(
        session,
        update(PlanRow)
        .where(
            col(PlanRow.id) == plan_id,
            col(PlanRow.status) == str(state.status),
            col(PlanRow.version) == state.version,
        )
        .values(values),
    )
    if changed != 1:
        raise RuntimeError(f"plan {plan_id} changed under its own lock")
    if wanted.vote is not None:
        _keep_vote(session, plan_id, wanted.vote, state.version + 1)
    chain.append(
        session,
        {f"{plan_id}/version {state.version + 1}/{n}": event for n, event in enumerate(wanted.events)},
    )
    return there(load(session, plan_id), plan_id)


def _must_be_legal(before: Status, wanted: Change) -> None:
    """Hold a change to the table; runs begin and end only through their claim, which is fenced."""
    if before is wanted.status is Status.PROPOSED and wanted.vote is not None:
        return
    if Status.RUNNING in {before, wanted.status} or not may_become(before, wanted.status):
        raise ValueError(f"a plan that is {before} cannot become {wanted.status} by a decision")


def _keep_vote(session: Session, plan_id: str, vote: Vote, version: int) -> None:
    session.merge(
        VoteRow(
            plan_id=plan_id,
            person_id=vote.person.id,
            person_name=vote.person.name,
            approve=vote.approve,
            reason=vote.reason,
            at=vote.at,
            version=version,
        )
    )
    session.flush()


def due(session: Session) -> tuple[str, ...]:
    """Ids of the proposed plans whose time is up, the longest overdue first."""
    return tuple(
        session.exec(
            select(PlanRow.id)
            .where(col(PlanRow.status) == str(Status.PROPOSED), col(PlanRow.expires_at) <= DatabaseNow())
            .order_by(col(PlanRow.expires_at), col(PlanRow.id))
        )
    )


def unshown(session: Session) -> tuple[str, ...]:
    """Ids of the plans whose message is behind, the oldest change first."""
    return tuple(
        session.exec(
            select(PlanRow.id)
            .where(col(PlanRow.shown_version) < col(PlanRow.version))
            .order_by(col(PlanRow.changed_at), col(PlanRow.id))
        )
    )


def shown(session: Session, plan_id: str, version: int, message: MessageRef) -> None:
    """Keep where the message stands and what it shows: what was said last, since it was posted last."""
    statement = (
        update(PlanRow)
        .where(col(PlanRow.id) == plan_id)
        .values(shown_version=version, message_channel=message.channel, message_ts=message.ts)
    )
    if update_count(session, statement) == 0:
        raise RefusedError(f"There is no plan “{plan_id}” (any more).")
