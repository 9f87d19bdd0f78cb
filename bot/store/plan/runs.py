"""Runs of plans: claimed by one process at a time, and every write of a run fenced by its attempt."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from bot.core.audit import facts
from bot.core.audit.events import Event, Tag, time_text
from bot.core.audit.written import USAGE
from bot.core.docker.usage import DiskUsage
from bot.core.errors import LeaseLostError, PlanDiffersError
from bot.core.json import Json
from bot.core.life.states import ATTEMPTS_IN_VAIN, PlanState, Status, may_become
from bot.ports import Run
from bot.store.db.columns import read_moment
from bot.store.db.sessions import now, update_count
from bot.store.events import chain, genuine
from bot.store.events.holding import why_held
from bot.store.models import PlanRow
from bot.store.plan import binding, taken, words
from bot.store.plan.plans import load, there
from bot.store.plan.turns import CLAIMABLE


class HostBusyError(Exception):
    """Another process began a cleanup on the same host at the same moment; never leaves this package."""


def claim(session: Session, plan_id: str, owner: str, lease: timedelta) -> Run | None:
    """Take up one cleanup; None when it or its host is taken. HostBusyError when the host just was.

    A run that was taken up too often in vain is parked instead.
    """
    mine = select(col(PlanRow.id)).where(col(PlanRow.id) == plan_id, CLAIMABLE)
    if session.exec(mine.with_for_update(skip_locked=True)).one_or_none() is None:
        return None
    try:
        doubt = binding.whole_doubt(session, there(load(session, plan_id), plan_id))
    except PlanDiffersError as unreadable:
        doubt = str(unreadable)
    if doubt:
        binding.refuse(session, plan_id, doubt)
        return None
    row = session.exec(select(PlanRow).where(col(PlanRow.id) == plan_id)).one()
    first, attempt, moment = row.status == Status.APPROVED, row.attempt + 1, now(session)
    if first and row.fleet and why_held(session, row.fleet):
        return None
    if not first and row.in_vain >= ATTEMPTS_IN_VAIN:
        _park_in_vain(session, row, moment)
        return None
    values: dict[str, object] = {
        "status": str(Status.RUNNING),
        "reason": "",
        "started_at": moment if first else row.started_at,
        "owner": owner,
        "attempt": attempt,
        "in_vain": row.in_vain + 1,
        "lease_until": moment + lease,
    }
    try:
        _set(session, row, moment, values)
    except IntegrityError as error:
        raise HostBusyError from error
    state = there(load(session, plan_id), plan_id)
    if first:
        words.begin(session, state)
    begins = facts.started(state) if first else facts.event(Tag.CLEANUP_TAKEN_UP, state.plan, attempt=attempt)
    chain.append(session, {f"{plan_id}/attempt {attempt}/{begins.tag}": begins})
    return Run(plan_id=plan_id, host=state.plan.host, owner=owner, attempt=attempt)


def _set(session: Session, row: PlanRow, moment: datetime, values: Mapping[str, object]) -> None:
    """Change a row that this transaction holds locked."""
    statement = (
        update(PlanRow)
        .where(col(PlanRow.id) == row.id, col(PlanRow.version) == row.version)
        .values({"version": row.version + 1, "changed_at": moment, **values})
    )
    if update_count(session, statement) != 1:
        raise RuntimeError(f"plan {row.id} changed under its own lock")


def _park_in_vain(session: Session, row: PlanRow, moment: datetime) -> None:
    attention = (
        f"It was taken up {row.in_vain} times in a row, and each time its process ended or failed before "
        "another object's outcome was known. Deckhand's log says why."
    )
    _set(session, row, moment, {"attention": attention, "lease_until": None})
    chain.append(session, _parked(row.id, row.host, row.attempt, attention))


def _parked(plan_id: str, host: str, attempt: int, attention: str) -> Mapping[str, Event]:
    event = Event(
        tag=Tag.CLEANUP_PARKED, plan=plan_id, host=host, facts={"attempt": attempt, "reason": attention}
    )
    return {f"{plan_id}/attempt {attempt}/{event.tag}": event}


def held_against_audit(session: Session, plan_id: str) -> PlanState | None:
    """The plan, with a doubt where votes, approval or the state of a run differ from its events, too."""
    state = load(session, plan_id)
    return replace(state, doubt=binding.whole_doubt(session, state)) if state else None


# --- fenced writes ------------------------------------------------------------------------------


def fence(session: Session, run: Run, values: Mapping[str, object]) -> None:
    """The start of every write of a run: prove that it is ours, and hold its row until the transaction ends.

    LeaseLostError when it is not.
    """
    statement = (
        update(PlanRow)
        .where(
            col(PlanRow.id) == run.plan_id,
            col(PlanRow.owner) == run.owner,
            col(PlanRow.attempt) == run.attempt,
            col(PlanRow.status) == str(Status.RUNNING),
        )
        .values(values)
    )
    if update_count(session, statement) != 1:
        raise LeaseLostError(
            f"{run.host}: another process has taken over or ended {run}; this one stands down."
        )


def fence_change(session: Session, run: Run, values: Mapping[str, object]) -> None:
    """The fence of the writes that people see: the plan's version grows."""
    fence(session, run, {"version": col(PlanRow.version) + 1, "changed_at": now(session), **values})


