"""Named volumes on a real engine: those that were picked and approved go, and whatever changed meanwhile stays."""

import time
from dataclasses import replace

import pytest

from bot.core.docker.inventory import Kind
from bot.core.errors import RefusedError
from bot.core.life.states import Outcome, Status
from bot.core.plan.plan import Plan
from bot.core.rules.policy import Volumes
from bot.slack.plan.forms.volumes import request_of
from tests.services.bench import ANNA, HOST, OPEN_TO_ALL, Bench

NAMED = replace(OPEN_TO_ALL, volumes=Volumes.NAMED)


def plan_of(bench: Bench, *names: str) -> Plan:
    bench.policy = NAMED
    return bench.propose()(HOST, request_of(names), ANNA, "C0DISK").plan


def outcomes(bench: Bench, plan: Plan) -> dict[str, Outcome]:
    bench.approve(plan)
    return {one.item.id: one.outcome for one in bench.run(plan).items}


def names(bench: Bench) -> set[str]:
    return set(bench.engine.docker("volume", "ls", "--quiet").split())


def test_what_was_picked_goes_and_no_other_volume(bench: Bench) -> None:
    for name in ("old", "older", "data"):
        bench.engine.volume(name, size=10_000)
    bench.engine.docker("volume", "create", "unused")
    a_second_later()
    plan = plan_of(bench, "old", "older")
    assert {item.id: item.kind for item in plan.draft.items} == {"old": Kind.VOLUME, "older": Kind.VOLUME}
    assert plan.draft.frees.low >= 20_000
    assert outcomes(bench, plan) == {"old": Outcome.REMOVED, "older": Outcome.REMOVED}
    assert names(bench) == {"data", "unused"}
    assert bench.state(plan).status is Status.DONE


def test_a_volume_that_came_into_use_or_was_made_anew_stays(bench: Bench) -> None:
    base = bench.engine.base()
    for name in ("mounted", "anew"):
        bench.engine.volume(name, size=10)
    a_second_later()
    plan = plan_of(bench, "mounted", "anew")
    bench.engine.created(base, "--volume", "mounted:/data")
    bench.engine.docker("volume", "rm", "anew")
    a_second_later()
    bench.engine.volume("anew", size=10)
    assert outcomes(bench, plan) == {"mounted": Outcome.KEPT, "anew": Outcome.KEPT}
    assert names(bench) == {"mounted", "anew"}


def a_second_later() -> None:
    """The engine tells a volume's age in whole seconds: one of this very second may be another one by the run."""
    time.sleep(1.1)


@pytest.mark.parametrize("volumes", [Volumes.NEVER, Volumes.ANONYMOUS])
def test_where_the_policy_lets_nobody_pick_volumes_no_plan_is_made(bench: Bench, volumes: Volumes) -> None:
    bench.engine.volume("old", size=10)
    bench.policy = replace(OPEN_TO_ALL, volumes=volumes)
    with pytest.raises(RefusedError, match="volumes here"):
        bench.propose()(HOST, request_of(["old"]), ANNA, "C0DISK")
    assert bench.store.messages.unshown() == ()
