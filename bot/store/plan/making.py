"""Plans made, each in the place of those that it supersedes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import insert, update
from sqlmodel import Session, col, select

from bot.core.audit.events import Event, Tag, time_text
from bot.core.audit.plans import CHANNEL_FACT, FLEET_OF
from bot.core.audit.written import FACT, PLAN, plan_digest
from bot.core.errors import PlanExistsError, RefusedError
from bot.core.json import Json
from bot.core.life.states import MessageRef, PlanState, Status
from bot.core.plan.plan import Plan
from bot.ports import HAS_VOTES, Replaced
from bot.store.db.sessions import now, update_count
from bot.store.events import chain
from bot.store.models import OF_A_FLEET, ItemRow, PlanRow, VoteRow
from bot.store.plan import batches, binding
from bot.store.plan.plans import load, there
from bot.store.plan.turns import known


def create(  # noqa: PLR0913, PLR0917 - the port's own, and the session
    session: Session,
    plan: Plan,
    quorum: int,
    message: MessageRef,
    event: Event,
    instead_of: Sequence[str] = (),
    batch: str = "",
    fleet: str = "",
) -> PlanState:
    """Write a proposed plan; asked twice for the same plan, the second time changes nothing.

    It begins now, by the database's clock, and lasts as long as the one given: of its moments only the span counts.
    """
    _supersede(session, instead_of, plan)
    existing = session.exec(select(PlanRow).where(col(PlanRow.id) == plan.id)).one_or_none()
    plan = _lasting(plan, existing.created_at if existing else now(session))
    text = PLAN.text(plan)
    if existing is None:
        _insert(session, plan, quorum, message, text, fleet)
        batches.join(session, batch, plan.id)
        told = _told(event, PLAN.read(text), quorum, message)
        told = chain.saying(told, {FLEET_OF: fleet}) if fleet else told
        chain.append(session, {f"{plan.id}/version 1/0": told})
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


def _insert(  # noqa: PLR0913, PLR0917 - what a row is made of
    session: Session, plan: Plan, quorum: int, message: MessageRef, text: str, fleet: str = ""
) -> None:
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
            fleet=fleet,
            held=bool(fleet),
            format=OF_A_FLEET if fleet else 1,
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