def renew(session: Session, run: Run, lease: timedelta) -> None:
    fence(session, run, {"lease_until": now(session) + lease})


def release(session: Session, run: Run) -> None:
    """Let go in order: this attempt was not in vain."""
    fence(session, run, {"lease_until": now(session), "in_vain": 0})


def park(session: Session, run: Run, attention: str) -> None:
    """Let go until a person says how it goes on; the host stays taken."""
    fence_change(session, run, {"attention": attention, "lease_until": None})
    chain.append(session, _parked(run.plan_id, run.host, run.attempt, attention))


def set_usage(
    session: Session, run: Run, *, before: DiskUsage | None = None, after: DiskUsage | None = None
) -> None:
    given = {"usage_before": before, "usage_after": after}
    fence_change(
        session, run, {name: USAGE.text(usage) for name, usage in given.items() if usage is not None}
    )


def finish(session: Session, run: Run, status: Status, event: Event, reason: str = "") -> PlanState:
    """running → its end; ValueError when that is no end of a run."""
    if not may_become(Status.RUNNING, status):
        raise ValueError(f"a cleanup cannot end as {status}")
    moment = now(session)
    ended: dict[str, object] = {"status": str(status), "finished_at": moment, "lease_until": None}
    if reason:
        ended["reason"] = reason
    fence_change(session, run, ended)
    words.end(session, run.plan_id, status)
    taken.tell_those_that_wait(session, run.plan_id)
    state = there(load(session, run.plan_id), run.plan_id)
    said = {
        "reclaimed_bytes": state.reclaimed,
        **event.facts,
        **_times(state, _began(session, state), moment),
        "reason": reason,
    }
    timed = chain.saying(event, said)
    chain.append(session, {f"{run.plan_id}/attempt {run.attempt}/{event.tag}": timed})
    return state


def _began(session: Session, state: PlanState) -> datetime | None:
    """When a run began, by its start in the audit; the releases before did not write it there."""
    start = genuine.event(session, f"{state.plan.id}/attempt 1/{Tag.CLEANUP_STARTED}")
    said = start.event.facts.get("started_at") if start else None
    return read_moment(said) if isinstance(said, str) else state.started_at


def _times(state: PlanState, began: datetime | None, finished: datetime) -> dict[str, Json]:
    """When the run began and how long it took, by the database's clock."""
    started = began or finished
    took = round((finished - started).total_seconds() * 1000)
    return {
        "outcome": str(state.status), "started_at": time_text(started), "finished_at": time_text(finished),
        "duration_ms": took,
    }  # fmt: skip
