"""How the removal of an object ended that did not remove it."""

from dataclasses import replace

from bot.core.errors import ConflictError, EngineRequestError
from bot.core.life.states import ItemState, Outcome

_GONE = "no longer there when we looked: gone, not confirmed by us"
_GONE_AGAIN = "found gone when it was looked at again: gone, not confirmed by us"
_SAME_MOMENT = "somebody else removed it at the same moment"
STOPPED = "the cleanup was stopped before it was removed"


def gone(state: ItemState) -> ItemState:
    """It was not there."""
    return replace(state, outcome=Outcome.GONE, reason=_GONE_AGAIN if state.reconciled else _GONE)


def gone_meanwhile(state: ItemState) -> ItemState:
    """It went while we were at it, and not by us."""
    return replace(state, outcome=Outcome.GONE, reason=_SAME_MOMENT)


def refused(state: ItemState, refusal: EngineRequestError) -> ItemState:
    """The engine answered, and did not do it."""
    outcome = Outcome.KEPT if isinstance(refusal, ConflictError) else Outcome.FAILED
    return replace(state, outcome=outcome, reason=f"the engine refused: {refusal.message}")


def kept(state: ItemState, reason: str) -> ItemState:
    return replace(state, outcome=Outcome.KEPT, reason=reason)
