"""What a Home is put together from: plans that have not ended, what came last, and what is in a schedule's way."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Text, and_, func, not_, or_, select, type_coerce
from sqlmodel import Session, col

from bot.core.json import storable
from bot.core.life.states import ENDED, Status
from bot.ports import Cleanup, Counted, OpenPlan, Trouble
from bot.store.audit.reviewing import lines_of
from bot.store.models import EventRow, HeadRow, PlanRow, ScheduleHostRow, VoteRow
from bot.store.plan.turns import OVERDUE, WAITING, known


def going_on(session: Session) -> tuple[OpenPlan, ...]:
    """Every plan that has not ended, but for those whose time is up; who expires first comes first."""
    begun = col(PlanRow.status).in_([str(Status.APPROVED), str(Status.RUNNING)])
    rows = session.execute(
        select(
            col(PlanRow.id), col(PlanRow.host), col(PlanRow.status), col(PlanRow.requester_id),
            col(PlanRow.attention), col(PlanRow.decided_at),
        )
        .where(known(), or_(and_(WAITING, not_(OVERDUE)), begun))
        .order_by(col(PlanRow.expires_at), col(PlanRow.id))
    ).all()  # fmt: skip
    approvers = _approvers(session, [row.id for row in rows])
    return tuple(
        OpenPlan(
            id=row.id,
            host=row.host,
            status=Status(row.status),
            requester_id=row.requester_id,
            approver_ids=approvers.get(row.id, frozenset()),
            needs_attention=bool(row.attention),
            decided_at=row.decided_at,
        )
        for row in rows
    )


def counted(session: Session) -> Counted:
    """How many plans are in each state, and where the audit ends: what operators watch."""
    by_status = select(col(PlanRow.status), func.count()).group_by(col(PlanRow.status))
    parked = select(func.count()).where(
        col(PlanRow.status) == str(Status.RUNNING), col(PlanRow.attention) != ""
    )
    oldest = select(func.min(col(PlanRow.created_at))).where(col(PlanRow.status) == str(Status.PROPOSED))
    head = session.scalar(select(col(HeadRow.seq))) or 0
    return Counted(
        plans={row[0]: row[1] for row in session.execute(by_status)},
        attention=session.scalar(parked) or 0,
        oldest_proposed=session.scalar(oldest),
        head=head,
        head_at=session.scalar(select(col(EventRow.at)).where(col(EventRow.seq) == head)),
    )


def _approvers(session: Session, plan_ids: Sequence[str]) -> Mapping[str, frozenset[str]]:
    votes = select(col(VoteRow.plan_id), col(VoteRow.person_id)).where(
        col(VoteRow.plan_id).in_(plan_ids), col(VoteRow.approve).is_(True)
    )
    found: dict[str, frozenset[str]] = {}
    for plan_id, person in session.execute(votes):
        found[plan_id] = found.get(plan_id, frozenset()) | {person}
    return found


def ended(session: Session, requester_id: str, limit: int) -> tuple[str, ...]:
    """Ids of the plans of a requester that have ended, the one asked for last before the others."""
    query = (
        select(col(PlanRow.id))
        .where(
            col(PlanRow.requester_id) == requester_id,
            col(PlanRow.status).in_([str(status) for status in ENDED]),
            known(),
        )
        .order_by(col(PlanRow.created_at).desc(), col(PlanRow.id).desc())
        .limit(limit)
    )
    return tuple(session.scalars(query))


def latest_cleanups(session: Session, hosts: Collection[str]) -> Mapping[str, Cleanup]:
    """The cleanup that began last on each of these hosts; one short query a host, on an index of its own."""
    latest = (
        select(col(PlanRow.id), type_coerce(PlanRow.started_at, Text))
        .where(col(PlanRow.started_at).is_not(None), known())
        .order_by(col(PlanRow.started_at).desc())
        .limit(1)
    )
    found = [session.execute(latest.where(col(PlanRow.host) == host)).first() for host in hosts]
    lines = lines_of(session, {row[0]: row[1] for row in found if row})
    return {line.host: line for line in lines.values() if line.host in hosts}


def troubles(session: Session, hosts: Collection[str]) -> Mapping[str, Trouble]:
    """What was in the way of a schedule on these hosts the last time that it came, and since when."""
    names = [storable(host) for host in hosts]
    rows = session.scalars(
        select(ScheduleHostRow)
        .where(
            col(ScheduleHostRow.host).in_(names),
            col(ScheduleHostRow.trouble) != "",
            col(ScheduleHostRow.at).is_not(None),
        )
        .order_by(col(ScheduleHostRow.at))
    )
    return {row.host: Trouble(schedule=row.schedule, what=row.trouble, at=row.at) for row in rows if row.at}
