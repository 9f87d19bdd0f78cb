"""Schedules: who is due, moved on by compare-and-set, so that of all replicas one does the work."""

import uuid
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col, select

from bot.core.audit.events import Event
from bot.core.json import storable
from bot.ports import Tick, Timer
from bot.store.db.sessions import now, update_count
from bot.store.events import chain
from bot.store.models import ScheduleHostRow, ScheduleRow


def timers(session: Session) -> tuple[Timer, ...]:
    """Where every schedule stands, by name."""
    rows = session.exec(select(ScheduleRow).order_by(col(ScheduleRow.name)))
    return tuple(Timer(name=row.name, definition=row.definition, next_at=row.next_at) for row in rows)


def set_timer(session: Session, name: str, definition: str, after: Callable[[datetime], datetime]) -> None:
    """Begin a schedule, or begin it anew under another definition; what stands as it should is left alone."""
    row = session.exec(
        select(ScheduleRow).where(col(ScheduleRow.name) == name).with_for_update()
    ).one_or_none()
    if row is None:
        session.add(ScheduleRow(name=name, definition=definition, next_at=after(now(session))))
    elif row.definition != storable(definition):
        row.definition, row.next_at = definition, after(now(session))
        session.add(row)
    session.flush()


def tick(session: Session, timer: Timer, decide: Callable[[datetime], Tick]) -> bool:
    """Move a schedule on from the moment that was seen; False when there is nothing to move, or no longer."""
    moment = now(session)
    if timer.next_at > moment:
        return False
    wanted = decide(moment)
    moved = update_count(
        session,
        update(ScheduleRow)
        .where(
            col(ScheduleRow.name) == timer.name,
            col(ScheduleRow.definition) == timer.definition,
            col(ScheduleRow.next_at) == timer.next_at,
        )
        .values(next_at=wanted.next_at),
    )
    if moved:
        chain.append(session, {f"schedule {timer.name}/{timer.next_at.isoformat()}": wanted.event})
    return bool(moved)


def note(session: Session, schedule: str, host: str, trouble: str, event: Event | None = None) -> bool:
    """Keep what is in the way on a host; True when that is news."""
    row = session.get(ScheduleHostRow, (schedule, host), with_for_update=True)
    before = row.trouble if row else ""
    row = row or ScheduleHostRow(schedule=schedule, host=host, trouble="")
    row.trouble, row.at = trouble, now(session)
    session.add(row)
    session.flush()
    if event is not None:
        chain.append(session, {f"schedule {schedule}/record {uuid.uuid4()}": event})
    return bool(trouble) and trouble != before
