"""What other cleanups took of a plan's objects since it was made: its message tells of it, and its run knows."""

from collections.abc import Collection, Mapping

from sqlalchemy import ColumnElement, and_, or_, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from bot.core.audit.events import Tag
from bot.core.json import Json
from bot.core.life.states import Outcome, Status
from bot.store.events import genuine
from bot.store.models import ItemRow, PlanRow, RestoreRow
from bot.store.plan.turns import known

OPEN = (Status.PROPOSED, Status.APPROVED, Status.RUNNING)
_WAITS = (str(Status.PROPOSED), str(Status.APPROVED))

_OTHER: type[PlanRow] = aliased(PlanRow)
_THEIRS: type[ItemRow] = aliased(ItemRow)


def _same_engine(one: type[PlanRow], other: type[PlanRow]) -> ColumnElement[bool]:
    return or_(
        col(one.host) == col(other.host), and_(col(one.engine) != "", col(one.engine) == col(other.engine))
    )


def _same_object() -> ColumnElement[bool]:
    return and_(col(_THEIRS.kind) == col(ItemRow.kind), col(_THEIRS.object_id) == col(ItemRow.object_id))


def went_with(session: Session, row: PlanRow) -> Mapping[int, str]:
    """By the positions of a plan's objects that another cleanup removed since it was made: that cleanup's plan.

    What was pulled again since is there again. Rows only say where to look: what its approver is no longer shown has
    to be gone by events that are as they were written.
    """
    if row.status not in OPEN:
        return {}
    others = session.exec(
        select(_OTHER.id)
        .where(
            col(_OTHER.started_at) >= row.created_at,
            or_(
                col(_OTHER.host) == row.host,
                and_(col(_OTHER.engine) != "", col(_OTHER.engine) == row.engine),
            ),
            col(_OTHER.id) != row.id,
            ~select(col(RestoreRow.plan_id)).where(col(RestoreRow.plan_id) == col(_OTHER.id)).exists(),
        )
        .order_by(col(_OTHER.started_at))
    ).all()
    if not others:
        return {}
    rows = session.exec(
        select(ItemRow.position, ItemRow.kind, ItemRow.object_id, _THEIRS.plan_id)
        .join(_THEIRS, _same_object())
        .where(
            col(ItemRow.plan_id) == row.id,
            col(_THEIRS.plan_id).in_(others),
            col(_THEIRS.outcome) == str(Outcome.REMOVED),
        )
    ).all()
    removed = {plan_id: _removed(session, plan_id) for plan_id in {plan_id for *_, plan_id in rows}}
    return {position: plan_id for position, kind, an_id, plan_id in rows if (kind, an_id) in removed[plan_id]}


def _removed(session: Session, plan_id: str) -> Collection[tuple[Json, Json]]:
    """Kinds and ids of what a cleanup removed, by its events."""
    ended = (
        each.event.facts for each in genuine.events(session, plan_id) if each.event.tag == Tag.ITEM_ENDED
    )
    return {(told.get("kind"), told.get("id")) for told in ended if told.get("outcome") == Outcome.REMOVED}


def tell_those_that_wait(session: Session, plan_id: str) -> None:
    """A cleanup has ended: the messages of plans that wait for their decision or turn on its engine tell of it."""
    meant = (
        select(col(_OTHER.id))
        .join(PlanRow, _same_engine(PlanRow, _OTHER))
        .where(
            col(PlanRow.id) == plan_id,
            col(_OTHER.id) != plan_id,
            col(_OTHER.status).in_(_WAITS),
            known(_OTHER),
        )
    )
    waiting = session.exec(meant).all()
    if waiting:
        session.execute(
            update(PlanRow)
            .where(col(PlanRow.id).in_(waiting))
            .values(version=col(PlanRow.version) + 1)
            .execution_options(synchronize_session=False)
        )
