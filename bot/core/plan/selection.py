"""Selection: for each object of an engine, whether a profile takes it, and the rule that decided."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from bot.core.docker.ages import Arrival, container_born, image_born
from bot.core.docker.inventory import (
    CacheRecord,
    Container,
    Image,
    Inventory,
    Kind,
    Network,
    Volume,
    short_id,
)
from bot.core.docker.services import task_of
from bot.core.docker.swarm import INACTIVE, needs_image, needs_volume
from bot.core.docker.users import Users, volumes_of
from bot.core.plan.going import NOT_MOUNTED, container_more, project_more, volume_more
from bot.core.plan.profiles import KIND_NAMES, Profile, Rule, Scope
from bot.core.plan.protection import Protection, first_match, matches_image
from bot.core.plan.reasons import (
    ARRIVAL_UNKNOWN,
    BY_BUILD,
    FIRST_SEEN,
    LAST_USED,
    LEFT_OUT,
    NAMED,
    NOT_ASKED_FOR,
    NOT_IN_PLAN_BEFORE,
    NOT_IN_PROFILE,
    NOT_RESTORABLE,
    SEEN_IN_USE,
    SERVICES_UNKNOWN,
    Verdict,
    ago,
    keep,
    old_enough,
    take,
)
from bot.core.units import duration_words

REMOVABLE_STATES = frozenset({"created", "exited", "dead"})
PREDEFINED_NETWORKS = frozenset({"bridge", "host", "none", "ingress", "docker_gwbridge"})
ANONYMOUS_LABEL = "com.docker.volume.anonymous"
ENGINE_OWNED_CACHE = frozenset({"internal", "frontend"})
_UNUSED = "no container uses it"
_WORTH_TELLING = timedelta(minutes=1)
"""For how long nothing must have been used for that to say anything."""


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


def _lost(kind: Kind) -> str:
    if kind is Kind.IMAGE:
        return "no registry has just said that it has this image"
    return f"{KIND_NAMES[kind]} cannot"


@dataclass(frozen=True, slots=True)
class Selector:
    """Decides about each object; pure, and independent of the order in which the engine lists things."""

    inventory: Inventory
    profile: Profile
    protection: Protection
    users: Users

    def rule(self, kind: Kind, object_id: str) -> Rule | Verdict:
        """The profile's rule for an object, or the verdict over it when it has none."""
        if self.profile.only is not None and object_id not in self.profile.only:
            return keep(
                NOT_ASKED_FOR, "nobody picked it: this plan takes what was picked by name, and no more"
            )
        if not self.profile.dropped.isdisjoint((object_id, short_id(object_id))):
            return keep(LEFT_OUT, "left out by the person who adjusted the plan")
        rule = self.profile.rules.get(kind)
        if rule is None:
            return keep(NOT_IN_PROFILE, f"{self.profile.name} takes no {KIND_NAMES[kind]}")
        if self.profile.restorable is not None and object_id not in self.profile.restorable:
            return keep(NOT_RESTORABLE, f"only what can be brought back may go here: {_lost(kind)}")
        return rule

    def within(self, object_id: str, verdict: Verdict) -> Verdict:
        """A plan that replaces another takes nothing that the other did not list; any other reason is told first."""
        if verdict.take and self.profile.within is not None and object_id not in self.profile.within:
            return keep(NOT_IN_PLAN_BEFORE, "the plan that this one replaces did not list it")
        return verdict

    def _spared(self, name: str, labels: Mapping[str, str]) -> Verdict | None:
        """Whether protection or the person who asked spares an object of this name with these labels."""
        pattern = self.protection.of_name(name)
        if pattern:
            return keep("protected by name", f"protected by the name pattern {pattern}")
        excluded = first_match(self.profile.excluded, name)
        if excluded:
            return keep(LEFT_OUT, f"left out by not={excluded}")
        return self._spared_by_label(labels)

    def _spared_by_label(self, labels: Mapping[str, str]) -> Verdict | None:
        label = self.protection.of_labels(labels)
        if label:
            return keep("protected by label", f"protected by the label {label}")
        objection = self.profile.labels.objection(labels)
        return keep("left out by label", objection) if objection else None

    def _old_enough(self, rule: Rule, born: datetime | None, what: str) -> Verdict | None:
        return old_enough(rule.min_age, born, self.inventory.taken_at, what)

    # --- containers -----------------------------------------------------------------------------

    def container(self, container: Container) -> Verdict:
        rule = self.rule(Kind.CONTAINER, container.id)
        if isinstance(rule, Verdict):
            return rule
        if container.state not in REMOVABLE_STATES:
            unknown = "the engine does not say whether it runs"
            return keep(
                container.state or "state unknown", f"it is {container.state}" if container.state else unknown
            )
        task = task_of(container.labels)
        if task is not None and self.inventory.engine.swarm != INACTIVE:
            return keep("a service's task", f"Swarm service {task} runs it, and removes it itself")
        return (
            self._spared(container.name, container.labels)
            or self._old_enough(rule, *container_born(container))
            or take(self._stopped(container) + container_more(container))
        )

    def _stopped(self, container: Container) -> str:
        """``exited 41 days ago (137)``: how it ended, as far as the engine tells."""
        born = container_born(container).at
        if born is None:
            return f"{container.state}, and the engine does not say since when"
        since = ago(self.inventory.taken_at - born)
        if container.state == "created":
            return f"created {since}, and never started"
        return f"{container.state} {since}" + (f" ({container.exit_code})" if container.exit_code else "")

    def _made(self, what: str, born: datetime | None) -> str:
        """``; created 9 days ago``, where that is known."""
        return f"; {what} {ago(self.inventory.taken_at - born)}" if born else ""

    # --- networks -------------------------------------------------------------------------------

    def network(self, network: Network, taken: Collection[str]) -> Verdict:
        """``taken`` are the ids of the containers that go."""
        rule = self.rule(Kind.NETWORK, network.id)
        if isinstance(rule, Verdict):
            return rule
        if network.name in PREDEFINED_NETWORKS:
            return keep(
                "predefined", f"{network.name} is one of Docker's own networks, which every engine has"
            )
        if network.scope != "local":
            reach = (
                f"its scope is {network.scope}"
                if network.scope
                else "the engine does not say how far it goes"
            )
            return keep("not local", f"other machines may use it: {reach}")
        user = self.users.of_network(network, taken)
        if user:
            return keep("in use", f"container {user.name} needs it")
        if network.in_use is not False:
            return keep("in use", "the engine counts a container on it, or does not say")
        return (
            self._spared(network.name, network.labels)
            or self._old_enough(rule, network.created_at, "created")
            or take(f"{_UNUSED}{self._made('created', network.created_at)}" + project_more(network.labels))
        )

    # --- volumes --------------------------------------------------------------------------------

    def volume(self, volume: Volume) -> Verdict:
        rule = self.rule(Kind.VOLUME, volume.name)
        if isinstance(rule, Verdict):
            return rule
        return (
            self._used_volume(volume)
            or self._foreign_volume(volume, rule)
            or self._spared(volume.name, volume.labels)
            or self._old_enough(rule, volume.created_at, "created")
            or take(
                ("picked by name" if rule.scope is Scope.NAMED else "without a name of its own")
                + f"{NOT_MOUNTED}{self._made('created', volume.created_at)}"
                + volume_more(volume, self.inventory.taken_at)
            )
        )

    def _used_volume(self, volume: Volume) -> Verdict | None:
        services, data_root = self.inventory.services, self.inventory.engine.data_root
        user = self.users.of_volume(volume)
        if user:
            path = volumes_of(user, data_root).get(volume.name)
            return keep(
                "in use", f"container {user.name} mounts {f'a path in it ({path})' if path else 'it'}"
            )
        needed = needs_volume(services or (), volume, data_root)
        if needed:
            return keep("a service needs it", needed)
        return keep("services unknown", SERVICES_UNKNOWN) if services is None else None

    @staticmethod
    def _foreign_volume(volume: Volume, rule: Rule) -> Verdict | None:
        if ANONYMOUS_LABEL not in volume.labels and rule.scope is not Scope.NAMED:
            return keep(NAMED, "it has a name: only a person picks such volumes, each by its name")
        if volume.driver != "local" or volume.options:
            how = (
                "mounted with options" if volume.driver == "local" else f"driver {volume.driver or 'unknown'}"
            )
            return keep("not local", f"its data may be on another machine ({how})")
        if volume.ref_count != 0:
            return keep("in use", "the engine counts a container that mounts it, or does not say")
        return None

    # --- images ---------------------------------------------------------------------------------

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
        return why + (self._made(what, born) if self._unused(image) == _UNUSED else "")

    def _unused(self, image: Image) -> str:
        """For how long nobody has seen a container use it, as far as Deckhand knows."""
        now = self.inventory.taken_at
        seen = max((at for at in (image.first_seen_at, image.used_at) if at), default=None)
        if seen is None or now - seen < _WORTH_TELLING:
            return _UNUSED
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

    # --- build cache ----------------------------------------------------------------------------

    def cache_record(self, record: CacheRecord) -> Verdict:
        """Looks at the record alone; what builds on it and which images hold it is the planner's."""
        rule = self.rule(Kind.BUILD_CACHE, record.id)
        if isinstance(rule, Verdict):
            return rule
        if record.in_use:
            return keep("in use", "a build uses it, or the engine does not say")
        if rule.scope is Scope.DANGLING and (record.shared or record.type in ENGINE_OWNED_CACHE):
            whose = "an image holds it too" if record.shared else f"the builder's own ({record.type})"
            return keep("not dangling", f"{whose}: only profiles that take all unused cache take it")
        if self.profile.labels.wanted:
            return keep("left out by label", "build cache carries no labels")
        born = max((at for at in (record.last_used_at, record.created_at) if at), default=None)
        return self._old_enough(rule, born, LAST_USED) or take(self._unused_by_builds(born))

    def _unused_by_builds(self, born: datetime | None) -> str:
        unused = self.inventory.taken_at - born if born else timedelta()
        return (
            f"no build used it for {duration_words(unused)}"
            if unused >= _WORTH_TELLING
            else "no build uses it"
        )


def _containers(count: int) -> str:
    return f"{count} container{'' if count == 1 else 's'}"


def _last(count: int) -> str:
    return f"the last {count} that it ran stay" if count > 1 else "the last one that it ran stays"
