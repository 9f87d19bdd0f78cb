"""Restore: pull removed images again by their digests, and give them back those old names that are free."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from bot.core.audit import facts
from bot.core.audit.events import Event, Tag
from bot.core.errors import (
    DeckhandError,
    EngineAnswerError,
    EngineRequestError,
    EngineTimeoutError,
    HostError,
    NotFoundError,
    RefusedError,
)
from bot.core.json import Json
from bot.core.life.restoring import ImageRestored, Restored, RestoreStatus, digests, tags
from bot.core.life.states import CLEANUP_OUTCOMES, ItemState, PlanState
from bot.core.plan.plan import Item, Person
from bot.core.refusals import BeingRestored
from bot.core.rules.policy import Right
from bot.ports import Engines, HeldEngine, RestoreRun, Restores
from bot.services.clicks import Click, Clicks, Way
from bot.services.leases import Leases

LOG = logging.getLogger(__name__)

SILENCE = timedelta(minutes=45)
"""How long a restoring may be silent: longer than a pull may take with all its deadlines."""
MOST_TRIES = 10
"""References that an image is pulled by, one after the other."""
_RESTORE = Way(verb="restore", right=Right.RESTORE, gone="nothing can be restored on it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore(Clicks):
    restores: Restores
    engines: Engines
    leases: Leases[RestoreRun]
    stopping: Callable[[], bool]

    def ask(self, plan_id: str, person: Person, channel: str = "") -> PlanState:
        """Have a plan's images restored; RefusedError, whose sentence says why, when that may not be."""
        with self.clicked(_RESTORE, plan_id, person, channel) as click:
            state = self.restores.ask(plan_id, person, partial(_asked, click))
        self.changed()
        return state

    def __call__(self, plan_id: str) -> None:
        """Take up one restoring, unless somebody else has it, and bring it to its end.

        One that cannot be ended here keeps its state: whoever takes it up goes on at the next image.
        """
        run = self.leases.claim(plan_id)
        if run is None:
            return
        try:
            self.changed()
            state = self.plans.get(plan_id)
            if state is not None:
                self._run(run, state)
        finally:
            self.leases.drop(run)
            self.changed()

    def _run(self, run: RestoreRun, state: PlanState) -> None:
        done = {image.position for image in state.restoring.images} if state.restoring else set()
        left = [one for one in state.restorable if one.position not in done]
        try:
            with self.engines.hold(state.plan.host, state.plan.draft.engine) as engine:
                another_store = engine.info().store != state.plan.draft.engine.store
                while left:
                    if self.stopping():
                        self.restores.release(run)
                        return
                    self._still_allowed(state, run.channel)
                    engine.still_meant()
                    image = _Image(
                        engine=engine, item=left[0].item, another_store=another_store,
                        before_effect=partial(self.leases.before_effect, run),
                    )  # fmt: skip
                    self._record(run, state, left[0], _tried(image, left[0].position))
                    del left[0]
        except (HostError, RefusedError) as error:
            for one in left:
                failed = ImageRestored(position=one.position, outcome=Restored.FAILED, reason=str(error))
                self._record(run, state, one, failed)
        now = self.plans.get(run.plan_id)
        if now is not None:
            self.restores.end(run, _ended(now))

    def _still_allowed(self, state: PlanState, channel: str) -> None:
        """Raise RefusedError where who asked may not restore any more: their right is asked again at each pull."""
        host, asked = self.hosts().by_name.get(state.plan.host), state.restoring
        if host is None:
            raise RefusedError(f"{state.plan.host} is no longer registered, so nothing was pulled.")
        if asked is None:
            raise RefusedError("Nobody asked for it, so nothing was pulled.")
        if self.rights.has(host, Right.RESTORE, asked.asked_by, channel):
            return
        policy = host.policy.name
        raise RefusedError(
            f"{asked.asked_by.name or asked.asked_by.id} may not restore images on {host.name} any more, by what "
            f"policy “{policy}” and Slack's directory say now, so it was not pulled."
        )

    def _record(self, run: RestoreRun, state: PlanState, one: ItemState, image: ImageRestored) -> None:
        event = facts.event(
            Tag.RESTORE_IMAGE, state.plan, id=one.item.id, name=one.item.name,
            references=list(one.item.references), outcome=str(image.outcome), reason=image.reason,
        )  # fmt: skip
        self.restores.record(run, image, event)
        self.changed()


