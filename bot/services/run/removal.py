"""Removal: one planned object at a time; looked at immediately before, never forced, kept when in doubt."""

import math
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

from bot.core.docker.inventory import (
    CONTAINERD_STORE,
    Container,
    Image,
    Kind,
    Volume,
)
from bot.core.errors import ConflictError, EngineRequestError, EngineTimeoutError, HostError, NotFoundError
from bot.core.life.states import ItemState, Outcome
from bot.core.plan import recheck
from bot.core.plan.plan import Draft, Item
from bot.ports import HeldEngine
from bot.services.run import outcomes
from bot.services.run.build_cache import CacheRemoval

T = TypeVar("T")


FRESH_SECONDS = 1.0
"""How old an answer for all objects may be by which one of them is removed."""
REMOVING = "removing"
"""Docker's own state of a container that is on its way out."""
REMOVING_TRIES, REMOVING_SECONDS = 20, 0.5


class _Objection(Exception):  # noqa: N818 - not an error: the object is kept, and this is why
    """Ends the removal of an object that has to stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """Removes items of one plan from one engine. Raises HostError when the host cannot be asked."""

    engine: HeldEngine
    draft: Draft
    before_effect: Callable[[], None]
    """Called right before each call that changes anything on the engine; what it raises keeps the call from it."""
    untagging: Callable[[int, Sequence[str]], None]
    """Writes down, for the item at that position, the names that are about to be taken off its image."""
    pause: Callable[[float], None]
    ticks: Callable[[], float]
    """Seconds of a clock that never jumps."""
    rules: Callable[[Item], str | None]
    """Why an object has to stay by the rules in force now; None when it may go."""
    _deleted: dict[str, AbstractSet[str]] = field(default_factory=dict)
    """What the engine said it deleted with each image, by the image's id."""
    _untagged: dict[str, list[str]] = field(default_factory=dict)
    """The names that we took off each image; a second try after a lost connection knows of the first's."""
    _called: set[str] = field(default_factory=set)
    """Images that the engine was told to delete: their last names go with them, even where a connection is lost."""
    _recent: dict[str, tuple[float, Any]] = field(default_factory=dict)
    """What was asked for all objects at once, and when; empty where it has to be asked for again."""

    @property
    def cache(self) -> CacheRemoval:
        """For build cache records, once all else has gone."""
        return CacheRemoval(
            engine=self.engine, draft=self.draft, before_effect=self.before_effect, rules=self.rules,
            deleted=self._deleted,
        )  # fmt: skip

    def remove(self, state: ItemState) -> ItemState:
        """Remove one object (of any kind but build cache) and say how that ended.

        An image whose outcome is ``removing`` may have lost names to an earlier try of ours, or to a process
        that died over it; the latter's are those that it wrote down.
        """
        by_kind: dict[Kind, Callable[[Item], int]] = {
            Kind.CONTAINER: self._container,
            Kind.NETWORK: self._network,
            Kind.IMAGE: partial(self._image, state),
            Kind.VOLUME: self._volume,
        }
        item = state.item
        if state.reconciled:
            self._recent.clear()  # who knows what happened since
        try:
            freed = by_kind[item.kind](item)
        except _Objection as objection:
            return outcomes.kept(state, str(objection))
        except NotFoundError:
            return outcomes.gone(state)
        except EngineRequestError as refusal:
            if not self._exists(item):  # some engines answer 409 or 500 for what has gone meanwhile
                return outcomes.gone_meanwhile(state)
            return outcomes.refused(state, refusal)
        return replace(state, outcome=Outcome.REMOVED, bytes=freed)

    def settle(self, state: ItemState) -> ItemState:
        """Say what became of an object that a run which is now stopped had begun; nothing more is removed."""
        if state.item.kind is Kind.CONTAINER:
            with suppress(EngineRequestError):
                self._settled_container(state.item)
        if not self._exists(state.item):
            return outcomes.gone(state)
        why: Exception = _Objection(outcomes.STOPPED)
        if state.item.kind is Kind.IMAGE:
            why = self._with_its_names(state.item, state.untagging, why, begun=True)
        if isinstance(why, NotFoundError):
            return outcomes.gone(state)
        return outcomes.kept(state, str(why))

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
        except EngineRequestError:
            return True  # nothing says that it has gone
        return True

    def _container(self, item: Item) -> int:
        _object(self.rules(item))
        _object(recheck.container_objection(item, self._settled_container(item), self.draft.taken_at))
        self.before_effect()
        self._recent.clear()
        try:
            self.engine.remove_container(item.id)
        except ConflictError:
            self._settled_container(item)
            raise
        return item.bytes

    def _settled_container(self, item: Item) -> Container:
        """The container as it is when nobody is at removing it, be it an engine that goes on after a dead process."""
        now = self.engine.container(item.id, sized=True)
        for _ in range(REMOVING_TRIES):
            if now.state != REMOVING:
                break
            self.pause(REMOVING_SECONDS)
            now = self.engine.container(item.id, sized=True)
        return now

    def _network(self, item: Item) -> int:
        _object(self.rules(item))
        _object(recheck.network_objection(self.engine.network(item.id), self.engine.containers()))
        self.before_effect()
        self.engine.remove_network(item.id)
        return item.bytes

    def _volume(self, item: Item) -> int:
        _object(self.rules(item))
        size = self._volume_size(item.id) if item.measured else None
        now, containers = replace(self.engine.volume(item.id), size=size), self.engine.containers()
        draft = self.draft
        _object(recheck.volume_objection(item, now, containers, draft.taken_at, draft.engine.data_root))
        self._no_service_needs(now)
        self.before_effect()
        self.engine.remove_volume(item.id)
        return item.bytes

    def _no_service_needs(self, now: Image | Volume) -> None:
        services = self._asked("services", self.engine.services)
        _object(recheck.service_objection(now, services, self.draft.engine.data_root))

    def _has_children(self, image_id: str) -> bool:
        """Whether another image is built on it; one that was may have gone in this very moment."""
        return image_id in self._asked("parents", self.engine.parents) and image_id in self.engine.parents()

    def _volume_size(self, name: str) -> int | None:
        """What it holds now; None where the engine does not tell, or not in time."""
        try:
            return self._asked("volumes", self.engine.volume_sizes).get(name)
        except EngineTimeoutError:
            self._recent["volumes"] = math.inf, {}  # nor would it for the next: each would wait as long
            return None

    def _image(self, state: ItemState, item: Item) -> int:
        """Where it has to stay after all, the names that were taken off are put back."""
        begun = state.outcome is Outcome.REMOVING
        untagged = self._untagged.setdefault(item.id, list(state.untagging))
        try:
            deleted = self._untag_and_delete(state, untagged)
        except (EngineRequestError, _Objection) as problem:
            raise self._with_its_names(item, untagged, problem, begun=begun) from problem
        self._deleted[item.id] = frozenset(deleted)
        if self.draft.engine.store == CONTAINERD_STORE:
            return item.bytes
        return sum(self.draft.layers.get(layer, 0) for layer in deleted)

    def _untag_and_delete(self, state: ItemState, untagged: list[str]) -> Sequence[str]:
        """Untag by name all references but the last, then delete by id: the engine's 409 guards the rest."""
        item = state.item
        _object(self.rules(item))
        # As they were a moment ago: the engine itself removes no image that one needs, but takes off its names.
        now = self._unchanged_image(item, self._asked("containers", self.engine.containers))
        self._no_service_needs(now)
        if item.id not in self._called:
            _object(recheck.lost_reference(item, now, untagged))
        to_untag = recheck.references_to_untag(now)
        if to_untag and self._has_children(item.id):
            # The engine would refuse to delete it only after its names are gone.
            raise _Objection(outcomes.BUILT_ON)
        if to_untag:
            self.untagging(state.position, tuple(dict.fromkeys((*untagged, *to_untag))))
        for reference in to_untag:
            self._untag(reference, item)
            untagged.append(reference)
        if untagged:
            self._unchanged_image(item, self.engine.containers())
        self.before_effect()
        self._called.add(item.id)
        return self.engine.remove_image(item.id)

    def _asked(self, what: str, ask: Callable[[], T]) -> T:
        """What is asked for all objects at once: as it was a moment ago, counted from before it was asked for."""
        now = self.ticks()
        known = self._recent.get(what)
        if known is None or now - known[0] > FRESH_SECONDS:
            known = self._recent[what] = now, ask()
        found: T = known[1]
        return found

    def _unchanged_image(self, item: Item, containers: Sequence[Container]) -> Image:
        now = self.engine.image(item.id)
        _object(recheck.image_objection(item, now, containers, self.draft.taken_at))
        return now

    def _untag(self, reference: str, item: Item) -> None:
        """A name may have moved to another image since the plan was made: then it is not ours to touch."""
        try:
            named = self.engine.image(reference)
            if named.id != item.id:
                raise _Objection(outcomes.moved(reference))
            _object(recheck.image_objection(item, named, self.engine.containers(), self.draft.taken_at))
            self.before_effect()
            self.engine.untag(reference)
        except NotFoundError as gone:
            raise _Objection(outcomes.went(reference)) from gone

    def _with_its_names(
        self, item: Item, untagged: Sequence[str], problem: Exception, *, begun: bool
    ) -> Exception:
        """Put back the names that were taken off an image that stays; the problem, and what became of them.

        A digest cannot be put on an image, and goes with the last tag of its repository.
        """
        back = [reference for reference in untagged if self._tag_again(item, reference)]
        try:
            names = self.engine.image(item.id).references
        except NotFoundError as gone:
            return gone
        except EngineRequestError:
            names = ()
        gone_with = recheck.gone_with(item, untagged)
        lost = [name for name in item.references if name not in names and (begun or name in gone_with)]
        words = outcomes.names_said(back, lost)
        return _with_words(problem, words) if words else problem

    def _tag_again(self, item: Item, reference: str) -> bool:
        """Put a name back on the planned image, unless it names anything by now: then it is not ours."""
        if "@" in reference:
            return False
        with suppress(EngineRequestError):
            try:
                self.engine.image(reference)
            except NotFoundError:
                self.before_effect()
                self.engine.tag(item.id, reference)
                return True
        return False

    def end(self) -> None:
        """To be called once all is done: the containerd store lets go of what builds left held for minutes.

        What an engine that does not do it now keeps goes by itself later.
        """
        if self.draft.engine.store == CONTAINERD_STORE:
            self.before_effect()
            with suppress(HostError):
                self.engine.collect()


def _object(objection: str | None) -> None:
    if objection:
        raise _Objection(objection)


def _with_words(problem: Exception, words: str) -> Exception:
    """The same problem, and what else there is to say about it."""
    if isinstance(problem, EngineRequestError):
        return type(problem)(problem.host, problem.status, f"{problem.message} ({words})")
    return _Objection(f"{problem} ({words})")
