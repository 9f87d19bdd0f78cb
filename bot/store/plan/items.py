"""The items of a run: the intent written before the engine is called, the outcome after it. All fenced."""

import logging
from collections.abc import Mapping, Sequence

from sqlalchemy import bindparam, update
from sqlalchemy.engine import CursorResult
from sqlmodel import Session, col, select

from bot.core.audit import facts
from bot.core.audit.events import Event, Tag
from bot.core.audit.written import NAMES
from bot.core.json import Json
from bot.core.life.states import OPEN, ItemState, Outcome, item_may_become
from bot.ports import Run
from bot.store.events import chain
from bot.store.models import ItemRow, PlanRow
from bot.store.plan.runs import fence_change

LOG = logging.getLogger(__name__)

FEW = 50
"""Items that are asked for by their positions; where more are meant, all of the plan are read."""


def start(session: Session, run: Run, positions: Sequence[int]) -> bool:
    """planned → removing; what an earlier attempt left removing stays so, with an event of this one.

    False, and nothing is begun, when somebody asked the run to stop.
    """
    fence_change(session, run, {})
    if session.exec(select(PlanRow.stop_at).where(col(PlanRow.id) == run.plan_id)).one() is not None:
        return False
    rows = _rows(session, run, positions)
    begun = [row for row in rows if row.outcome != Outcome.REMOVING]
    _move(session, begun, [{"outcome": str(Outcome.REMOVING)}] * len(begun))
    chain.append(session, dict(_event(run, Tag.ITEM_REMOVING, row, {}) for row in rows))
    return True


def untagging(session: Session, run: Run, position: int, names: Sequence[str]) -> None:
    """Write down which names are about to be taken off an image: whoever goes on can put them back."""
    fence_change(session, run, {})
    (row,) = _rows(session, run, [position])
    if row.outcome != Outcome.REMOVING:
        raise ValueError(f"item {position} of plan {run.plan_id} is {row.outcome}: nothing of it is untagged")
    _move(session, [row], [{"outcome": str(Outcome.REMOVING), "untagging": NAMES.text(tuple(names))}])
    chain.append(session, dict([_event(run, Tag.ITEM_UNTAGGING, row, {"references": list(names)})]))


def end(session: Session, run: Run, ended: Sequence[ItemState]) -> None:
    """Write outcomes; of an item that has one already by the audit, what was recorded first stands.

    What the events say comes from who did it: somebody may have changed the rows since it began.
    """
    given = {state.position: state for state in ended}
    for state in given.values():
        if state.outcome in OPEN:
            raise ValueError(f"item {state.position} of plan {run.plan_id} cannot end as {state.outcome}")
    fence_change(session, run, {"in_vain": 0} if given else {})
    rows = _rows(session, run, tuple(given))
    open_ = [row for row in rows if row.outcome in OPEN]
    forged = _without_end(session, run, [row for row in rows if row.outcome not in OPEN])
    _move(session, open_, [_columns(given[row.position]) for row in open_])
    _write(session, forged, [_columns(given[row.position]) for row in forged])
    now = {row.position for row in (*open_, *forged)}
    chain.append(
        session,
        {
            f"{_key(run, position)}/{Tag.ITEM_ENDED}": _ended(run, state)
            for position, state in given.items() if position in now
        },
    )  # fmt: skip


def _without_end(session: Session, run: Run, rows: Sequence[ItemRow]) -> list[ItemRow]:
    """Those of the rows that say how an item ended while no event does: somebody has changed them."""
    found: list[ItemRow] = []
    for row in rows:
        keys = [
            f"{_key(run, row.position, attempt)}/{Tag.ITEM_ENDED}" for attempt in range(1, run.attempt + 1)
        ]
        if not chain.known(session, keys):
            LOG.error(
                "%s: somebody wrote “%s” into the row of %s, an item of plan %s that had not ended",
                run.host, row.outcome, row.name, run.plan_id,
            )  # fmt: skip
            found.append(row)
    return found


def _rows(session: Session, run: Run, positions: Sequence[int]) -> list[ItemRow]:
    """The items at these positions, in the order in which they were named."""
    query = select(ItemRow).where(col(ItemRow.plan_id) == run.plan_id)
    if len(positions) <= FEW:
        query = query.where(col(ItemRow.position).in_(positions))
    by_position = {row.position: row for row in session.exec(query)}
    unknown = [position for position in positions if position not in by_position]
    if unknown:
        raise ValueError(f"plan {run.plan_id} has no item {unknown[0]}")
    return [by_position[position] for position in dict.fromkeys(positions)]


def _move(session: Session, rows: Sequence[ItemRow], changes: Sequence[Mapping[str, Json]]) -> None:
    """Compare and set: each row from the outcome that was read to a legal next one, with what goes with it."""
    for row, change in zip(rows, changes, strict=True):
        before, after = Outcome(row.outcome), Outcome(str(change["outcome"]))
        if before is not after and not item_may_become(before, after):
            raise ValueError(f"item {row.position} of plan {row.plan_id} is {before} and cannot be {after}")
    _write(session, rows, changes)


def _write(session: Session, rows: Sequence[ItemRow], changes: Sequence[Mapping[str, Json]]) -> None:
    if not rows:
        return
    table = ItemRow.__table__  # type: ignore[attr-defined] # SQLModel's stubs leave it out
    statement = (
        update(table)
        .where(
            table.c.plan_id == bindparam("of_plan"),
            table.c.position == bindparam("at_position"),
            table.c.outcome == bindparam("read"),
        )
        .values({name: bindparam(f"new_{name}") for name in changes[0]})
    )
    parameters = [
        {"of_plan": row.plan_id, "at_position": row.position, "read": row.outcome}
        | {f"new_{name}": value for name, value in change.items()}
        for row, change in zip(rows, changes, strict=True)
    ]
    result = session.connection().execute(statement, parameters)
    assert isinstance(result, CursorResult)  # noqa: S101 - what SQLAlchemy gives for every update
    if result.rowcount != len(rows):
        raise RuntimeError(f"an item of plan {rows[0].plan_id} changed under the plan's lock")


def _event(run: Run, tag: Tag, row: ItemRow, more: Mapping[str, Json]) -> tuple[str, Event]:
    """An event of one item, and the key under which one attempt writes it once."""
    said: dict[str, Json] = {"kind": row.kind, "id": row.object_id, "name": row.name, **more}
    return f"{_key(run, row.position)}/{tag}", Event(tag=tag, plan=run.plan_id, host=run.host, facts=said)


def _ended(run: Run, state: ItemState) -> Event:
    """How an item ended, told of what was done, whatever its row names by now."""
    said = {**facts.named(state.item), **facts.outcome(state)}
    return Event(tag=Tag.ITEM_ENDED, plan=run.plan_id, host=run.host, facts=said)


def _columns(state: ItemState) -> dict[str, Json]:
    return {"reconciled": False, **facts.outcome(state)}


def _key(run: Run, position: int, attempt: int = 0) -> str:
    """What an attempt, this one unless another is named, does once with an item."""
    return f"{run.plan_id}/attempt {attempt or run.attempt}/item {position}"
