"""A run is bound to the engine that it was approved for, not to a host's name: reloads, failovers, clones."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from unittest.mock import patch

import pytest

from bot.core.errors import EngineChangedError
from bot.core.life.restoring import Restored
from bot.core.life.states import Outcome, PlanState, Status
from bot.core.plan.arguments import Arguments
from bot.core.rules.hosts import Host, Hosts, SocketAddress
from bot.core.rules.policy import Policy
from bot.core.rules.rules import Rules
from bot.engines.held import HeldDockerEngine
from bot.engines.registry import DockerEngines
from bot.ports import Run
from bot.services.decide.decide import Decide
from bot.services.decide.propose import Propose
from bot.services.leases import Leases
from bot.services.look.planning import Planning
from bot.services.rules.rights import Rights
from bot.services.run.execute import Execute
from bot.services.run.restore import Restore
from bot.store.opening import Store
from bot.trial.sample import SampleEngine
from tests.services.bench import ANNA, BEN
from tests.support.lying.twins import CONTAINERS, Junction, held, twins
from tests.support.people import NoGroups

POLICY = Policy(
    name="open", look=("*",), request=("*",), approve=("*",), stop=("*",), restore=("*",), self_approval=True
)


def hosts_at(urls: Mapping[str, str]) -> dict[str, Host]:
    return {
        name: Host(name=name, address=SocketAddress(url=url), policy=POLICY) for name, url in urls.items()
    }


@dataclass(kw_only=True)
class World:
    """Hosts ``ci`` and ``prod``, which are clones; ``ci`` is reached through a junction."""

    ci: SampleEngine
    prod: SampleEngine
    junction: Junction
    store: Store
    engines: DockerEngines
    hosts: dict[str, Host]
    plan_id: str = "p1"
    acts: dict[str, Callable[[], None]] = field(default_factory=dict)
    """What happens once so many objects have ended, or so many effects have begun: ``ended 2``, ``effect 3``."""
    asked: int = 0
    effects: int = 0

    def _rights(self) -> Rights:
        return Rights(directory=NoGroups())

    def approve(self) -> None:
        planning = Planning(
            engines=self.engines, ledger=self.store.ledger, rules=lambda: Rules(hosts=Hosts(self.hosts))
        )
        propose = Propose(
            hosts=lambda: Hosts(self.hosts),
            rights=self._rights(),
            planning=planning,
            plans=self.store.plans,
            trail=self.store.trail,
            clock=self.store.ledger,
            new_id=lambda: self.plan_id,
            changed=lambda: None,
        )
        propose("ci", Arguments(profile="everything"), ANNA, "C0")
        decide = Decide(
            hosts=lambda: Hosts(self.hosts),
            rights=self._rights(),
            plans=self.store.plans,
            trail=self.store.trail,
            changed=lambda: None,
        )
        decide(self.plan_id, BEN, approve=True)

    def run(self) -> PlanState:
        world = self

        class Watched(Leases[Run]):
            def before_effect(self, claim: Run) -> None:
                super().before_effect(claim)
                world.asked += 1
                if world.asked % 2 == 0:  # it is asked before each object too
                    world.effects += 1
                    world.happens(f"effect {world.effects}")

        meant = HeldDockerEngine.still_meant

        def between(engine: HeldDockerEngine) -> None:
            world.happens(f"ended {world.effects}")
            meant(engine)

        execute = Execute(
            plans=self.store.plans,
            runs=self.store.runs,
            audit=self.store.audit,
            engines=self.engines,
            leases=Watched(claims=self.store.runs, owner="one", ticks=lambda: 5.0),
            changed=lambda: None,
            stopping=lambda: False,
            starting=lambda _state: True,
            pause=lambda _seconds: None,
            rules=lambda _plan, _engine: lambda _item: None,
        )
        with patch.object(HeldDockerEngine, "still_meant", between):
            execute(self.plan_id)
        return self.state()

    def restore(self) -> PlanState:
        def changed() -> None:
            restoring = self.state().restoring
            self.happens(f"restored {len(restoring.images) if restoring else 0}")

        work = Restore(
            hosts=lambda: Hosts(self.hosts),
            rights=self._rights(),
            plans=self.store.plans,
            trail=self.store.trail,
            restores=self.store.restores,
            engines=self.engines,
            leases=Leases(claims=self.store.restores, owner="one", ticks=lambda: 5.0),
            changed=changed,
            stopping=lambda: False,
        )
        work.ask(self.plan_id, ANNA)
        self.acts |= {"restored 0": self.acts.pop("begun", lambda: None)}
        work(self.plan_id)
        return self.state()

    def happens(self, what: str) -> None:
        act = self.acts.pop(what, None)
        if act is not None:
            act()

    def state(self) -> PlanState:
        state = self.store.plans.get(self.plan_id)
        assert state is not None
        return state

    def exchange(self) -> None:
        """The configuration is read again, and gives each of the two the other's address."""
        self.hosts = {
            "ci": hosts_at({"ci": self.prod.url})["ci"], "prod": hosts_at({"prod": self.junction.url})["prod"]
        }  # fmt: skip
        self.engines.adopt(self.hosts)

    def forget(self) -> None:
        """The configuration is read again, and does not know the host any more."""
        self.hosts = {"prod": self.hosts["prod"]}
        self.engines.adopt(self.hosts)


