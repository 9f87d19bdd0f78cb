"""The items of a run: the intent written before the engine is called, the outcome after it. All fenced."""

from collections.abc import Mapping, Sequence

from sqlalchemy import update
from sqlmodel import Session, col, select

from bot.core.audit import Event, Json, Tag
from bot.core.lifecycle import OPEN, ItemState, Outcome
from bot.ports import Run
from bot.store import chain
from bot.store.models import ItemRow
from bot.store.runs import fence_change


def start(session: Session, run: Run, positions: Sequence[int]) -> None:
    """planned → removing; what an earlier attempt left removing stays so, with an event of this one."""
    fence_change(session, run, {})
    rows = _rows(session, run, positions)
    for row in rows:
        if row.outcome not in OPEN:
            raise ValueError(f"item {row.position} of plan {run.plan_id} is {row.outcome} already")
    _write(
        session,
        [
            {"plan_id": run.plan_id, "position": row.position, "outcome": str(Outcome.REMOVING)}
            for row in rows
            if row.outcome == Outcome.PLANNED
        ],
    )
    chain.append(session, dict(_event(run, Tag.ITEM_REMOVING, row, {}) for row in rows))


def end(session: Session, run: Run, ended: Sequence[ItemState]) -> None:
    """Write outcomes; of an item that has one already, what was recorded first stands."""
    fence_change(session, run, {})
    given = {state.position: state for state in ended}
    for state in given.values():
        if state.outcome in OPEN:
            raise ValueError(f"item {state.position} of plan {run.plan_id} cannot end as {state.outcome}")
    rows = [row for row in _rows(session, run, tuple(given)) if row.outcome in OPEN]
    _write(
        session,
        [{"plan_id": run.plan_id, "position": row.position, **_outcome(given[row.position])} for row in rows],
    )
    chain.append(
        session,
        dict(_event(run, Tag.ITEM_ENDED, row, _outcome(given[row.position])) for row in rows),
    )


def _rows(session: Session, run: Run, positions: Sequence[int]) -> list[ItemRow]:
    """The items at these positions, in the order in which they were named."""
    query = select(ItemRow).where(col(ItemRow.plan_id) == run.plan_id)
    if len(positions) == 1:
        query = query.where(col(ItemRow.position) == positions[0])
    by_position = {row.position: row for row in session.exec(query)}
    unknown = [position for position in positions if position not in by_position]
    if unknown:
        raise ValueError(f"plan {run.plan_id} has no item {unknown[0]}")
    return [by_position[position] for position in dict.fromkeys(positions)]


def _write(session: Session, changes: list[dict[str, Json]]) -> None:
    if changes:
        session.execute(update(ItemRow), changes)


def _outcome(state: ItemState) -> dict[str, Json]:
    return {"outcome": str(state.outcome), "reason": state.reason, "bytes": state.bytes}


def _event(run: Run, tag: Tag, row: ItemRow, more: Mapping[str, Json]) -> tuple[str, Event]:
    """An event of one item, and the key under which one attempt writes it once."""
    facts: dict[str, Json] = {"kind": row.kind, "id": row.object_id, "name": row.name, **more}
    event = Event(tag=tag, plan=run.plan_id, host=run.host, facts=facts)
    return f"{run.plan_id}/attempt {run.attempt}/item {row.position}/{tag}", event
