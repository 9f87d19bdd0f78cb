"""A small world for stateful tests: two hosts with sample engines, one database, processes that die, and people."""

import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bot.core.docker.inventory import Kind
from bot.core.errors import (
    HostUnreachableError,
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
from bot.services.decide.decide import Decide
from bot.services.decide.propose import Propose
from bot.services.look.planning import Planning
from bot.services.rules.rights import Rights
from bot.services.run.removal import FRESH_SECONDS
from bot.services.run.stop import Stop
from bot.store.opening import Store
from bot.trial.sample import Builder, Universe
from bot.trial.sample.names import parse
from tests.services.world.processes import Death, Process, Script
from tests.services.world.universes import changed, furnished, in_use
from tests.support.direct import client_of
from tests.support.people import NoGroups

HOSTS = ("north", "south")
PEOPLE = tuple(Person(id=f"U0{name}", name=name.title()) for name in ("ANNA", "BEN", "CYD"))
PROFILES = ("everything", "everything", "system", "volumes", "dangling")


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
            self.universes[name] = furnished(name, self.random)
            self.clients[name] = client_of(self.universes[name])

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
        """What somebody who knows nothing of Deckhand does on a host.

        It takes so long that what was asked for all objects at once has to be asked for again.
        """
        self.ticks += 2 * FRESH_SECONDS
        self.made += 1
        self.untagged_by_others |= changed(self.universes[host], self.random, f"new{self.made}")

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
            assert not in_use(self.universes[host], kind, each), f"{kind} {each} is in use"

    def judge_untagging(self, host: str, process: Process, reference: str) -> None:
        universe, state = self.universes[host], self._running(host, process)
        image = universe.references[parse(reference)]
        (item,) = [i for i in state.items if i.item.id == image and i.outcome == "removing"]
        assert reference in item.item.references
        assert reference in item.untagging, "a name is written down before it is taken off"
        assert not in_use(universe, Kind.IMAGE, image)

    def judge_tagging(self, host: str, process: Process, image: str, reference: str) -> None:
        state = self._running(host, process)
        (item,) = [i for i in state.items if i.item.id == image and i.outcome == "removing"]
        assert reference in item.untagging
        assert parse(reference) not in self.universes[host].references, (
            "a name that is taken stays where it is"
        )
