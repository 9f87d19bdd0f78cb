"""Runs of plans: claimed by one process at a time, and every write of a run fenced by its attempt."""

from collections.abc import Mapping
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version

from sqlalchemy import and_, func, or_, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from bot.core.audit import Event, Json, Tag
from bot.core.errors import LeaseLostError
from bot.core.lifecycle import PlanState, Status, may_become
from bot.core.plans import Person
from bot.core.usage import DiskUsage
from bot.ports import Run
from bot.store import chain, reviewing
from bot.store.mapping import usage_text
from bot.store.models import PlanRow
from bot.store.plans import load, there, update_count
from bot.store.sessions import DatabaseNow, now


class HostBusyError(Exception):
    """Another process began a cleanup on the same host at the same moment; never leaves this package."""


_CLAIMABLE = or_(
    col(PlanRow.status) == str(Status.APPROVED),
    and_(col(PlanRow.status) == str(Status.RUNNING), col(PlanRow.lease_until) <= DatabaseNow()),
)


def claimable(session: Session) -> tuple[str, ...]:
    """Ids of what ``claim`` may take, in the order in which the plans were approved."""
    return tuple(
        session.exec(
            select(PlanRow.id)
            .where(_CLAIMABLE)
            .order_by(func.coalesce(col(PlanRow.decided_at), col(PlanRow.created_at)), col(PlanRow.id))
        )
    )


def claim(session: Session, plan_id: str, owner: str, lease: timedelta) -> Run | None:
    """Take up one cleanup; None when it or its host is taken. HostBusyError when the host just was."""
    row = session.exec(
        select(PlanRow).where(col(PlanRow.id) == plan_id, _CLAIMABLE).with_for_update(skip_locked=True)
    ).one_or_none()
    if row is None or _host_is_taken(session, row):
        return None
    first, attempt, moment = row.status == Status.APPROVED, row.attempt + 1, now(session)
    statement = (
        update(PlanRow)
        .where(col(PlanRow.id) == plan_id, col(PlanRow.version) == row.version)
        .values(
            status=str(Status.RUNNING),
            version=row.version + 1,
            changed_at=moment,
            started_at=moment if first else row.started_at,
            owner=owner,
            attempt=attempt,
            lease_until=moment + lease,
        )
    )
    try:
        changed = update_count(session, statement)
    except IntegrityError as error:
        raise HostBusyError from error
    if changed != 1:
        raise RuntimeError(f"plan {plan_id} changed under its own lock")
    state = there(load(session, plan_id), plan_id)
    if first:
        reviewing.begin(session, state)
    tag, facts = _beginning(state, attempt, first=first)
    event = Event(tag=tag, plan=plan_id, host=state.plan.host, facts=facts)
    chain.append(session, {f"{plan_id}/attempt {attempt}/{tag}": event})
    return Run(plan_id=plan_id, host=state.plan.host, owner=owner, attempt=attempt)


def _host_is_taken(session: Session, row: PlanRow) -> bool:
    """Whether another cleanup runs on the plan's host; the unique index has the last word."""
    other = select(PlanRow.id).where(
        col(PlanRow.host) == row.host,
        col(PlanRow.status) == str(Status.RUNNING),
        col(PlanRow.id) != row.id,
    )
    return session.exec(other).first() is not None


def _beginning(state: PlanState, attempt: int, *, first: bool) -> tuple[Tag, dict[str, Json]]:
    if first:
        return Tag.CLEANUP_STARTED, started_facts(state)
    return Tag.CLEANUP_TAKEN_UP, {"attempt": attempt}


def started_facts(state: PlanState) -> dict[str, Json]:
    """Everything that a cleanup begins with, copied: the record must read alone, for ever."""
    plan, draft = state.plan, state.plan.draft
    return {
        "requester": _person(plan.requester),
        "approvers": [_person(person) for person in state.approvers],
        "profile": draft.profile,
        "policy": plan.policy,
        "engine": {
            "id": draft.engine.id,
            "version": draft.engine.version,
            "api_version": draft.engine.api_version,
            "store": draft.engine.store,
        },
        "predicted": {"low": draft.frees.low, "high": draft.frees.high},
        "items": [
            {
                "kind": str(item.kind),
                "id": item.id,
                "name": item.name,
                "references": list(item.references),
                "bytes": item.bytes,
                "rule": item.rule,
            }
            for item in draft.items
        ],
        "deckhand": _own_version(),
    }


def _person(person: Person) -> Json:
    return {"id": person.id, "name": person.name}


def _own_version() -> str:
    try:
        return version("deckhand")
    except PackageNotFoundError:
        return "unknown (not installed)"


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
            f"{run.host}: another process has taken over or ended the cleanup of plan {run.plan_id}; "
            "this one stands down."
        )


def fence_change(session: Session, run: Run, values: Mapping[str, object]) -> None:
    """The fence of the writes that people see: the plan's version grows."""
    fence(session, run, {"version": col(PlanRow.version) + 1, "changed_at": now(session), **values})


def renew(session: Session, run: Run, lease: timedelta) -> None:
    fence(session, run, {"lease_until": now(session) + lease})


def release(session: Session, run: Run) -> None:
    fence(session, run, {"lease_until": now(session)})


def set_usage(session: Session, run: Run, before: DiskUsage | None, after: DiskUsage | None) -> None:
    given = {"usage_before": before, "usage_after": after}
    fence_change(
        session, run, {name: usage_text(usage) for name, usage in given.items() if usage is not None}
    )


def finish(session: Session, run: Run, status: Status, event: Event, reason: str) -> PlanState:
    """running → its end; ValueError when that is no end of a run."""
    if not may_become(Status.RUNNING, status):
        raise ValueError(f"a cleanup cannot end as {status}")
    ended: dict[str, object] = {"status": str(status), "finished_at": now(session), "lease_until": None}
    if reason:
        ended["reason"] = reason
    fence_change(session, run, ended)
    reviewing.end(session, run.plan_id, status)
    chain.append(session, {f"{run.plan_id}/attempt {run.attempt}/{event.tag}": event})
    return there(load(session, run.plan_id), run.plan_id)