def _tried(image: "_Image", position: int) -> ImageRestored:
    """What became of one image, whatever it was: who takes up a restoring again must not fail at it for ever."""
    try:
        return image.restored(position)
    except DeckhandError:
        raise
    except Exception as error:
        LOG.exception("restoring an image failed in a way that nobody has thought of")
        why = f"Deckhand failed over it ({type(error).__name__}); its log says more"
        return ImageRestored(position=position, outcome=Restored.FAILED, reason=why)


def _asked(click: Click, state: PlanState, _now: datetime) -> Event:
    click.check_right()
    if state.status not in CLEANUP_OUTCOMES:
        raise RefusedError("This cleanup has not ended, so there is nothing to restore yet.")
    if not state.restorable:
        raise RefusedError(
            "None of the removed objects can be restored: only images that came from a registry, or were "
            "pushed to one, can be pulled again."
        )
    if state.restoring and state.restoring.status is not RestoreStatus.ENDED:
        raise RefusedError(BeingRestored(state.restoring.asked_by.id))
    images: list[Json] = [
        {"id": one.item.id, "name": one.item.name, "references": list(one.item.references)}
        for one in state.restorable
    ]
    return facts.event(
        Tag.RESTORE_ASKED,
        state.plan,
        click.person,
        policy=click.host.policy.name,
        images=images,
        channel=click.channel,
    )


def _ended(state: PlanState) -> Event:
    images = state.restoring.images if state.restoring else ()
    counts: dict[str, Json] = {
        str(outcome): sum(image.outcome is outcome for image in images) for outcome in Restored
    }
    return facts.event(Tag.RESTORE_ENDED, state.plan, outcomes=counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Image:
    """Restores one image; what is there is left as it is, so that a second try does no harm."""

    engine: HeldEngine
    item: Item
    another_store: bool
    before_effect: Callable[[], None]
    """Called right before each call that changes anything on the engine; what it raises keeps the call from it."""

    def restored(self, position: int) -> ImageRestored:
        """HostError when the host cannot be asked; that its registry does not have it is an outcome."""
        said: list[str] = []
        try:
            image_id, outcome = self.engine.image(self.item.id).id, Restored.PRESENT
        except NotFoundError:
            found = self._pulled(said)
            if found is None:
                return ImageRestored(position=position, outcome=Restored.FAILED, reason="; ".join(said))
            image_id, outcome = found, Restored.RESTORED
            said.clear()
            if image_id != self.item.id:
                said.append(
                    f"it has the id {image_id} here: this engine keeps its images in another store now"
                )
        for name in tags(self.item):
            said += self._tagged(name, image_id)
        return ImageRestored(position=position, outcome=outcome, reason="; ".join(said))

    def _pulled(self, said: list[str]) -> str | None:
        """The id of the image, from the first registry that gives it; what the others answered is said.

        A pull that did not end in time was the last: it has taken what an image may take.
        """
        references = digests(self.item)
        for reference in references[:MOST_TRIES]:
            self.before_effect()
            try:
                self.engine.pull(reference)
                found = self.engine.image(reference).id
            except (EngineRequestError, EngineTimeoutError, EngineAnswerError) as error:
                answer = error.message if isinstance(error, EngineRequestError) else str(error)
                said.append(f"{reference} could not be pulled: {answer}")
                if isinstance(error, EngineTimeoutError):
                    return None
                continue
            if found == self.item.id or self.another_store:
                return found
            said.append(f"{reference} was pulled, is another image ({found}) and got no other name")
        if len(references) > MOST_TRIES:
            said.append(f"{len(references) - MOST_TRIES} more were not tried")
        return None

    def _tagged(self, name: str, image_id: str) -> Sequence[str]:
        """Give it an old name back, unless that names another image by now."""
        try:
            now = self.engine.image(name).id
        except NotFoundError:
            self.before_effect()
            try:
                self.engine.tag(image_id, name)
            except EngineRequestError as error:
                return [f"{name} was not given back: {error.message}"]
            return []
        return [] if now == image_id else [f"{name} was left: it names another image now"]
