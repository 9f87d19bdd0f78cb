"""Fleets made and changed: together with their plans, and with their events."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col, select

from bot.core.audit.events import Event, Tag
from bot.core.audit.plans import FLEET_OF
from bot.core.audit.written import FLEET, plan_digest
from bot.core.errors import PlanDiffersError, RefusedError
from bot.core.json import Json
from bot.core.life.fleets import Fleet, FleetState, Member
from bot.core.life.states import MessageRef
from bot.ports.fleets import Each, FleetChange, NewPlan, Then
from bot.store.db.sessions import now, update_count
from bot.store.events import chain
from bot.store.events.holding import HELD
from bot.store.fleet.fleets import append, by_audit, load, there
from bot.store.models import FleetRow, PlanRow
from bot.store.plan import changing, making

_CHANGED = (
    "Somebody changed this fleet plan in Deckhand's database: {why}. Nothing was changed by your click. Let whoever "
    "runs Deckhand look into it (deckhand audit verify), and ask for a new plan."
)


def create(
    session: Session,
    fleet: Fleet,
    plans: Sequence[NewPlan],
    message: MessageRef,
    event: Callable[[Fleet], Event],
) -> FleetState:
    """Write a fleet and its plans; one of the same id a second time changes nothing."""
    made = load(session, fleet.id)
    if made is not None:
        return made
    by_id = {one.plan: one for one in fleet.members}
    stored: list[Member] = []
    for new in plans:
        state = making.create(session, new.plan, new.quorum, message, new.event, fleet=fleet.id)
        stored.append(replace(by_id[new.plan.id], digest=plan_digest(state.plan)))
    moment = now(session)
    text = FLEET.text(replace(fleet, members=tuple(stored), created_at=moment))
    session.add(
        FleetRow(
            id=fleet.id, snapshot=text, created_at=moment, message_channel=message.channel,
            message_ts=message.ts, message_permalink=message.permalink,
        )
    )  # fmt: skip
    session.flush()
    chain.append(session, {f"{fleet.id}/fleet proposed": event(FLEET.read(text))})
    return there(load(session, fleet.id), fleet.id)


def change(
    session: Session, fleet_id: str, decide: Callable[[FleetState, datetime], FleetChange | None]
) -> FleetState:
    """Let ``decide`` say what becomes of the fleet, and write that with its events."""
    state = _locked(session, fleet_id)
    _lock_plans(session, state)
    wanted = decide(by_audit(session, state), now(session))
    if wanted is not None:
        _write(session, state, wanted)
    return there(load(session, fleet_id), fleet_id)


def change_each(session: Session, fleet_id: str, each: Mapping[str, Each], then: Then) -> FleetState:
    """Change these plans one by one, each whole or not at all, and then the fleet."""
    state = _locked(session, fleet_id)
    _lock_plans(session, state)
    counted: list[str] = []
    refused: dict[str, RefusedError] = {}
    for one in state.standings:
        if one.plan not in each:
            continue
        try:
            changed = changing.change(session, one.plan, each[one.plan])
        except RefusedError as error:  # before anything of this plan was written
            refused[one.plan] = error
            continue
        if isinstance(changed, PlanDiffersError):
            refused[one.plan] = changed
        else:
            counted.append(one.plan)
    if not counted:
        raise _none(state, refused)
    after = there(load(session, fleet_id), fleet_id)
    _write(session, after, then(after, counted, {plan: str(error) for plan, error in refused.items()}))
    return there(load(session, fleet_id), fleet_id)


def show_alone(session: Session, plan_id: str) -> None:
    """Have a plan of a fleet shown in a message of its own; a second time changes nothing."""
    statement = (
        update(PlanRow)
        .where(col(PlanRow.id) == plan_id, col(PlanRow.fleet) != "", col(PlanRow.held).is_(True))
        .values(held=False)
    )
    update_count(session, statement)


def _locked(session: Session, fleet_id: str) -> FleetState:
    state = there(load(session, fleet_id, lock=True), fleet_id)
    if state.doubt:
        raise RefusedError(_CHANGED.format(why=state.doubt))
    return state


def _lock_plans(session: Session, state: FleetState) -> None:
    """In one order, and before the chain's head: whoever changes one of them takes the head after its row."""
    ids = sorted(one.plan for one in state.fleet.members)
    query = select(PlanRow.id).where(col(PlanRow.id).in_(ids)).order_by(col(PlanRow.id))
    session.exec(query.with_for_update()).all()


def _write(session: Session, state: FleetState, wanted: FleetChange) -> None:
    fleet_id = state.fleet.id
    values: dict[str, object] = {"version": state.version + 1}
    if wanted.held is not None:
        values["held"] = wanted.held
    if wanted.excused is not None:
        values["excused"] = json.dumps(sorted(wanted.excused))
    if wanted.ended:
        values["ended"] = True
    statement = update(FleetRow).where(col(FleetRow.id) == fleet_id, col(FleetRow.version) == state.version)
    if update_count(session, statement.values(values)) != 1:
        raise RuntimeError(f"fleet plan {fleet_id} changed under its own lock")
    told = wanted.events
    if wanted.held is not None:  # the record must read without the row
        told = tuple(chain.saying(event, {HELD: wanted.held}) for event in told)
    append(session, fleet_id, state.version + 1, told)
    if wanted.wave:
        _release(session, state, wanted)


def _release(session: Session, state: FleetState, wanted: FleetChange) -> None:
    """Let the plans of a wave begin: each with its own event, which its claim asks for."""
    plans = [one for one in state.standings if one.plan in wanted.plans and one.wave == 0]
    ids = [one.plan for one in plans]
    update_count(session, update(PlanRow).where(col(PlanRow.id).in_(ids)).values(wave=wanted.wave))
    told: dict[str, Json] = {FLEET_OF: state.fleet.id, "wave": wanted.wave}
    chain.append(session, {
        f"{one.plan}/released": Event(tag=Tag.PLAN_RELEASED, plan=one.plan, host=one.host, facts=told)
        for one in plans
    })  # fmt: skip


def _none(state: FleetState, refused: Mapping[str, RefusedError]) -> RefusedError:
    """Why nothing was changed: the same reason of several hosts is told once."""
    by_reason: dict[str, list[str]] = {}
    for one in state.standings:
        if one.plan in refused:
            by_reason.setdefault(str(refused[one.plan]), []).append(one.host)
    if not by_reason:
        return RefusedError(
            "Nothing of this fleet plan waits for that any more. Nothing was changed by your click."
        )
    if len(by_reason) == 1:
        return next(iter(refused.values()))
    return RefusedError(" ".join(f"{', '.join(hosts)}: {reason}" for reason, hosts in by_reason.items()))
