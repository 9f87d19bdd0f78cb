"""Groups: the objects of a run, a few at a time; the intents of each are written before the first of it is touched.

A group is as many objects as went in the last second, and never more than a few: after a death no more have to be
looked at again. It ends when its second is over, whatever is left of it: who wants the run, or the process, to stop
waits for that long, or for the one object that takes longer.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from bot.core.docker.inventory import Kind
from bot.core.life.states import WENT_WITH, ItemState, Outcome
from bot.ports import Run, Runs
from bot.services.run.patience import LetGo, Patience
from bot.services.run.removal import Removal

MOST = 8
"""Objects of a group, but for build cache records, which the engine removes together."""
SECONDS = 1.0
"""After these no other object of a group is begun; build cache records go together."""


@dataclass(slots=True, kw_only=True)
class Groups:
    """Works on the objects of one run. HostError where its host cannot be asked; what ended before is written then."""

    run: Run
    runs: Runs
    removal: Removal
    patience: Patience
    went_with: Mapping[int, str] = field(default_factory=dict)
    """The plans with which objects went before, by the objects' positions."""
    untouched: set[int] = field(default_factory=set)
    """Positions whose intent is written, and with which nothing was begun, here or by an earlier attempt."""
    _size: int = 1

    def remove(self, items: Sequence[ItemState]) -> bool:
        """Remove what is open, in the order of the plan; False when somebody asked to stop before the end."""
        left = deque(_seen_again(item) for item in items)
        while left:
            if self.patience.stopping():
                raise LetGo
            self.removal.engine.still_meant()
            group = self._next(left)
            positions = [item.position for item in group]
            if not self.patience.stored(partial(self.runs.start_items, self.run, positions)):
                return False
            self.untouched.update(item.position for item in group if item.outcome is not Outcome.REMOVING)
            began = self.patience.ticks()
            rest = self._each(group, _remove)
            left.extendleft(reversed(rest))
            each = (self.patience.ticks() - began) / (len(group) - len(rest))
            self._size = max(1, min(MOST, int(SECONDS / each))) if each else MOST
        self.removal.end()
        return True

    def settle(self, items: Sequence[ItemState]) -> None:
        """Say what became of what an earlier attempt had begun, or a group had left; nothing more is removed."""
        left = deque(item if item.position in self.untouched else _seen_again(item) for item in items)
        while left:
            left.extendleft(reversed(self._each(self._next(left), _settle)))

    def end(self, ended: Sequence[ItemState]) -> None:
        """Write how objects ended; of what another cleanup took it is known with which plan it went."""
        ended = [
            replace(item, reason=f"{WENT_WITH}{self.went_with[item.position]}")
            if item.outcome is Outcome.GONE and item.position in self.went_with
            else item
            for item in ended
        ]
        self.patience.stored(lambda: self.runs.end_items(self.run, ended))

    def _next(self, left: deque[ItemState]) -> list[ItemState]:
        """The build cache's records all in one group, and of all else so many as went in time."""
        cache = left[0].item.kind is Kind.BUILD_CACHE
        most = len(left) if cache else self._size
        group: list[ItemState] = []
        while left and len(group) < most and (left[0].item.kind is Kind.BUILD_CACHE) is cache:
            group.append(left.popleft())
        return group

    def _each(
        self, group: Sequence[ItemState], work: Callable[..., Sequence[ItemState]]
    ) -> Sequence[ItemState]:
        """Do it with one object after the other, or with all records; those that are left when its time is over.

        What has ended is written, come what may.
        """
        cache = group[0].item.kind is Kind.BUILD_CACHE
        ended: list[ItemState] = []
        until = self.patience.ticks() + SECONDS
        try:
            for part in [group] if cache else [[item] for item in group]:
                if ended and self.patience.ticks() >= until:
                    break
                if ended:
                    self.removal.engine.still_meant()
                self.removal.before_effect()
                self.untouched -= {item.position for item in part}
                ended += self.patience.reached(partial(work, self.removal, part))
        finally:
            if ended:
                self.end(ended)
        return group[len(ended) :]


def _remove(removal: Removal, part: Sequence[ItemState], again: bool) -> Sequence[ItemState]:  # noqa: FBT001 - of one caller
    part = [_begun(item) for item in part] if again else part
    if part[0].item.kind is Kind.BUILD_CACHE:
        return removal.cache.remove(part)
    return (removal.remove(part[0]),)


def _settle(removal: Removal, part: Sequence[ItemState], _again: bool) -> Sequence[ItemState]:  # noqa: FBT001 - as above
    if part[0].item.kind is Kind.BUILD_CACHE:
        return removal.cache.settle(part)
    return (removal.settle(part[0]),)


def _begun(item: ItemState) -> ItemState:
    """An item that was cut short in the middle: nothing is assumed, and its outcome will say so."""
    return replace(item, outcome=Outcome.REMOVING, reconciled=True)


def _seen_again(item: ItemState) -> ItemState:
    """What an earlier attempt left in the middle."""
    return _begun(item) if item.outcome is Outcome.REMOVING else item
