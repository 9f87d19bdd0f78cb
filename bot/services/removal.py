"""Removal: one planned object at a time; looked at immediately before, never forced, kept when in doubt."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from bot.core import recheck
from bot.core.errors import ConflictError, EngineRequestError, NotFoundError
from bot.core.inventory import CONTAINERD_STORE, Container, Image, Kind
from bot.core.lifecycle import ItemState, Outcome
from bot.core.plans import Draft, Item
from bot.ports import Engine

_GONE = "no longer there when we looked: gone, not confirmed by us"
_SAME_MOMENT = "somebody else removed it at the same moment"


class _Objection(Exception):  # noqa: N818 - not an error: the object is kept, and this is why
    """Ends the removal of an object that has to stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """Removes items of one plan from one engine. Raises HostError when the host cannot be asked."""

    engine: Engine
    draft: Draft

    def remove(self, state: ItemState) -> ItemState:
        """Remove one object (of any kind but build cache) and say how that ended.

        An image whose outcome is ``removing`` may have lost names to an earlier try of ours.
        """
        by_kind: dict[Kind, Callable[[Item], int]] = {
            Kind.CONTAINER: self._container,
            Kind.NETWORK: self._network,
            Kind.IMAGE: partial(self._image, begun=state.outcome is Outcome.REMOVING),
            Kind.VOLUME: self._volume,
        }
        item = state.item
        try:
            freed = by_kind[item.kind](item)
        except _Objection as objection:
            return replace(state, outcome=Outcome.KEPT, reason=str(objection))
        except NotFoundError:
            return replace(state, outcome=Outcome.GONE, reason=_GONE)
        except EngineRequestError as refused:
            return self._after_refusal(state, refused)
        return replace(state, outcome=Outcome.REMOVED, bytes=freed)

    def _after_refusal(self, state: ItemState, refused: EngineRequestError) -> ItemState:
        """Look once more: some engines answer 409 or 500 for what has gone meanwhile."""
        if not self._exists(state.item):
            return replace(state, outcome=Outcome.GONE, reason=_SAME_MOMENT)
        kept = isinstance(refused, ConflictError)
        outcome = Outcome.KEPT if kept else Outcome.FAILED
        return replace(state, outcome=outcome, reason=f"the engine refused: {refused.message}")

    def _exists(self, item: Item) -> bool:
        look: dict[Kind, Callable[[str], object]] = {
            Kind.CONTAINER: self.engine.container,
            Kind.NETWORK: self.engine.network,
            Kind.IMAGE: self.engine.image,
            Kind.VOLUME: self.engine.volume,
        }
        try:
            look[item.kind](item.id)
        except NotFoundError:
            return False
        return True

    def _container(self, item: Item) -> int:
        _object(recheck.container_objection(self.engine.container(item.id), self.draft.taken_at))
        self.engine.remove_container(item.id)
        return item.bytes

    def _network(self, item: Item) -> int:
        _object(recheck.network_objection(self.engine.network(item.id), self.engine.containers()))
        self.engine.remove_network(item.id)
        return item.bytes

    def _volume(self, item: Item) -> int:
        now, containers = self.engine.volume(item.id), self.engine.containers()
        _object(recheck.volume_objection(item, now, containers, self.draft.taken_at))
        self.engine.remove_volume(item.id)
        return item.bytes

    def _image(self, item: Item, *, begun: bool) -> int:
        """Untag by name all references but the last, then delete by id: the engine's 409 guards the rest."""
        containers = self.engine.containers()
        now = self._unchanged_image(item, containers)
        if not begun:
            _object(recheck.lost_reference(item, now))
        to_untag = recheck.references_to_untag(now)
        if to_untag and self.engine.has_children(item.id):
            # The engine would refuse to delete it only after its names are gone.
            raise _Objection("another image is built on it now")
        untagged: list[str] = []
        for reference in to_untag:
            try:
                self._untag(reference, item, containers)
            except (_Objection, EngineRequestError) as problem:
                raise _Objection(_half_untagged(str(problem), untagged)) from problem
            untagged.append(reference)
        try:
            self._unchanged_image(item, containers)
            deleted = self.engine.remove_image(item.id)
        except (ConflictError, _Objection) as problem:
            if untagged:
                raise _Objection(_half_untagged(str(problem), untagged)) from problem
            raise
        if self.draft.engine.store == CONTAINERD_STORE:
            return item.bytes
        return sum(self.draft.layers.get(layer, 0) for layer in deleted)

    def _unchanged_image(self, item: Item, containers: Sequence[Container]) -> Image:
        now = self.engine.image(item.id)
        _object(recheck.image_objection(item, now, containers, self.draft.taken_at))
        return now

    def _untag(self, reference: str, item: Item, containers: Sequence[Container]) -> None:
        """A name may have moved to another image since the plan was made: then it is not ours to touch."""
        named = self.engine.image(reference)
        if named.id != item.id:
            raise _Objection(f"{reference} names another image now")
        _object(recheck.image_objection(item, named, containers, self.draft.taken_at))
        self.engine.untag(reference)

    # --- build cache, all of a plan's records in one call ---------------------------------------

    def remove_cache(self, states: Sequence[ItemState]) -> tuple[ItemState, ...]:
        """Remove build cache records: the engine takes leaves first, so they go together."""
        now = {record.id: record for record in self.engine.cache_records()}
        ended: list[ItemState] = []
        going: list[ItemState] = []
        for state in states:
            record = now.get(state.item.id)
            if record is None:
                ended.append(replace(state, outcome=Outcome.GONE, reason=_GONE))
            elif objection := recheck.cache_objection(state.item, record, self.draft.taken_at):
                ended.append(replace(state, outcome=Outcome.KEPT, reason=objection))
            else:
                going.append(state)
        if going:
            deleted = self.engine.prune_cache([state.item.id for state in going])
            left = {record.id for record in self.engine.cache_records()}
            ended.extend(_cache_outcome(state, deleted, left) for state in going)
        return tuple(sorted(ended, key=lambda state: state.position))


def _cache_outcome(state: ItemState, deleted: frozenset[str], left: set[str]) -> ItemState:
    if state.item.id in deleted:
        return replace(state, outcome=Outcome.REMOVED, bytes=state.item.bytes)
    if state.item.id in left:
        reason = "the engine kept it: a build uses it, or another record builds on it"
        return replace(state, outcome=Outcome.KEPT, reason=reason)
    return replace(state, outcome=Outcome.GONE, reason=_SAME_MOMENT)


def _object(objection: str | None) -> None:
    if objection:
        raise _Objection(objection)


def _half_untagged(problem: str, untagged: Sequence[str]) -> str:
    return f"{problem} (already untagged: {', '.join(untagged)})" if untagged else problem
