"""Processes of Deckhand that die, stand still and lose their database at points of a script."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.core.docker.inventory import EngineInfo, Kind
from bot.core.errors import (
    LeaseLostError,
    StoreUnavailableError,
)
from bot.engines.docker.engine import DockerEngine
from bot.engines.held import HeldDockerEngine
from bot.services.leases import Leases
from bot.services.run.execute import Execute
from bot.store.opening import Store
from tests.support.lying.holding import holding, unproven

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


class Around(Protocol):
    """What a process stands in; it judges each effect right before it happens."""

    store: Store
    ticks: float
    clients: dict[str, Any]
    removed: list[tuple[str, Kind, str]]
    """What effects of Deckhand removed, in their order."""

    def judge(self, host: str, process: "Process", kind: Kind, ids: Sequence[str]) -> None: ...

    def judge_untagging(self, host: str, process: "Process", reference: str) -> None: ...

    def judge_tagging(self, host: str, process: "Process", image: str, reference: str) -> None: ...


class ScriptedEngine(HeldDockerEngine):
    """One process's engine."""

    def __init__(self, world: Around, host: str, process: "Process") -> None:
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

    world: Around
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
