"""Where a plan stands, for those to whom it is shown."""

from bot.core.errors import NewerReleaseError, PlanDiffersError
from bot.core.life.states import PlanState, Status
from bot.ports import Audit, Plans

GO_ON = frozenset({Status.PROPOSED, Status.APPROVED, Status.RUNNING})


def as_it_stands(plans: Plans, audit: Audit, plan_id: str) -> PlanState | None:
    """The plan; one that has ended is reported as its events tell it, whatever became of its rows.

    None where only a newer release can read it.
    """
    try:
        state = plans.get(plan_id)
        recorded = audit.recorded(plan_id) if state and state.status not in GO_ON else None
    except NewerReleaseError:
        return None  # a process of that release shows it
    except PlanDiffersError:  # its rows make no plan: it is closed by now
        recorded, state = audit.recorded(plan_id), None
    return recorded.state if recorded else state
