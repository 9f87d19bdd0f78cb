"""What a plan says it frees, and what the sample engine's disk loses when the plan is run over its socket."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.life.states import Outcome
from bot.core.plan.arguments import narrowed, parse_arguments
from bot.core.plan.plan import Draft
from bot.core.plan.planner import draft
from bot.core.plan.prediction import Measured
from bot.core.plan.profiles import BUILT_IN
from bot.core.plan.protection import Protection
from bot.core.rules.hosts import Host, SocketAddress
from bot.core.rules.policy import Policy
from bot.engines.clients import Clients
from bot.engines.held import HeldDockerEngine
from bot.trial.sample import SampleEngine, Universe
from tests.support.effort import often
from tests.support.lying.holding import unproven
from tests.trial.sample.worlds import worlds
from tests.universes.removing import removed

FEW, MANY = often(10, 25), 1_000
HOST = "prod-3"
REQUESTS = ("everything", "everything", "routine", "system", "ci", "volumes", "everything only=images",
            "everything only=cache", "everything only=containers,images", "routine until=300h")  # fmt: skip


@dataclass(frozen=True)
class Stage:
    """One engine that serves one universe after another: starting a server for each would take long."""

    sample: SampleEngine
    clients: Clients

    def show(self, universe: Universe) -> HeldDockerEngine:
        shown = self.sample.universe
        with shown.lock:
            vars(shown).update({name: value for name, value in vars(universe).items() if name != "lock"})
        return HeldDockerEngine(HOST, unproven(lambda: self.clients.client(HOST)))


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with (
        TemporaryDirectory(prefix="sample-") as folder,
        SampleEngine(socket_path=Path(folder) / "engine.sock", universe=Universe()) as sample,
    ):
        address = SocketAddress(url=sample.url)
        host = Host(name=HOST, address=address, policy=Policy(name="default"))
        with closing(Clients({HOST: host})) as clients:
            yield Stage(sample, clients)


def planned(engine: HeldDockerEngine, request: str) -> Draft:
    arguments = parse_arguments(request.split())
    profile = narrowed(BUILT_IN[arguments.profile or "routine"], arguments)
    return draft(Measured.of(engine.survey().inventory), profile, Protection(dangling_min_age=timedelta()))


def comes_true(stage: Stage, universe: Universe, request: str) -> None:
    engine = stage.show(universe)
    plan = planned(engine, request)
    before = stage.sample.universe.disk_bytes()
    ended = removed(engine, plan)
    freed = before - stage.sample.universe.disk_bytes()
    assert {state.outcome for state in ended} <= {Outcome.REMOVED}, [state.reason for state in ended]
    assert plan.frees.low <= freed
    assert freed <= plan.frees.high or "a lower bound" in plan.frees.why
    if plan.frees.exact:
        assert plan.frees.low == plan.frees.high
        assert sum(state.bytes for state in ended) == freed
    again = planned(engine, request)
    assert not {(item.kind, item.id) for item in again.items} & {(i.kind, i.id) for i in plan.items}


@settings(max_examples=FEW, deadline=None)
@given(universe=worlds(), request_=st.sampled_from(REQUESTS))
def test_what_a_plan_removes_frees_what_it_says(stage: Stage, universe: Universe, request_: str) -> None:
    comes_true(stage, universe, request_)


@pytest.mark.long
@settings(max_examples=MANY, deadline=None)
@given(universe=worlds(), request_=st.sampled_from(REQUESTS))
def test_what_very_many_plans_remove_frees_what_they_say(
    stage: Stage, universe: Universe, request_: str
) -> None:
    comes_true(stage, universe, request_)
