"""Plans: made, loaded, and changed by compare-and-set."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, insert, update
from sqlmodel import Session, col, select

from bot.core.audit.events import Event, Tag, time_text
from bot.core.audit.plans import CHANNEL_FACT
from bot.core.audit.written import FACT, PLAN, plan_digest
from bot.core.errors import PlanDiffersError, PlanExistsError, RefusedError
from bot.core.json import Json
from bot.core.life.states import ENDED, MessageRef, PlanState, Status, Vote, may_become
from bot.core.plan.plan import Plan
from bot.ports import HAS_VOTES, Change, Replaced
from bot.store.db.sessions import now, update_count
from bot.store.events import chain
from bot.store.mapping import plan_state
from bot.store.models import ItemRow, PlanRow, RestoreRow, VoteRow
from bot.store.plan import binding
from bot.store.plan.turns import OVERDUE, WAITING, known, tell_follower, waits_for


def create(  # noqa: PLR0913, PLR0917 - the port's own, and the session
    session: Session,
    plan: Plan,
    quorum: int,
    message: MessageRef,
    event: Event,
    instead_of: Sequence[str] = (),
) -> PlanState:
    """Write a proposed plan; asked twice for the same plan, the second time changes nothing.

    It begins now, by the database's clock, and lasts as long as the one given: of its moments only the span counts.
    """
    _supersede(session, instead_of, plan)
    existing = session.exec(select(PlanRow).where(col(PlanRow.id) == plan.id)).one_or_none()
    plan = _lasting(plan, existing.created_at if existing else now(session))
    text = PLAN.text(plan)
    if existing is None:
        _insert(session, plan, quorum, message, text)
        chain.append(session, {f"{plan.id}/version 1/0": _told(event, PLAN.read(text), quorum, message)})
    elif existing.snapshot != text:
        raise PlanExistsError(f"plan {plan.id} exists, and is another one")
    return there(load(session, plan.id), plan.id)


def put_in_place(  # noqa: PLR0913, PLR0917 - the port's own, and the session
    session: Session, plan: Plan, quorum: int, message: MessageRef, event: Event, old: Replaced
) -> PlanState:
    """Write a proposed plan in the place of one that still waits; RefusedError where that may not be."""
    replaced = _supersede(session, [old.id], plan)
    if not replaced and load(session, plan.id) is None:
        raise RefusedError("The plan was decided meanwhile, so nothing was changed.")
    if replaced and not old.even_with_votes and _has_votes(session, old.id):
        raise RefusedError(HAS_VOTES)
    return create(session, plan, quorum, message, event)


def _lasting(plan: Plan, begins: datetime) -> Plan:
    return replace(plan, created_at=begins, expires_at=begins + (plan.expires_at - plan.created_at))


def _told(event: Event, plan: Plan, quorum: int, message: MessageRef) -> Event:
    """The event of a proposed plan, with what only the transaction that writes it knows.

    ``plan`` is as it is read back: what the database cannot hold was written in another way.
    """
    said: dict[str, Json] = {
        "expires_at": time_text(plan.expires_at), FACT: plan_digest(plan), CHANNEL_FACT: message.channel,
        "quorum": quorum, "created_at": time_text(plan.created_at), "ts": message.ts, "permalink": message.permalink,
    }  # fmt: skip
    return replace(event, facts={**event.facts, **said})


def _supersede(session: Session, plan_ids: Sequence[str], by: Plan) -> int:
    """proposed → superseded; what was decided meanwhile stays as it is. How many were."""
    events: dict[str, Event] = {}
    for plan_id in sorted(plan_ids):  # in one order: two who replace the same never wait for each other
        events |= _superseded(session, plan_id, by)
    chain.append(session, events)
    return len(events)


def _has_votes(session: Session, plan_id: str) -> bool:
    """Whether somebody has voted on it, by its rows or by the audit."""
    rows = session.exec(select(VoteRow.plan_id).where(col(VoteRow.plan_id) == plan_id).limit(1)).first()
    return rows is not None or bool(binding.said(session, plan_id).voters)


def _superseded(session: Session, plan_id: str, by: Plan) -> dict[str, Event]:
    moment = now(session)
    statement = (
        update(PlanRow)
        .where(col(PlanRow.id) == plan_id, col(PlanRow.status) == str(Status.PROPOSED), known())
        .values(
            status=str(Status.SUPERSEDED),
            version=col(PlanRow.version) + 1,
            changed_at=moment,
            decided_at=moment,
        )
    )
    if update_count(session, statement) != 1:
        return {}
    host, version = session.exec(
        select(PlanRow.host, PlanRow.version).where(col(PlanRow.id) == plan_id)
    ).one()
    facts: dict[str, Json] = {"by": by.id, "changed_at": time_text(moment)}
    event = Event(tag=Tag.PLAN_SUPERSEDED, plan=plan_id, host=host, facts=facts)
    return {f"{plan_id}/version {version}/0": event}


def _insert(session: Session, plan: Plan, quorum: int, message: MessageRef, text: str) -> None:
    session.add(
        PlanRow(
            id=plan.id,
            status=str(Status.PROPOSED),
            host=plan.host,
            profile=plan.draft.profile,
            engine_id=plan.draft.engine.id,
            engine=plan.draft.engine.identity.key,
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
            message_permalink=message.permalink,
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


_NO_PLAN = (ValueError, TypeError, KeyError, IndexError, AttributeError)
"""What reading rows ends in that somebody has made no plan."""


def load(session: Session, plan_id: str, *, lock: bool = False) -> PlanState | None:
    """A plan as it stands in this transaction; locked until its end when asked to.

    PlanDiffersError where its rows make no plan: whoever may write has it closed by ``binding.refuse``.
    """
    try:
        return _loaded(session, plan_id, lock=lock)
    except _NO_PLAN as error:
        raise PlanDiffersError(binding.UNREADABLE) from error


def _loaded(session: Session, plan_id: str, *, lock: bool) -> PlanState | None:
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
    ).all()
    votes = session.exec(
        select(VoteRow)
        .where(col(VoteRow.plan_id) == plan_id)
        .order_by(col(VoteRow.version))
        .execution_options(populate_existing=True)
    )
    restore = session.exec(
        select(RestoreRow).where(col(RestoreRow.plan_id) == plan_id).execution_options(populate_existing=True)
    ).one_or_none()
    ahead = waits_for(session, row) if row.status == Status.APPROVED else ""
    state = plan_state(row, items, votes, ahead, restore)
    return replace(state, doubt=binding.doubt(session, row, items, state.plan))


def there(state: PlanState | None, plan_id: str) -> PlanState:
    """The plan; RefusedError when there is none."""
    if state is None:
        raise RefusedError(f"There is no plan “{plan_id}” (any more).")
    return state


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


def due(session: Session) -> tuple[str, ...]:
    """Ids of the proposed plans whose time is up, the longest overdue first."""
    return tuple(
        session.exec(
            select(PlanRow.id)
            .where(WAITING, OVERDUE, known())
            .order_by(col(PlanRow.expires_at), col(PlanRow.id))
        )
    )


def open_plans(session: Session, requester_id: str, host: str) -> Mapping[str, Status]:
    """The plans of a requester on a host that have not ended, the oldest first."""
    rows = session.exec(
        select(PlanRow.id, PlanRow.status)
        .where(
            col(PlanRow.requester_id) == requester_id,
            col(PlanRow.host) == host,
            col(PlanRow.status).not_in([str(status) for status in ENDED]),
        )
        .order_by(col(PlanRow.created_at), col(PlanRow.id))
    )
    return {plan_id: Status(status) for plan_id, status in rows}
