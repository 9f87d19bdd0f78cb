"""A small world for stateful tests: two hosts with sample engines, one database, processes that die, and people."""

import random
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bot.core.docker.inventory import EngineInfo, Kind
from bot.core.errors import (
    HostUnreachableError,
    LeaseLostError,
    NothingToRemoveError,
    RefusedError,
    StoreUnavailableError,
)
from bot.core.life.states import Outcome, PlanState, Status
from bot.core.plan.arguments import Arguments
from bot.core.plan.plan import Person
from bot.core.rules.hosts import Host, Hosts, SocketAddress
from bot.core.rules.policy import Policy
from bot.core.rules.rules import Rules
from bot.engines.docker.engine import DockerEngine
from bot.engines.held import HeldDockerEngine
from bot.services.decide.decide import Decide
from bot.services.decide.propose import Propose
from bot.services.leases import Leases
from bot.services.look.planning import Planning
from bot.services.rules.rights import Rights
from bot.services.run.execute import Execute
from bot.services.run.stop import Stop
from bot.store.opening import Store
from bot.trial.sample import Builder, Step, Universe
from bot.trial.sample.errors import EngineError
from bot.trial.sample.making.builder import mounted
from bot.trial.sample.names import parse
from bot.trial.sample.objects import PREDEFINED_NETWORKS, Image
from bot.trial.sample.removing.images import remove_image, tag_image
from bot.trial.sample.removing.objects import remove_container, remove_volume, start_container
from tests.support.direct import client_of
from tests.support.lying.holding import holding, unproven
from tests.support.people import NoGroups

HOSTS = ("north", "south")
PEOPLE = tuple(Person(id=f"U0{name}", name=name.title()) for name in ("ANNA", "BEN", "CYD"))
PROFILES = ("everything", "everything", "system", "volumes", "dangling")
POINTS = frozenset(
    {"claim", "start_items", "untag_item", "end_items", "set_usage", "finish", "park", "release"}
)
"""Calls to the store before and after which anything may happen."""


class Death(BaseException):
    """SIGKILL: nothing that a process would still do in its last moment is done."""


@dataclass(slots=True)
class Script:
    """What happens at which point of a run; points are counted as they are reached.

    What cannot happen at its point (an act says so) is tried at the next.
    """

    acts: dict[int, Callable[[str], bool]]
    reached: int = 0

    def at(self, point: str) -> None:
        self.reached += 1
        act = self.acts.pop(self.reached, None)
        if act and not act(point):
            self.acts.setdefault(self.reached + 1, act)


class ScriptedStore:
    """The store of one process."""

    def __init__(self, store: Store, script: Script) -> None:
        self._store, self._script = store, script

    def __getattr__(self, name: str) -> Any:
        return ScriptedPort(getattr(self._store, name), self._script)


class ScriptedPort:
    def __init__(self, port: object, script: Script) -> None:
        self._port, self._script = port, script

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)
        if name not in POINTS:
            return method

        def call(*arguments: Any, **named: Any) -> Any:
            self._script.at(f"before {name}")
            answer = method(*arguments, **named)
            self._script.at(f"after {name}")
            return answer

        return call


