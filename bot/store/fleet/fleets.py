"""Fleets as they stand: their own row, and one line of each of their plans."""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from bot.core.audit.events import Event, Tag
from bot.core.audit.written import FLEET, FLEET_FACT, fleet_digest
from bot.core.errors import RefusedError
from bot.core.life.fleets import Fleet, FleetState, Standing
from bot.core.life.states import MessageRef, Outcome, Status
from bot.store.db.sessions import DatabaseNow
from bot.store.events import chain, genuine
from bot.store.events.holding import why_held
from bot.store.models import FleetRow, ItemRow, PlanRow, VoteRow
from bot.store.plan import binding

_NO_FLEET = (ValueError, TypeError, KeyError, AttributeError)
"""What reading rows ends in that somebody has made no fleet."""


def load(session: Session, fleet_id: str, *, lock: bool = False) -> FleetState | None:
    """A fleet as it stands in this transaction; its row is locked until the end of that when asked to."""
    query = select(FleetRow).where(col(FleetRow.id) == fleet_id)
    if lock:
        query = query.with_for_update()
    row = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        return None
    try:
        fleet = FLEET.read(row.snapshot)
        excused = frozenset(map(str, json.loads(row.excused)))
        standings, versions = _standings(session, fleet)
    except _NO_FLEET as error:
        raise RefusedError(
            f"Somebody changed the fleet plan {fleet_id} in Deckhand's database: its rows make no fleet. Let whoever "
            "runs Deckhand look into it (deckhand audit verify), and ask for a new plan."
        ) from error
    message = None
    if row.message_channel:
        message = MessageRef(channel=row.message_channel, ts=row.message_ts, permalink=row.message_permalink)
    return FleetState(
        fleet=fleet, version=row.version, plans_version=versions, standings=standings, held=row.held,
        excused=excused, ended=row.ended, message=message, doubt=_doubt(session, row, fleet),
    )  # fmt: skip


def there(state: FleetState | None, fleet_id: str) -> FleetState:
    """The fleet; RefusedError when there is none."""
    if state is None:
        raise RefusedError(f"There is no fleet plan “{fleet_id}” (any more).")
    return state


def open_fleets(session: Session) -> tuple[str, ...]:
    """Ids of the fleets that have not ended, the oldest first."""
    query = select(col(FleetRow.id)).where(col(FleetRow.ended).is_(False))
    return tuple(session.scalars(query.order_by(col(FleetRow.created_at), col(FleetRow.id))))


def _doubt(session: Session, row: FleetRow, fleet: Fleet) -> str:
    """What the row lists otherwise than the proposal; empty when nothing."""
    if fleet.id != row.id:
        return "its row is for another fleet than its list"
    proposal = genuine.event(session, f"{row.id}/fleet proposed")
    if proposal is None or proposal.event.tag != Tag.FLEET_PROPOSED:
        return "the audit has no proposal of it"
    if proposal.event.facts.get(FLEET_FACT) != fleet_digest(fleet):
        return "its list is not the one that was proposed"
    return ""


def _standings(session: Session, fleet: Fleet) -> tuple[tuple[Standing, ...], int]:
    """Where each plan stands by its rows, in the fleet's order; and the sum of their versions."""
    ids = [one.plan for one in fleet.members]
    rows = session.execute(
        select(
            col(PlanRow.id), col(PlanRow.status), col(PlanRow.wave), col(PlanRow.starts_at),
            col(PlanRow.attention), col(PlanRow.reason), col(PlanRow.expires_at), col(PlanRow.version),
            col(PlanRow.quorum),
            (col(PlanRow.starts_at).is_(None) | (col(PlanRow.starts_at) <= DatabaseNow())).label("ready"),
        ).where(col(PlanRow.id).in_(ids), col(PlanRow.fleet) == fleet.id)
    )  # fmt: skip
    by_id = {row.id: row for row in rows}
    counts, freed = _outcomes(session, ids)
    approvers = _approvers(session, ids)
    found = []
    for one in fleet.members:
        row: Any = by_id.get(one.plan)
        if row is None:  # somebody took it away, or has put it elsewhere: nothing of it runs
            found.append(
                Standing(host=one.host, plan=one.plan, status=Status.CANCELLED, reason="its row is gone")
            )
            continue
        found.append(
            Standing(
                host=one.host, plan=one.plan, status=Status(row.status), wave=row.wave, ready=bool(row.ready),
                starts_at=row.starts_at, attention=row.attention, counts=counts.get(one.plan, {}),
                reclaimed=freed.get(one.plan, 0), approvers=approvers.get(one.plan, ()),
                expires_at=row.expires_at, reason=row.reason, quorum=row.quorum,
            )
        )  # fmt: skip
    return tuple(found), sum(row.version for row in by_id.values())


def _outcomes(
    session: Session, ids: Collection[str]
) -> tuple[Mapping[str, Mapping[Outcome, int]], Mapping[str, int]]:
    rows = session.execute(
        select(col(ItemRow.plan_id), col(ItemRow.outcome), func.count(), func.sum(col(ItemRow.bytes)))
        .where(col(ItemRow.plan_id).in_(ids))
        .group_by(col(ItemRow.plan_id), col(ItemRow.outcome))
    )
    counts: dict[str, dict[Outcome, int]] = defaultdict(dict)
    freed: Counter[str] = Counter()
    for plan_id, outcome, count, size in rows:
        counts[plan_id][Outcome(outcome)] = count
        freed[plan_id] += int(size or 0)
    return counts, freed


def _approvers(session: Session, ids: Collection[str]) -> Mapping[str, tuple[str, ...]]:
    votes = session.execute(
        select(col(VoteRow.plan_id), col(VoteRow.person_id))
        .where(col(VoteRow.plan_id).in_(ids), col(VoteRow.approve).is_(True))
        .order_by(col(VoteRow.version))
    )
    found: dict[str, tuple[str, ...]] = defaultdict(tuple)
    for plan_id, person in votes:
        found[plan_id] += (person,)
    return found


def by_audit(session: Session, state: FleetState) -> FleetState:
    """The same with what the audit says of those whose wave has begun: whether the rest follows is read from that."""
    told = tuple(_told(session, one) for one in state.standings)
    excused: set[str] = set()
    for link in genuine.events(session, state.fleet.id):
        seen = link.event.facts.get("plans")
        if link.event.tag == Tag.FLEET_WENT_ON and isinstance(seen, list):
            excused.update(map(str, seen))
    return replace(state, standings=told, held=why_held(session, state.fleet.id), excused=frozenset(excused))


def _told(session: Session, one: Standing) -> Standing:
    said = binding.said(session, one.plan)
    status = said.status or one.status
    counts = Counter(said.outcomes.values())
    left = one.objects - sum(counts.values())
    attention = (one.attention or "it waits for a person") if said.parked else ""
    freed = [size for each in said.ended.values() if isinstance(size := each.get("bytes"), int)]
    return replace(
        one, status=status, wave=said.wave, attention=attention, reclaimed=sum(freed),
        counts={**counts, **({Outcome.PLANNED: left} if left > 0 else {})},
    )  # fmt: skip


def append(session: Session, fleet_id: str, version: int, events: tuple[Event, ...]) -> None:
    chain.append(session, {f"{fleet_id}/fleet {version}/{n}": event for n, event in enumerate(events)})
