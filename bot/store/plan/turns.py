"""Turns: what a process may take up, and which plan of a host comes before which."""

from sqlalchemy import ColumnElement, and_, func, or_, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from bot.core.life.states import Status
from bot.store.db.sessions import DatabaseNow
from bot.store.models import FORMAT, FleetRow, PlanRow


def known(row: type[PlanRow] = PlanRow) -> ColumnElement[bool]:
    """Rows that this release understands; it leaves the others to the newer release that wrote them."""
    return and_(col(row.format) <= FORMAT, col(row.status).in_([str(status) for status in Status]))


WAITING = col(PlanRow.status) == str(Status.PROPOSED)
OVERDUE = col(PlanRow.expires_at) <= DatabaseNow()
"""Of plans that wait for a decision: those whose time is up, as ``PlanState.is_overdue`` has it."""


def _turn(row: type[PlanRow]) -> ColumnElement[object]:
    return func.coalesce(col(row.decided_at), col(row.created_at))


def _due(row: type[PlanRow]) -> ColumnElement[bool]:
    """Whether nothing but other plans keeps it from starting: its policy's window is open."""
    return or_(col(row.starts_at).is_(None), col(row.starts_at) <= DatabaseNow())


def _released(row: type[PlanRow]) -> ColumnElement[bool]:
    """Whether no rollout keeps it from starting: it is of no fleet, or its wave has begun and nothing holds it.

    A run's claim asks the audit the same of its wave.
    """
    goes_on = select(col(FleetRow.id)).where(col(FleetRow.id) == col(row.fleet), col(FleetRow.held) == "")
    return or_(col(row.fleet) == "", and_(col(row.wave) > 0, goes_on.exists()))


def _ahead(other: type[PlanRow], row: type[PlanRow]) -> ColumnElement[bool]:
    """Whether another plan of the host or its engine comes first: the one that runs, then those approved earlier."""
    earlier = or_(_turn(other) < _turn(row), and_(_turn(other) == _turn(row), col(other.id) < col(row.id)))
    waits = and_(
        col(other.status) == str(Status.APPROVED), known(other), _due(other), _released(other), earlier
    )
    return and_(
        or_(
            col(other.host) == col(row.host),
            and_(col(row.engine) != "", col(other.engine) == col(row.engine)),
        ),
        col(other.id) != col(row.id),
        or_(col(other.status) == str(Status.RUNNING), waits),
    )


_OTHER: type[PlanRow] = aliased(PlanRow)

LAPSED = and_(
    col(PlanRow.status) == str(Status.RUNNING),
    col(PlanRow.attention) == "",
    col(PlanRow.lease_until) <= DatabaseNow(),
)
NEXT = and_(
    col(PlanRow.status) == str(Status.APPROVED),
    _due(PlanRow),
    _released(PlanRow),
    ~select(col(_OTHER.id)).where(_ahead(_OTHER, PlanRow)).exists(),
)
CLAIMABLE = and_(known(), or_(LAPSED, NEXT))


def claimable(session: Session) -> tuple[str, ...]:
    """Ids of what ``claim`` takes now, in the order in which the plans were approved."""
    return tuple(session.exec(select(PlanRow.id).where(CLAIMABLE).order_by(_turn(PlanRow), col(PlanRow.id))))


def waits_for(session: Session, row: PlanRow) -> str:
    """The plan right ahead of an approved one on its host; empty when it is next."""
    ahead = (
        select(col(_OTHER.id))
        .join(PlanRow, _ahead(_OTHER, PlanRow))
        .where(col(PlanRow.id) == row.id)
        .order_by(
            (col(_OTHER.status) == str(Status.APPROVED)).desc(), _turn(_OTHER).desc(), col(_OTHER.id).desc()
        )
        .limit(1)
    )
    return session.exec(ahead).one_or_none() or ""


def tell_follower(session: Session, plan_id: str) -> None:
    """An approved plan is about to leave before its turn: the message of the next one has to name another."""
    follower = session.exec(
        select(col(_OTHER.id))
        .join(PlanRow, _ahead(PlanRow, _OTHER))
        .where(col(PlanRow.id) == plan_id, col(_OTHER.status) == str(Status.APPROVED))
        .order_by(_turn(_OTHER), col(_OTHER.id))
        .limit(1)
    ).one_or_none()
    if follower is not None:
        session.execute(
            update(PlanRow)
            .where(col(PlanRow.id) == follower)
            .values(version=col(PlanRow.version) + 1)
            .execution_options(synchronize_session=False)
        )
