"""Plans changed by compare-and-set, each change with its events."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import delete, update
from sqlmodel import Session, col

from bot.core.audit.events import time_text
from bot.core.errors import PlanDiffersError
from bot.core.json import Json
from bot.core.life.states import PlanState, Status, Vote, may_become
from bot.ports import Change
from bot.store.db.sessions import now, update_count
from bot.store.events import chain
from bot.store.models import PlanRow, VoteRow
from bot.store.plan import binding
from bot.store.plan.plans import load, there
from bot.store.plan.turns import tell_follower


def change(
    session: Session, plan_id: str, decide: Callable[[PlanState, datetime], Change]
) -> "PlanState | PlanDiffersError":
    """Let ``decide`` say what becomes of the plan, and write that with its events.

    The error, to be raised once that is written, when its rows say otherwise than the audit: then it is closed.
    """
    try:
        state = there(load(session, plan_id, lock=True), plan_id)
    except PlanDiffersError as unreadable:
        return binding.refuse(session, plan_id, str(unreadable))
    if state.doubt:
        return binding.refuse(session, plan_id, state.doubt)
    moment = now(session)
    wanted = decide(state, moment)
    _must_be_legal(state.status, wanted)
    counts = (wanted.status is Status.APPROVED and not wanted.noted) or wanted.vote is not None
    doubt = binding.whole_doubt(session, state) if counts else ""
    if doubt:
        return binding.refuse(session, plan_id, doubt)
    _write(session, state, wanted, moment)
    return there(load(session, plan_id), plan_id)


def _write(session: Session, state: PlanState, wanted: Change, moment: datetime) -> None:
    plan_id = state.plan.id
    if state.status is Status.APPROVED and wanted.status is Status.CANCELLED:
        tell_follower(session, plan_id)
    values: dict[str, object] = {
        "status": str(wanted.status),
        "version": state.version + 1,
        "changed_at": moment,
    }
    if wanted.noted or wanted.status is not state.status:
        values["reason"] = wanted.reason
    if wanted.decided:
        values["decided_at"] = moment
    if wanted.starts_at is not None:
        values["starts_at"] = wanted.starts_at
    values |= _of_run(wanted, moment)
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
    if wanted.withdrawn:
        session.execute(
            delete(VoteRow).where(col(VoteRow.plan_id) == plan_id, col(VoteRow.person_id) == wanted.withdrawn)
        )
    beside: dict[str, Json] = {"changed_at": time_text(moment)}
    if "reason" in values:
        beside["noted"] = wanted.reason
    said = [chain.saying(event, beside) for event in wanted.events]
    chain.append(
        session, {f"{plan_id}/version {state.version + 1}/{n}": event for n, event in enumerate(said)}
    )


def _of_run(wanted: Change, moment: datetime) -> dict[str, object]:
    """What a person asks of a running cleanup; a parked one is thereby free to be taken up again."""
    values: dict[str, object] = {}
    if wanted.stop is not None:
        values = {"stop_at": moment, "stop_by_id": wanted.stop.id, "stop_by_name": wanted.stop.name}
    if wanted.resume:
        values |= {"attention": "", "in_vain": 0, "lease_until": moment}
    return values


def _must_be_legal(before: Status, wanted: Change) -> None:
    """Hold a change to the table; runs begin and end only through their claim, which is fenced."""
    if before is wanted.status is Status.PROPOSED and (wanted.vote is not None or wanted.withdrawn):
        return
    if before is wanted.status and before in {Status.PROPOSED, Status.APPROVED} and wanted.noted:
        return
    if before is wanted.status is Status.APPROVED and wanted.starts_at is not None:
        return
    if before is wanted.status is Status.RUNNING and (wanted.stop is not None or wanted.resume):
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
