"""Selection: for each object of an engine, whether a profile takes it, and the rule that decided."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.docker.ages import container_born
from bot.core.docker.inventory import CacheRecord, Container, Kind, Network, Volume
from bot.core.docker.services import task_of
from bot.core.docker.swarm import INACTIVE, needs_volume
from bot.core.docker.users import volumes_of
from bot.core.plan.going import NOT_MOUNTED, container_more, project_more, volume_more
from bot.core.plan.profiles import Rule, Scope
from bot.core.plan.reasons import LAST_USED, NAMED, SERVICES_UNKNOWN, Verdict, ago, keep, take
from bot.core.plan.selection.base import UNUSED, WORTH_TELLING
from bot.core.plan.selection.images import ImageSelector
from bot.core.units import duration_words

REMOVABLE_STATES = frozenset({"created", "exited", "dead"})
PREDEFINED_NETWORKS = frozenset({"bridge", "host", "none", "ingress", "docker_gwbridge"})
ANONYMOUS_LABEL = "com.docker.volume.anonymous"
ENGINE_OWNED_CACHE = frozenset({"internal", "frontend"})


@dataclass(frozen=True, slots=True)
class Selector(ImageSelector):
    """Decides about each object."""

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

    # --- networks -------------------------------------------------------------------------------

    def network(self, network: Network, taken: Collection[str]) -> Verdict:
        """``taken`` are the ids of the containers that go."""
        rule = self.rule(Kind.NETWORK, network.id)
        if isinstance(rule, Verdict):
            return rule
        if network.name in PREDEFINED_NETWORKS:
            return keep("predefined", "it is one of Docker's own networks, which every engine has")
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
            or take(f"{UNUSED}{self._made('created', network.created_at)}" + project_more(network.labels))
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
            if unused >= WORTH_TELLING
            else "no build uses it"
        )
