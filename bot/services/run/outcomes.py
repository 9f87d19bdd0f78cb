"""How the removal of an object ended that did not remove it; every sentence that a run itself says of one is here."""

from collections.abc import Sequence
from dataclasses import replace

from bot.core.errors import ConflictError, EngineRequestError
from bot.core.life.states import ItemState, Outcome

_GONE = "no longer there when we looked: gone, not confirmed by us"
_GONE_AGAIN = "found gone when it was looked at again: gone, not confirmed by us"
_SAME_MOMENT = "somebody else removed it at the same moment"
STOPPED = "the cleanup was stopped before it was removed"
BUILT_ON = "another image is built on it now"
_OUT_OF_REACH = "the host went out of reach while it was being removed"
_NEEDED_BY_CACHE = "the engine left it: a build uses it, or other cache builds on it"


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


def needed_by_cache(state: ItemState) -> ItemState:
    """The engine left a record of the build cache where it was, and says no more."""
    return kept(state, _NEEDED_BY_CACHE)


def not_done(state: ItemState, error: Exception, *, begun: bool, answered: bool) -> ItemState:
    """The run ended before it, or in the middle of it; ``answered`` is whether the host still answers."""
    reason = f"not tried: {error}"
    if begun:
        reason = f"{error if answered else _OUT_OF_REACH}: look at the host"
    return replace(state, outcome=Outcome.FAILED, reason=reason)


def moved(reference: str) -> str:
    """A name of the image is another's by now."""
    return f"{reference} names another image now"


def went(reference: str) -> str:
    """A name of the image is nobody's by now."""
    return f"{reference} no longer names it"


def names_said(back: Sequence[str], lost: Sequence[str]) -> str:
    """What became of the names that were taken off an image that stays; empty where none was."""
    words = [f"untagged and tagged again: {', '.join(back)}"] if back else []
    words += [f"already untagged: {', '.join(lost)}"] if lost else []
    return "; ".join(words)
