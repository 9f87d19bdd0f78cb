"""What was tightened since a plan was made counts: at its start, and for each object."""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bot.core.docker.inventory import Kind
from bot.core.life.states import Outcome, Status
from bot.core.plan.plan import Plan
from bot.core.plan.profiles import BUILT_IN, Profile, Rule, Scope
from bot.core.plan.protection import Protection
from bot.core.rules.policy import Volumes
from tests.services.bench import Bench, imported, outcomes

EVERYTHING = Protection(names=("*",), images=("*",))


def things(bench: Bench) -> Plan:
    """An approved plan of two containers, a network and two images."""
    base = imported(bench.engine)
    imported(bench.engine, "postgres:14")
    for name in ("one", "two"):
        bench.engine.created(base, "--name", name, "--label", f"name={name}")
    bench.engine.network("front")
    return bench.approved()


def kept(bench: Bench, plan: Plan) -> dict[str, str]:
    return {one.item.name: one.reason for one in bench.state(plan).with_outcome(Outcome.KEPT)}


def test_a_protection_of_everything_that_came_after_the_approval_keeps_everything(bench: Bench) -> None:
    plan = things(bench)
    bench.policy = replace(bench.policy, protection=EVERYTHING)
    calls: list[str] = []
    bench.execute(engines=bench.watched(lambda call, _: calls.append(call)))(plan.id)
    assert calls == []
    assert set(outcomes(bench.state(plan)).values()) == {Outcome.KEPT}
    assert kept(bench, plan)["one"] == "protected by the name pattern *"
    assert bench.state(plan).status is Status.PARTIAL


def test_a_label_that_is_protected_since_keeps_what_carries_it(bench: Bench) -> None:
    plan = things(bench)
    bench.protected = ("name=two",)
    state = bench.run(plan)
    assert kept(bench, plan)["two"] == "protected by the label name=two"
    assert outcomes(state)["one"] is Outcome.REMOVED


def test_a_profile_that_was_tightened_or_taken_away_counts(bench: Bench) -> None:
    old = Rule(scope=Scope.STOPPED, min_age=timedelta(days=1))
    plan = things(bench)
    bench.profiles = {**BUILT_IN, "everything": Profile(name="everything", rules={Kind.CONTAINER: old})}
    bench.run(plan)
    reasons = kept(bench, plan)
    assert reasons["one"].endswith("stopped for less than 1 day")
    assert reasons["front"] == "everything takes no networks"

    plan = bench.approved("system")
    bench.profiles = {"dangling": BUILT_IN["dangling"]}
    bench.run(plan)
    assert set(kept(bench, plan).values()) == {"There is no profile “system”. The profiles are: dangling."}


def test_a_protection_that_comes_in_the_middle_of_a_run_counts_from_the_next_object_on(bench: Bench) -> None:
    plan = things(bench)
    removed: list[str] = []

    def calling(_call: str, ids: Sequence[str]) -> None:
        removed.extend(ids)
        bench.policy = replace(bench.policy, protection=EVERYTHING)

    bench.execute(engines=bench.watched(calling))(plan.id)
    assert len(removed) == 1
    assert sorted(map(str, outcomes(bench.state(plan)).values())) == ["kept"] * 4 + ["removed"]


def test_a_policy_that_forbids_in_the_middle_of_a_run_what_it_allowed_counts_too(bench: Bench) -> None:
    bench.engine.docker("volume", "create", "--label", "com.docker.volume.anonymous=", "aa")
    bench.engine.docker("volume", "create", "--label", "com.docker.volume.anonymous=", "bb")
    time.sleep(1.1)  # what was created in the second of the plan is kept
    plan = bench.approved("volumes")
    removed: list[str] = []

    def calling(_call: str, ids: Sequence[str]) -> None:
        removed.extend(ids)
        bench.policy = replace(bench.policy, volumes=Volumes.NEVER)

    bench.execute(engines=bench.watched(calling))(plan.id)
    assert removed == ["aa"]
    assert kept(bench, plan) == {"bb": "policy “open” lets no cleanup take volumes here"}


def test_rules_that_stay_the_same_ask_the_host_nothing_more(bench: Bench) -> None:
    plan = things(bench)
    named = bench.rules().named(plan.host, plan.draft.profile)
    assert plan.draft.rules == named
    assert set(outcomes(bench.run(plan)).values()) == {Outcome.REMOVED}
