"""Selection: for each object of an engine, whether a profile takes it, and the rule that decided."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.inventory import CacheRecord, Container, Image, Inventory, Kind, Network, Volume, short_id
from bot.core.profiles import KIND_NAMES, Profile, Rule, Scope
from bot.core.protection import Protection
from bot.core.units import duration_words

REMOVABLE_STATES = frozenset({"created", "exited", "dead"})
PREDEFINED_NETWORKS = frozenset({"bridge", "host", "none", "ingress", "docker_gwbridge"})
ANONYMOUS_LABEL = "com.docker.volume.anonymous"
ENGINE_OWNED_CACHE = frozenset({"internal", "frontend"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """Take it or keep it; ``rule`` is the sentence, ``because`` the few words it is counted under."""

    take: bool
    rule: str
    because: str = ""


def take(rule: str) -> Verdict:
    """Take the object, for this reason."""
    return Verdict(True, rule)  # noqa: FBT003 - the field's name stands in the class, once


def keep(because: str, rule: str = "") -> Verdict:
    """Keep the object, for this reason."""
    return Verdict(False, rule or because, because)  # noqa: FBT003 - as above


def old_enough(rule: Rule, born: datetime | None, now: datetime, what: str) -> Verdict | None:
    """None when the object is as old as the rule wants; ``what`` says which moment its age counts from."""
    if not rule.min_age:
        return None
    if born is None:
        return keep("age unknown", f"the engine does not say when it was {what}")
    age = now - born
    if age >= rule.min_age:
        return None
    because = f"younger than {duration_words(rule.min_age)}"
    return keep(because, f"{what} {duration_words(max(age, timedelta()))} ago: {because}")


@dataclass(frozen=True, slots=True)
class Selector:
    """Decides about each object; pure, and independent of the order in which the engine lists things."""

    inventory: Inventory
    profile: Profile
    protection: Protection
    dangling_min_age: timedelta

    def rule(self, kind: Kind) -> Rule | Verdict:
        """The profile's rule for a kind, or the verdict over all of its objects when it has none."""
        rule = self.profile.rules.get(kind)
        return rule or keep(f"{self.profile.name} takes no {KIND_NAMES[kind]}")

    def labelled(self, labels: Mapping[str, str]) -> Verdict | None:
        label = self.protection.of_labels(labels)
        return keep("protected by label", f"protected by the label {label}") if label else None

    # --- containers -----------------------------------------------------------------------------

    def container(self, container: Container) -> Verdict:
        rule = self.rule(Kind.CONTAINER)
        if isinstance(rule, Verdict):
            return rule
        if container.state not in REMOVABLE_STATES:
            return keep(
                container.state or "state unknown", f"it is {container.state or 'in an unknown state'}"
            )
        return (
            self.labelled(container.labels)
            or old_enough(rule, container.created_at, self.inventory.taken_at, "created")
            or take(f"{container.state}; the profile takes stopped containers")
        )

    # --- networks -------------------------------------------------------------------------------

    def network(self, network: Network, kept: Iterable[Container]) -> Verdict:
        rule = self.rule(Kind.NETWORK)
        if isinstance(rule, Verdict):
            return rule
        if network.name in PREDEFINED_NETWORKS:
            return keep("predefined", "the engine needs its predefined networks")
        if network.scope != "local":
            return keep("not local", f"its scope is {network.scope or 'unknown'}: other machines may use it")
        user = next((c for c in kept if {network.id, network.name} & set(c.networks)), None)
        if user:
            return keep("in use", f"container {user.name} needs it")
        if network.in_use is not False:
            return keep("in use", "the engine counts it as in use, or does not say")
        return (
            self.labelled(network.labels)
            or old_enough(rule, network.created_at, self.inventory.taken_at, "created")
            or take("no container uses it")
        )

    # --- volumes --------------------------------------------------------------------------------

    def volume(self, volume: Volume) -> Verdict:
        rule = self.rule(Kind.VOLUME)
        if isinstance(rule, Verdict):
            return rule
        user = next((c for c in self.inventory.containers if volume.name in c.volumes), None)
        if user:
            return keep("in use", f"container {user.name} mounts it")
        if ANONYMOUS_LABEL not in volume.labels:
            return keep("named", "named volumes are only ever removed when a person picks them by name")
        if volume.driver != "local" or volume.options:
            return keep("not local", f"its data may be elsewhere (driver {volume.driver}, with options)")
        if volume.ref_count != 0:
            return keep("in use", "the engine counts it as in use, or does not say")
        return self.labelled(volume.labels) or take("anonymous, and no container mounts it")

    # --- images ---------------------------------------------------------------------------------

    def image(self, image: Image, users: Iterable[Container], kept_children: Iterable[Image]) -> Verdict:
        """``users`` are the containers of the image that stay."""
        rule = self.rule(Kind.IMAGE)
        if isinstance(rule, Verdict):
            return rule
        user = next(iter(users), None)
        if user:
            return keep("in use", f"container {user.name} uses it")
        child = next(iter(kept_children), None)
        if child:
            return keep("parent of a kept image", f"image {child.name} is built on it")
        return (
            self._protected_image(image)
            or self._out_of_scope(image, rule)
            or self._young_image(image, rule)
            or take("no container uses it" if image.tags else "dangling: it has no tag, and nothing uses it")
        )

    def _protected_image(self, image: Image) -> Verdict | None:
        pattern = self.protection.of_image(image)
        if pattern:
            return keep("protected by pattern", f"protected by the pattern {pattern}")
        return self.labelled(image.labels)

    @staticmethod
    def _out_of_scope(image: Image, rule: Rule) -> Verdict | None:
        if rule.scope is not Scope.DANGLING or not image.references:
            return None
        if image.tags:
            return keep("tagged", f"tagged {image.tags[0]}: the profile takes only images without a tag")
        return keep("pulled by digest", "pulled by its digest: no leftover of a build")

    def _young_image(self, image: Image, rule: Rule) -> Verdict | None:
        """Age counts from the latest of build, tag and pull."""
        dangling = Rule(scope=rule.scope, min_age=max(rule.min_age, self.dangling_min_age))
        born = max((t for t in (image.built_at, image.tagged_at) if t), default=None)
        what = "tagged or pulled" if born and born == image.tagged_at else "built"
        return old_enough(rule if image.references else dangling, born, self.inventory.taken_at, what)

    # --- build cache ----------------------------------------------------------------------------

    def cache_record(self, record: CacheRecord) -> Verdict:
        """Looks at the record alone; what builds on it and which images hold it is the planner's."""
        rule = self.rule(Kind.BUILD_CACHE)
        if isinstance(rule, Verdict):
            return rule
        if record.in_use:
            return keep("in use", "a build uses it, or the engine does not say")
        if rule.scope is Scope.DANGLING and (record.shared or record.type in ENGINE_OWNED_CACHE):
            return keep("not dangling", f"{'shared with an image' if record.shared else record.type}: "
                        "only a profile that takes all unused cache takes it")  # fmt: skip
        born = record.last_used_at or record.created_at
        return old_enough(rule, born, self.inventory.taken_at, "last used") or take("no build uses it")


def label_of(record: CacheRecord) -> str:
    """What a person sees of a build cache record; for display only."""
    return record.description or f"{record.type} {short_id(record.id)}"