@pytest.fixture
def world(store: Store) -> Iterator[World]:
    with twins() as (ci, prod, junction):
        hosts = hosts_at({"ci": junction.url, "prod": prod.url})
        with closing(DockerEngines(hosts)) as engines:
            yield World(ci=ci, prod=prod, junction=junction, store=store, engines=engines, hosts=hosts)


@pytest.mark.parametrize("reload", [World.exchange, World.forget])
def test_a_reload_that_gives_the_host_another_address_stops_its_run_between_two_objects(
    world: World, reload: Callable[[World], None]
) -> None:
    world.approve()
    before = held(world.prod)
    world.acts = {"ended 2": lambda: reload(world)}
    state = world.run()
    assert held(world.prod) == before
    assert state.status is Status.FAILED
    assert "ci: the configuration gives it another address since, or none." in state.reason
    assert len(state.with_outcome(Outcome.REMOVED)) == 2
    left = state.with_outcome(Outcome.FAILED)
    assert len(left) == len(state.items) - 2
    assert {item.reason for item in left} == {f"not tried: {state.reason}"}
    assert len(world.ci.universe.containers) == CONTAINERS - 2


def test_an_object_that_was_begun_before_the_reload_is_ended_where_it_was_begun(world: World) -> None:
    world.approve()
    before = held(world.prod)
    world.acts = {"effect 3": world.exchange}
    state = world.run()
    assert held(world.prod) == before
    assert len(world.ci.universe.containers) == CONTAINERS - 3
    assert len(state.with_outcome(Outcome.REMOVED)) == 3
    assert state.status is Status.FAILED


def test_a_reload_that_leaves_the_host_where_it_is_changes_nothing(world: World) -> None:
    world.approve()
    world.acts = {"ended 2": lambda: world.engines.adopt(dict(world.hosts))}
    assert world.run().status is Status.DONE
    assert not world.ci.universe.containers


@pytest.mark.parametrize("moment", ["effect 1", "effect 3", f"effect {CONTAINERS + 1}", "ended 2"])
def test_an_address_that_leads_to_a_clone_after_a_reconnect_ends_the_run_before_anything_is_sent_there(
    world: World, moment: str
) -> None:
    """As a failover does it, right before a removal is sent too."""
    world.approve()
    before = held(world.prod)
    world.acts = {moment: lambda: world.junction.switch(world.prod)}
    state = world.run()
    assert held(world.prod) == before
    assert set(world.junction.sent_to(world.prod)) == {"GET /info"}
    assert state.status is Status.FAILED
    assert "the host's name now leads to THE:SAME:ID (prod, /var/lib/docker)." in state.reason
    assert not state.with_outcome(Outcome.PLANNED, Outcome.REMOVING, Outcome.GONE, Outcome.KEPT)
    removed = {item.item.id for item in state.with_outcome(Outcome.REMOVED)}
    assert not removed & world.ci.universe.containers.keys()


def test_a_run_whose_connection_broke_goes_on_where_the_same_engine_answers(world: World) -> None:
    world.approve()
    for moment in ("ended 2", "effect 4"):
        world.acts[moment] = lambda: world.junction.switch(world.ci)
    assert world.run().status is Status.DONE
    assert not world.ci.universe.containers


def test_a_plan_is_cancelled_where_a_clone_answers_before_its_run(world: World) -> None:
    world.approve()
    before = held(world.prod)
    world.junction.switch(world.prod)
    state = world.run()
    assert state.status is Status.CANCELLED
    assert "now leads to THE:SAME:ID (prod, /var/lib/docker)" in state.reason
    assert held(world.prod) == before


def test_nothing_is_planned_on_a_clone_that_answers_in_the_hosts_name(world: World) -> None:
    world.approve()
    world.junction.switch(world.prod)
    world.plan_id = "p2"
    with pytest.raises(EngineChangedError, match="another engine answers than the one known since"):
        world.approve()


@pytest.mark.parametrize("act", ["switch", "exchange"])
def test_restore_pulls_on_the_engine_that_the_images_were_removed_from_and_on_no_other(
    world: World, act: str
) -> None:
    world.approve()
    assert world.run().status is Status.DONE
    before = held(world.prod)
    world.acts = {"begun": world.exchange if act == "exchange" else lambda: world.junction.switch(world.prod)}
    state = world.restore()
    assert held(world.prod) == before
    assert state.restoring is not None
    (image,) = state.restoring.images
    assert image.outcome is Restored.FAILED
    assert "another address since" in image.reason or "now leads to THE:SAME:ID (prod" in image.reason


def test_a_look_that_began_before_a_reload_sees_nothing_of_the_engine_that_the_name_leads_to_now(
    world: World,
) -> None:
    engine = world.engines.connect("ci")
    assert engine.info().name == "ci"
    world.exchange()
    with pytest.raises(EngineChangedError, match="Look again"):
        engine.info()
    assert world.engines.connect("ci").info().name == "prod"
