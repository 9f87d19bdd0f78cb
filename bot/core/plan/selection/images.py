"""Images: which of them a profile takes, and the rule that decided."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from bot.core.docker.ages import Arrival, image_born
from bot.core.docker.inventory import Image, Kind
from bot.core.docker.swarm import needs_image
from bot.core.plan.profiles import Rule, Scope
from bot.core.plan.protection import matches_image
from bot.core.plan.reasons import (
    ARRIVAL_UNKNOWN,
    BY_BUILD,
    FIRST_SEEN,
    LEFT_OUT,
    SEEN_IN_USE,
    SERVICES_UNKNOWN,
    Verdict,
    keep,
    old_enough,
    take,
)
from bot.core.plan.selection.base import UNUSED, WORTH_TELLING, Selecting
from bot.core.units import duration_words


class Spared(NamedTuple):
    """What other objects, and what Deckhand remembers, say of an image."""

    kept_child: Image | None = None
    """An image that stays and is built on it."""
    newest_of: str = ""
    """A repository of which it is one of the newest versions."""
    ran: str = ""
    """As what it ran lately, and how many releases ago."""
    was: str = ""
    """The same of what ran longer ago than what stays for it: told where the image goes."""


@dataclass(frozen=True, slots=True)
class ImageSelector(Selecting):
    """Decides about each image."""

    def image(self, image: Image, taken: Collection[str], spared: Spared) -> Verdict:
        """``taken`` are the ids of the containers that go."""
        rule = self.rule(Kind.IMAGE, image.id)
        if isinstance(rule, Verdict):
            return rule
        return (
            self._used_image(image, taken)
            or self._needed_image(image, spared)
            or self._spared_image(image, spared)
            or self._out_of_scope(image, rule)
            or self._young_image(image, rule)
            or self._used_lately(image)
            or take(self._why_image(image, rule, spared.was))
        )

    def _used_image(self, image: Image, taken: Collection[str]) -> Verdict | None:
        user = self.users.of_image(image, taken)
        if user:
            return keep("in use", f"container {user.name} uses it")
        if image.containers and image.containers > self.users.count(image):
            return keep("in use", f"the engine counts {_containers(image.containers)} on it")
        return None

    def _needed_image(self, image: Image, spared: Spared) -> Verdict | None:
        needed = needs_image(self.inventory.services or (), image)
        if needed:
            return keep("a service needs it", needed)
        if self.inventory.services is None and image.references:
            return keep("services unknown", SERVICES_UNKNOWN)
        if spared.kept_child:
            return keep("parent of a kept image", f"image {spared.kept_child.name} stays and is built on it")
        return None

    def _why_image(self, image: Image, rule: Rule, was: str) -> str:
        why = ("" if image.tags else "without a tag, ") + self._unused(image)
        if was:
            why += f", {was}"
        if self._old_image(image, rule, Arrival.SEEN) is not None:
            return why + BY_BUILD
        born, what = image_born(image, self.inventory.taken_at, self.profile.arrival)
        return why + (self._made(what, born) if self._unused(image) == UNUSED else "")

    def _unused(self, image: Image) -> str:
        """For how long nobody has seen a container use it, as far as Deckhand knows."""
        now = self.inventory.taken_at
        seen = max((at for at in (image.first_seen_at, image.used_at) if at), default=None)
        if seen is None or now - seen < WORTH_TELLING:
            return UNUSED
        if seen == image.used_at:
            return f"no container used it for {duration_words(now - seen)}"
        return f"unused for at least {duration_words(now - seen)}"

    def _spared_image(self, image: Image, spared: Spared) -> Verdict | None:
        pattern = self.protection.of_image(image)
        if pattern:
            return keep("protected by pattern", f"protected by the pattern {pattern}")
        excluded = next((each for each in self.profile.excluded if matches_image(each, image)), None)
        if excluded:
            return keep(LEFT_OUT, f"left out by not={excluded}")
        if spared.newest_of:
            return keep(
                "among the last versions", f"among the newest versions of {spared.newest_of}, which stay"
            )
        if spared.ran:
            return keep("ran lately", f"{spared.ran}: {_last(self.protection.keep_ran)}")
        return self._spared_by_label(image.labels)

    @staticmethod
    def _out_of_scope(image: Image, rule: Rule) -> Verdict | None:
        if rule.scope is not Scope.DANGLING or not image.references:
            return None
        if image.tags:
            return keep("tagged", f"tagged {image.tags[0]}: the profile takes only images without a tag")
        return keep("pulled by digest", "pulled by its digest: it is no leftover of a build")

    def least_age(self, image: Image, rule: Rule) -> timedelta:
        """How old an image has to be."""
        return max(rule.min_age, timedelta() if image.references else self.protection.dangling_min_age)

    def _young_image(self, image: Image, rule: Rule) -> Verdict | None:
        """Of what was there when Deckhand first looked, nobody knows when it arrived: that is said as such."""
        young = self._old_image(image, rule, self.profile.arrival)
        watched = self.inventory.watched_since
        there = image.first_seen_at is None or watched is None or image.first_seen_at <= watched
        if young is None or not there or self._old_image(image, rule, Arrival.BUILD):
            return young
        built = duration_words(self.inventory.taken_at - (image.built_at or self.inventory.taken_at))
        return keep(
            ARRIVAL_UNKNOWN, f"built {built} ago, but nobody knows when it arrived: {young.rule}", young.due
        )

    def _old_image(self, image: Image, rule: Rule, arrival: Arrival) -> Verdict | None:
        """None when an image is old enough, by what stands for its arrival."""
        now = self.inventory.taken_at
        born, what = image_born(image, now, arrival)
        return old_enough(self.least_age(image, rule), born, now, what)

    def _used_lately(self, image: Image) -> Verdict | None:
        """What Deckhand has never seen before may have been in use until now."""
        unused_for = self.protection.unused_for
        if not unused_for:
            return None
        seen = max((at for at in (image.first_seen_at, image.used_at) if at), default=None)
        what = SEEN_IN_USE if seen == image.used_at else FIRST_SEEN
        return old_enough(unused_for, seen, self.inventory.taken_at, what)


def _containers(count: int) -> str:
    return f"{count} container{'' if count == 1 else 's'}"


def _last(count: int) -> str:
    return f"the last {count} that it ran stay" if count > 1 else "the last one that it ran stays"
