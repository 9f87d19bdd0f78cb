"""What is left of a plan of which another cleanup took something while it waited. For display: its list stays."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from bot.core.life.states import PlanState
from bot.core.plan.plan import Draft, Frees


def left_of(state: PlanState) -> Draft:
    """The plan without what went, and what that frees: more, where it held together with what went."""
    draft = state.plan.draft
    if not state.went_with:
        return draft
    items = tuple(item for position, item in enumerate(draft.items) if position not in state.went_with)
    total = sum(item.bytes for item in items)
    frees = Frees(low=min(draft.frees.low, total), high=total, exact=False, why="without what went since")
    return replace(draft, items=items, frees=frees)


def went(state: PlanState) -> Mapping[str, int]:
    """How many of the plan's objects went with which other plan."""
    return Counter(state.went_with.values())
