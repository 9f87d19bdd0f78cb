"""Plans as they stand."""

from collections.abc import Mapping
from dataclasses import replace

from sqlmodel import Session, col, select

from bot.core.errors import PlanDiffersError, RefusedError
from bot.core.life.states import ENDED, PlanState, Status
from bot.store.mapping import plan_state
from bot.store.models import ItemRow, PlanRow, RestoreRow, VoteRow
from bot.store.plan import binding, taken
from bot.store.plan.turns import OVERDUE, WAITING, known, waits_for

_NO_PLAN = (ValueError, TypeError, KeyError, IndexError, AttributeError)
"""What reading rows ends in that somebody has made no plan."""


def load(session: Session, plan_id: str, *, lock: bool = False) -> PlanState | None:
    """A plan as it stands in this transaction; locked until its end when asked to.

    PlanDiffersError where its rows make no plan: whoever may write has it closed by ``binding.refuse``.
    """
    try:
        return _loaded(session, plan_id, lock=lock)
    except _NO_PLAN as error:
        raise PlanDiffersError(binding.UNREADABLE) from error


def _loaded(session: Session, plan_id: str, *, lock: bool) -> PlanState | None:
    query = select(PlanRow).where(col(PlanRow.id) == plan_id)
    if lock:
        query = query.with_for_update()
    row = session.exec(query.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        return None
    items = session.exec(
        select(ItemRow)
        .where(col(ItemRow.plan_id) == plan_id)
        .order_by(col(ItemRow.position))
        .execution_options(populate_existing=True)
    ).all()
    votes = session.exec(
        select(VoteRow)
        .where(col(VoteRow.plan_id) == plan_id)
        .order_by(col(VoteRow.version))
        .execution_options(populate_existing=True)
    )
    restore = session.exec(
        select(RestoreRow).where(col(RestoreRow.plan_id) == plan_id).execution_options(populate_existing=True)
    ).one_or_none()
    ahead = waits_for(session, row) if row.status == Status.APPROVED else ""
    state = plan_state(row, items, votes, ahead, restore)
    doubt = binding.doubt(session, row, items, state.plan)
    return replace(state, doubt=doubt, went_with=taken.went_with(session, row))


def there(state: PlanState | None, plan_id: str) -> PlanState:
    """The plan; RefusedError when there is none."""
    if state is None:
        raise RefusedError(f"There is no plan “{plan_id}” (any more).")
    return state


def due(session: Session) -> tuple[str, ...]:
    """Ids of the proposed plans whose time is up, the longest overdue first."""
    return tuple(
        session.exec(
            select(PlanRow.id)
            .where(WAITING, OVERDUE, known())
            .order_by(col(PlanRow.expires_at), col(PlanRow.id))
        )
    )


def open_plans(session: Session, requester_id: str, host: str) -> Mapping[str, Status]:
    """The plans of a requester on a host that have not ended, the oldest first."""
    rows = session.exec(
        select(PlanRow.id, PlanRow.status)
        .where(
            col(PlanRow.requester_id) == requester_id,
            col(PlanRow.host) == host,
            col(PlanRow.status).not_in([str(status) for status in ENDED]),
        )
        .order_by(col(PlanRow.created_at), col(PlanRow.id))
    )
    return {plan_id: Status(status) for plan_id, status in rows}
