"""Batches: which plans are lines of one message, and who brings it up to date."""

from datetime import timedelta

import sqlalchemy
from sqlalchemy import ColumnElement, Integer, cast, delete, func, or_, update
from sqlmodel import Session, col, select

from bot.core.life.batches import Batch, Line
from bot.core.life.states import ENDED, MessageRef, Status
from bot.store.db.sessions import DatabaseNow, now, update_count
from bot.store.models import BatchRow, PlanRow
from bot.store.plan.turns import known

_ENDED = [str(status) for status in ENDED]


def begin(session: Session, batch_id: str, schedule: str, channel: str, wait: timedelta) -> None:
    """Let plans join it. Those of the schedule that came to no plan, or whose process died, are over with it."""
    has_plans = select(PlanRow.id).where(col(PlanRow.batch) == col(BatchRow.id)).exists()
    ended = (col(BatchRow.schedule) == schedule, col(BatchRow.opens_at) < DatabaseNow(), ~has_plans)
    session.execute(delete(BatchRow).where(*ended).execution_options(synchronize_session=False))
    if session.get(BatchRow, batch_id) is None:
        session.add(BatchRow(id=batch_id, schedule=schedule, channel=channel, opens_at=now(session) + wait))
    session.flush()


def complete(session: Session, batch_id: str) -> None:
    """It may be posted now."""
    due = (col(BatchRow.id) == batch_id, col(BatchRow.opens_at) > DatabaseNow())
    update_count(session, update(BatchRow).where(*due).values(opens_at=now(session)))


def join(session: Session, batch_id: str, plan_id: str) -> None:
    """Make a new plan a line of a batch that was begun; else it stays as it is."""
    there = batch_id and update_count(
        session, update(BatchRow).where(col(BatchRow.id) == batch_id).values(open=True)
    )
    if there:
        update_count(
            session, update(PlanRow).where(col(PlanRow.id) == plan_id).values(batch=batch_id, held=True)
        )


def _seen() -> ColumnElement[int]:
    """Grows when a plan joins, changes, is opened, or is posted."""
    opened = cast(~col(PlanRow.held), Integer)
    posted = cast(col(PlanRow.message_ts) != "", Integer)
    return func.sum(col(PlanRow.version) + opened + posted)


def behind(session: Session) -> tuple[Batch, ...]:
    """Those that may be posted by now, and whose lines have changed."""
    rows = session.execute(
        select(BatchRow, _seen())
        .join(PlanRow, col(PlanRow.batch) == col(BatchRow.id))
        .where(col(BatchRow.open), col(BatchRow.opens_at) <= DatabaseNow(), known())
        .group_by(*BatchRow.__table__.columns)  # type: ignore[attr-defined] # SQLModel's own
        .having(_seen() != col(BatchRow.shown))
        .order_by(col(BatchRow.opens_at), col(BatchRow.id))
    )
    return tuple(_batch(row, seen) for row, seen in rows)


def _batch(row: BatchRow, seen: int) -> Batch:
    place = MessageRef(channel=row.channel, ts=row.ts, permalink=row.permalink)
    return Batch(id=row.id, schedule=row.schedule, place=place, seen=int(seen))


def lines(session: Session, batch_id: str) -> tuple[Line, ...]:
    """The plans of a batch."""
    columns = (
        PlanRow.id, PlanRow.host, PlanRow.status, PlanRow.version, PlanRow.predicted_bytes, PlanRow.held,
        PlanRow.message_ts, PlanRow.message_permalink, PlanRow.attention,
    )  # fmt: skip
    rows = session.execute(
        sqlalchemy.select(*map(col, columns)).where(col(PlanRow.batch) == batch_id, known())
    )
    return tuple(
        Line(
            plan_id=plan_id, host=host, status=Status(status), version=version, predicted=predicted, held=held,
            posted=bool(ts), permalink=permalink, attention=bool(attention),
        )
        for plan_id, host, status, version, predicted, held, ts, permalink, attention in rows
    )  # fmt: skip


def begin_showing(session: Session, batch: Batch, lease: timedelta) -> bool:
    free = or_(col(BatchRow.showing_until).is_(None), col(BatchRow.showing_until) <= DatabaseNow())
    as_read = (col(BatchRow.ts) == batch.place.ts, col(BatchRow.shown) != batch.seen)
    statement = update(BatchRow).where(col(BatchRow.id) == batch.id, free, *as_read)
    return update_count(session, statement.values(showing_until=now(session) + lease)) == 1


def leave_unshown(session: Session, batch_id: str) -> None:
    update_count(session, update(BatchRow).where(col(BatchRow.id) == batch_id).values(showing_until=None))


def shown(session: Session, batch_id: str, seen: int, place: MessageRef) -> None:
    """Keep where it stands. Where every plan has ended and is shown so, it is over, and its plans are shown."""
    of_it = (col(PlanRow.batch) == batch_id, known())
    changed = session.execute(select(_seen()).where(*of_it)).scalar_one()
    going_on = session.exec(
        select(PlanRow.id).where(*of_it, col(PlanRow.status).not_in(_ENDED)).limit(1)
    ).first()
    over = changed == seen and going_on is None
    update_count(
        session,
        update(BatchRow)
        .where(col(BatchRow.id) == batch_id)
        .values(
            shown=seen,
            channel=place.channel,
            ts=place.ts,
            permalink=place.permalink,
            showing_until=None,
            open=not over,
        ),
    )
    if over:
        shown_so = update(PlanRow).where(*of_it, col(PlanRow.held)).values(shown_version=col(PlanRow.version))
        update_count(session, shown_so)


def open_plan(session: Session, plan_id: str) -> bool:
    held = (col(PlanRow.id) == plan_id, col(PlanRow.held))
    return update_count(session, update(PlanRow).where(*held).values(held=False, shown_version=0)) == 1


def of_plan(session: Session, plan_id: str) -> Batch | None:
    """The batch in which a plan has a line."""
    of_it = select(BatchRow).join(PlanRow, col(PlanRow.batch) == col(BatchRow.id))
    row = session.exec(of_it.where(col(PlanRow.id) == plan_id)).one_or_none()
    return _batch(row, 0) if row else None