class ScriptedEngine(HeldDockerEngine):
    """One process's engine; the world judges each effect right before it happens."""

    def __init__(self, world: "World", host: str, process: "Process") -> None:
        super().__init__(host, unproven(lambda: world.clients[host]))
        self._world, self._host_name, self._process = world, host, process

    def _effect(self, kind: Kind, ids: Sequence[str], work: Callable[[], Any]) -> Any:
        script = self._process.script
        script.at("before an effect")
        self._world.judge(self._host_name, self._process, kind, ids)
        answer = work()
        went = answer if kind is Kind.BUILD_CACHE else ids
        self._world.removed += [(self._host_name, kind, each) for each in went]
        script.at("after an effect")
        return answer

    def remove_container(self, container_id: str) -> None:
        self._effect(
            Kind.CONTAINER, [container_id], lambda: super(ScriptedEngine, self).remove_container(container_id)
        )

    def remove_network(self, network_id: str) -> None:
        self._effect(
            Kind.NETWORK, [network_id], lambda: super(ScriptedEngine, self).remove_network(network_id)
        )

    def remove_volume(self, name: str) -> None:
        self._effect(Kind.VOLUME, [name], lambda: super(ScriptedEngine, self).remove_volume(name))

    def remove_image(self, image_id: str) -> tuple[str, ...]:
        remove = super().remove_image
        answer: tuple[str, ...] = self._effect(Kind.IMAGE, [image_id], lambda: remove(image_id))
        return answer

    def prune_cache(self, record_ids: Sequence[str]) -> frozenset[str]:
        prune = super().prune_cache
        answer: frozenset[str] = self._effect(Kind.BUILD_CACHE, record_ids, lambda: prune(record_ids))
        return answer

    def untag(self, reference: str) -> None:
        script = self._process.script
        script.at("before an effect")
        self._world.judge_untagging(self._host_name, self._process, reference)
        super().untag(reference)
        script.at("after an effect")

    def tag(self, image_id: str, reference: str) -> None:
        script = self._process.script
        script.at("before an effect")
        self._world.judge_tagging(self._host_name, self._process, image_id, reference)
        super().tag(image_id, reference)
        script.at("after an effect")


@dataclass(slots=True, kw_only=True)
class Process:
    """One process of Deckhand that runs one plan, and may die of it."""

    world: "World"
    plan_id: str
    owner: str
    script: Script
    execute: Execute = field(init=False)

    def __post_init__(self) -> None:
        store: Any = ScriptedStore(self.world.store, self.script)
        self.execute = Execute(
            plans=store.plans,
            runs=store.runs,
            audit=store.audit,
            engines=self,
            leases=Leases(claims=store.runs, owner=self.owner, ticks=lambda: self.world.ticks),
            changed=lambda: None,
            stopping=lambda: False,
            starting=lambda _state: True,
            rules=lambda _plan, _engine: lambda _item: None,
            pause=lambda _seconds: None,
        )

    def connect(self, host: str) -> DockerEngine:
        return ScriptedEngine(self.world, host, self)

    def hold(self, host: str, engine: EngineInfo) -> AbstractContextManager[HeldDockerEngine]:
        return holding(host, ScriptedEngine(self.world, host, self), engine)

    def run(self) -> None:
        with suppress(Death, LeaseLostError, StoreUnavailableError):
            self.execute(self.plan_id)


