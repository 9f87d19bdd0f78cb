"""Build cache: all of a plan's records in one call, since the engine takes leaves first."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from bot.core.docker.inventory import CONTAINERD_STORE, CacheRecord, Kind
from bot.core.errors import EngineRequestError, NotFoundError
from bot.core.life.states import ItemState, Outcome
from bot.core.plan import recheck
from bot.core.plan.plan import Draft, Item
from bot.ports import CACHE_BATCH, HeldEngine
from bot.services.run import outcomes


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheRemoval:
    """As ``Removal``, of build cache records."""

    engine: HeldEngine
    draft: Draft
    before_effect: Callable[[], None]
    rules: Callable[[Item], str | None]
    deleted: Mapping[str, AbstractSet[str]]
    """What the engine said it deleted with each image that went before, by the image's id."""

    def remove(self, states: Sequence[ItemState]) -> tuple[ItemState, ...]:
        """Remove build cache records: the engine takes leaves first, so they go together."""
        try:
            now = {record.id: record for record in self.engine.cache_records()}
        except EngineRequestError as refusal:
            return tuple(outcomes.refused(state, refusal) for state in states)
        ended: list[ItemState] = []
        going: list[ItemState] = []
        beside_images = self._beside_images()
        for state in states:
            record = now.get(state.item.id)
            if record is None:
                ended.append(outcomes.gone(state))
            elif objection := self.rules(state.item) or recheck.cache_objection(
                state.item, record, self.draft.taken_at, beside_images=beside_images
            ):
                ended.append(outcomes.kept(state, objection))
            else:
                going.append(state)
        for start in range(0, len(going), CACHE_BATCH):
            ended.extend(self._prune(going[start : start + CACHE_BATCH]))
        self._count_what_images_left(ended, now)
        return tuple(sorted(ended, key=lambda state: state.position))

    def _beside_images(self) -> bool:
        """Whether shared records free what the plan says, though images share them: those that were to stay.

        On the containerd store a record has a snapshot of its own beside the image's, and is called shared for its
        blob, or its parent's; what it shares with an image of the plan counts with it, so that one has to be gone.
        """
        if self.draft.engine.store != CONTAINERD_STORE:
            return False
        planned = {item.id for item in self.draft.items if item.kind is Kind.IMAGE}
        return not any(map(self._exists, sorted(planned - self.deleted.keys())))

    def _exists(self, image_id: str) -> bool:
        try:
            self.engine.image(image_id)
        except NotFoundError:
            return False
        except EngineRequestError:
            return True  # nothing says that it has gone
        return True

    def settle(self, states: Sequence[ItemState]) -> tuple[ItemState, ...]:
        """Say what became of records that a run which is now stopped had begun; nothing more is removed."""
        try:
            now = {record.id for record in self.engine.cache_records()}
        except EngineRequestError as refusal:
            return tuple(outcomes.refused(state, refusal) for state in states)
        return tuple(
            outcomes.kept(state, outcomes.STOPPED) if state.item.id in now else outcomes.gone(state)
            for state in states
        )

    def _count_what_images_left(self, ended: list[ItemState], before: Mapping[str, CacheRecord]) -> None:
        """Layers that went with records, and were planned with images: which record held them was not known.

        Either several layers of one size could have been a record's, or they are of base images: the engine says
        0 bytes of the records of those. Only where all planned images went by our own hand, and no image has come
        to share the records, is it certain that nothing else holds them. What no record says its size of is only
        counted where the plan was sure of all: engines leave some layers behind.
        """
        if self.deleted.keys() != {item.id for item in self.draft.items if item.kind is Kind.IMAGE}:
            return
        said = frozenset[str]().union(*self.deleted.values())
        left = [size for layer, size in self.draft.layers.items() if layer not in said]
        silent: list[int] = []
        for index, state in enumerate(ended):
            if state.outcome is not Outcome.REMOVED or not state.item.shared or state.bytes:
                continue
            record = before[state.item.id]
            if not record.shared and not record.size:
                silent.append(index)
            elif not record.shared and record.size in left:
                left.remove(record.size)
                ended[index] = replace(state, bytes=record.size)
        if silent and self.draft.frees.exact and len(left) <= len(silent):
            ended[silent[0]] = replace(ended[silent[0]], bytes=sum(left))

    def _prune(self, states: Sequence[ItemState]) -> Iterable[ItemState]:
        """Remove these records in one call. What the engine did is what it says, and what is left."""
        ids = [state.item.id for state in states]
        deleted, left, refusal = frozenset[str](), frozenset(ids), None
        self.before_effect()
        try:
            deleted = self.engine.prune_cache(ids)
        except EngineRequestError as answer:
            refusal = answer
        if len(deleted) < len(ids):
            try:
                left = frozenset(record.id for record in self.engine.cache_records())
            except EngineRequestError as answer:
                refusal = refusal or answer
        return [_outcome(state, deleted, left, refusal) for state in states]


def _outcome(
    state: ItemState, deleted: Collection[str], left: Collection[str], refusal: EngineRequestError | None
) -> ItemState:
    if state.item.id in deleted:
        return replace(state, outcome=Outcome.REMOVED, bytes=state.item.bytes)
    if state.item.id not in left:
        return outcomes.gone(state) if refusal else outcomes.gone_meanwhile(state)
    if refusal:
        return outcomes.refused(state, refusal)
    return outcomes.needed_by_cache(state)