@dataclass(slots=True, kw_only=True)
class World:
    store: Store
    sql: Callable[[str], Any]
    random: random.Random
    quorum: int = 1
    ticks: float = 1000.0
    made: int = 0
    plans: list[str] = field(default_factory=list)
    removed: list[tuple[str, Kind, str]] = field(default_factory=list)
    """What effects of Deckhand removed, in their order."""
    untagged_by_others: set[str] = field(default_factory=set)
    universes: dict[str, Universe] = field(default_factory=dict)
    clients: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in HOSTS:
            self.universes[name] = self._furnished(name)
            self.clients[name] = client_of(self.universes[name])

    def _furnished(self, name: str) -> Universe:
        """Images with up to three names, on each other; containers, volumes, networks and cache."""
        universe, rnd = Universe(name=name), self.random
        build, old = Builder(universe), timedelta(days=90)
        images: list[Image] = []
        for number in range(rnd.randint(2, 5)):
            names = [f"app:{number}-{n}" for n in range(rnd.choice((0, 1, 1, 2, 3)))]
            base = rnd.choice([None, *images])
            steps = (Step(command=f"COPY {number} /", size=100 + number),)
            images.append(build.image(*names, steps=steps, base=base, age=old))
        volumes = [build.volume("", size=5, age=old) for _ in range(rnd.randint(0, 2))]
        for number in range(rnd.randint(0, 3)):
            image = rnd.choice(images)
            mounts = tuple(mounted(each, "/data") for each in volumes[:1] if rnd.random() < 0.3)
            state: Any = rnd.choice(("exited", "exited", "created", "running"))
            build.container(f"c{number}", image.id, state=state, created=old, mounts=mounts)
        for number in range(rnd.randint(0, 1)):
            build.network(f"net{number}", age=old)
        for number in range(rnd.randint(0, 2)):
            build.record(f"mount / {number}", size=7, age=old)
        return universe

    # --- people ---------------------------------------------------------------------------------

    def _hosts(self, *, late: bool = False) -> Hosts:
        policy = Policy(
            name="open", look=("*",), request=("*",), approve=("*",), stop=("*",), quorum=self.quorum,
            expires=timedelta(days=-1) if late else timedelta(minutes=30),
        )  # fmt: skip
        address = SocketAddress(url="unix:///nowhere")
        return Hosts({name: Host(name=name, address=address, policy=policy) for name in HOSTS})

    def propose(self, host: str, profile: str, *, late: bool = False) -> None:
        """A plan; a late one expires as it is made."""
        self.made += 1
        engines: Any = Process(world=self, plan_id="", owner="planner", script=Script({}))
        planning = Planning(
            engines=engines, ledger=self.store.ledger, rules=lambda: Rules(hosts=self._hosts(late=late))
        )
        propose = Propose(
            hosts=lambda: self._hosts(late=late),
            rights=Rights(directory=NoGroups()),
            planning=planning,
            plans=self.store.plans,
            trail=self.store.trail,
            clock=self.store.ledger,
            new_id=lambda: f"p{self.made}",
            changed=lambda: None,
        )
        with suppress(NothingToRemoveError):
            self.plans.append(propose(host, Arguments(profile=profile), PEOPLE[0], "C0").plan.id)

    def decide(self) -> Decide:
        return Decide(
            hosts=self._hosts,
            rights=Rights(directory=NoGroups()),
            plans=self.store.plans,
            trail=self.store.trail,
            changed=lambda: None,
        )

    def vote(self, plan_id: str, person: Person, *, approve: bool) -> None:
        with suppress(RefusedError):
            self.decide()(plan_id, person, approve=approve)

    def stop(self, plan_id: str, *, resume: bool = False) -> None:
        stop = Stop(
            hosts=self._hosts,
            rights=Rights(directory=NoGroups()),
            plans=self.store.plans,
            trail=self.store.trail,
            changed=lambda: None,
        )
        with suppress(RefusedError):
            (stop.resume if resume else stop)(plan_id, PEOPLE[2])

    # --- time, death, change --------------------------------------------------------------------

    def time_passes(self) -> None:
        """All leases run out."""
        self.ticks += 3600
        self.sql("UPDATE plan SET lease_until = '2000-01-01T00:00:00.000000Z' WHERE lease_until IS NOT NULL")

    def run(self, plan_id: str, acts: Sequence[tuple[int, str]]) -> None:
        """One process runs a plan; after so many points from the one before each of these things happens."""
        script, at = Script({}), 0
        for gap, kind in acts:
            at += gap
            script.acts[at] = self._act(kind, plan_id)
        self.made += 1
        Process(world=self, plan_id=plan_id, owner=f"replica-{self.made}", script=script).run()

    def _act(self, kind: str, plan_id: str) -> Callable[[str], bool]:
        ways: dict[str, Callable[[], None]] = {
            "change": lambda: self.change(self.state(plan_id).plan.host),
            "stop": lambda: self.stop(plan_id),
            "lose": lambda: self._loses(plan_id),
            "take over": lambda: self._taken_over(plan_id),
        }

        def act(point: str) -> bool:
            at_effect = "effect" in point
            if kind == "cut" and at_effect:
                raise HostUnreachableError("host", "the connection was lost in the middle of a request.")
            if kind == "away" and not at_effect:
                raise StoreUnavailableError("the database went away; nobody knows whether that was written")
            # What changes in the milliseconds between the last look and the deed is another matter: the manual tells.
            if kind in ways and point != "before an effect":
                ways[kind]()
            if kind == "die" or (kind == "die in use" and self._use_what_goes(plan_id)):
                raise Death
            return kind != "die in use"

        return act

    def _loses(self, plan_id: str) -> None:
        """The process stands still for an hour, and another claims its run."""
        self.time_passes()
        self.store.runs.claim(plan_id, "another", timedelta(seconds=60))

    def _taken_over(self, plan_id: str) -> None:
        """The same, and the other one runs it to its end."""
        self.time_passes()
        self.run(plan_id, [])

    def _use_what_goes(self, plan_id: str) -> bool:
        """Whether somebody takes an image into use that a process which dies now had begun to untag."""
        state = self.state(plan_id)
        universe = self.universes[state.plan.host]
        going = [
            item.item.id for item in state.with_outcome(Outcome.REMOVING)
            if any(parse(name) not in universe.references for name in item.untagging)
        ]  # fmt: skip
        for image in going:
            if image in universe.images:
                self.made += 1
                Builder(universe).container(f"new{self.made}", image, state="running")
        return bool(going)

    def change(self, host: str) -> None:
        """What somebody who knows nothing of Deckhand does on a host; what the engine refuses is not done."""
        universe, rnd = self.universes[host], self.random
        images, containers = list(universe.images), list(universe.containers)
        names = sorted(str(each) for each in universe.references)
        ways: list[Callable[[], object]] = []
        self.made += 1
        if images:
            image = rnd.choice(images)
            ways += [
                lambda: Builder(universe).container(
                    f"new{self.made}", image, state=rnd.choice(("running", "created"))
                ),
                lambda: tag_image(universe, image, "extra", f"t{self.made}"),
            ]
        if names:
            name = parse(rnd.choice(names))
            ways += [
                lambda: tag_image(universe, rnd.choice(images), name.repository, name.tag),
                lambda: self._rmi(universe, str(name)),
            ]
        if containers:
            container = rnd.choice(containers)
            ways += [
                lambda: start_container(universe, container),
                lambda: remove_container(universe, container, force=False, volumes=False),
            ]
        if universe.volumes:
            ways.append(lambda: remove_volume(universe, rnd.choice(list(universe.volumes)), force=False))
        if ways:
            with suppress(EngineError):
                rnd.choice(ways)()

    def _rmi(self, universe: Universe, name: str) -> None:
        remove_image(universe, name, force=False, prune=False)
        self.untagged_by_others.add(name)

    # --- judging --------------------------------------------------------------------------------

    def state(self, plan_id: str) -> PlanState:
        state = self.store.plans.get(plan_id)
        assert state is not None
        return state

    def _running(self, host: str, process: Process) -> PlanState:
        """The plan of a process that is about to act: approved, running, and under this very attempt."""
        state = self.state(process.plan_id)
        assert state.status is Status.RUNNING
        assert state.plan.host == host
        assert len(state.approvers) >= self.quorum
        held = process.execute.leases._held[process.plan_id]
        assert state.attempt == held.claim.attempt, "a process acts whose run another has taken over"
        return state

    def judge(self, host: str, process: Process, kind: Kind, ids: Sequence[str]) -> None:
        state = self._running(host, process)
        removing = {i.item.id for i in state.items if i.outcome == "removing" and i.item.kind is kind}
        assert set(ids) <= removing, "what goes is in the approved plan, and its intent is written"
        for each in ids:
            assert not self.in_use(host, kind, each), f"{kind} {each} is in use"

    def judge_untagging(self, host: str, process: Process, reference: str) -> None:
        universe, state = self.universes[host], self._running(host, process)
        image = universe.references[parse(reference)]
        (item,) = [i for i in state.items if i.item.id == image and i.outcome == "removing"]
        assert reference in item.item.references
        assert reference in item.untagging, "a name is written down before it is taken off"
        assert not self.in_use(host, Kind.IMAGE, image)

    def judge_tagging(self, host: str, process: Process, image: str, reference: str) -> None:
        state = self._running(host, process)
        (item,) = [i for i in state.items if i.item.id == image and i.outcome == "removing"]
        assert reference in item.untagging
        assert parse(reference) not in self.universes[host].references, (
            "a name that is taken stays where it is"
        )

    def in_use(self, host: str, kind: Kind, object_id: str) -> bool:
        universe = self.universes[host]
        if kind is Kind.IMAGE:
            return bool(universe.containers_of(object_id))
        if kind is Kind.VOLUME:
            return bool(universe.volume_users(object_id))
        if kind is Kind.CONTAINER:
            return object_id in universe.containers and universe.containers[object_id].running
        if kind is Kind.NETWORK:
            name = universe.networks[object_id].name if object_id in universe.networks else ""
            used = any(name in container.networks for container in universe.containers.values())
            return name in PREDEFINED_NETWORKS or used
        return object_id in universe.cache and universe.cache[object_id].in_use
