"""Storms: whatever happens on an engine, only what was approved goes, and nothing that is needed."""

import time
from contextlib import suppress
from random import Random

import pytest

from bot.core.errors import NothingToRemoveError
from bot.core.inventory import Kind
from bot.core.lifecycle import OPEN, Outcome, PlanState, Status
from bot.core.plans import Plan
from tests.services.bench import Bench
from tests.services.held import Held, look
from tests.services.storm import Storm

PROFILES = ("dangling", "system", "everything", "everything", "everything", "volumes")


def storm(bench: Bench, seed: int) -> Storm:
    return Storm(bench.engine, Random(seed))  # noqa: S311 - a storm that can be had again


def approved(bench: Bench, random: Random) -> Plan | None:
    """A plan of any profile; None when it finds nothing to remove."""
    with suppress(NothingToRemoveError):
        return bench.approved(random.choice(PROFILES))
    return None


def check_removals(state: PlanState, before: Held, after: Held) -> None:
    """Hold what went against what the record says, and what stayed against what needs it."""
    ended = {(each.item.kind, each.item.id): each.outcome for each in state.items}
    assert not OPEN & set(ended.values())
    assert Outcome.FAILED not in ended.values(), [i.reason for i in state.with_outcome(Outcome.FAILED)]
    removed = {each for each, outcome in ended.items() if outcome is Outcome.REMOVED}
    assert before.gone(after) == removed, "exactly what the record calls removed went"
    assert after.everything <= before.everything
    assert {each for each, outcome in ended.items() if outcome is Outcome.KEPT} <= after.everything
    assert not {each for each, outcome in ended.items() if outcome is Outcome.GONE} & before.everything

    ids = {each for _, each in after.everything}
    for container, needs in after.needs.items():
        assert needs & {each for _, each in before.everything} <= ids, f"{container} lost what it needs"
    for tag, image in before.tags.items():
        if image in after.ids[Kind.IMAGE]:
            assert after.tags.get(tag) == image, f"{tag} was lost, though its image was kept"
    assert state.status in {Status.DONE, Status.PARTIAL}
    kept = Outcome.KEPT in ended.values()
    assert (state.status is Status.PARTIAL) == kept


def weather_changes(bench: Bench, seed: int, size: int) -> int:
    """One storm with changes between plan and run; how many items were removed."""
    weather = storm(bench, seed)
    weather.universe(size)
    plan = approved(bench, weather.random)
    if plan is None:
        return 0
    weather.change(size)
    settle(bench)
    before = look(bench.engine)
    state = bench.run(plan)
    try:
        check_removals(state, before, look(bench.engine))
    except AssertionError as error:
        error.add_note("\n".join([plan.draft.profile, *weather.done]))
        raise
    return len(state.with_outcome(Outcome.REMOVED))


def weather_calm(bench: Bench, seed: int, size: int, *, buildkit: bool) -> int:
    """One storm without changes: every predicted byte is freed, and no other; how many bytes."""
    weather = storm(bench, seed)
    weather.buildkit = buildkit
    weather.universe(size)
    settle(bench)
    before = look(bench.engine)
    plan = bench.approved("everything")
    state = bench.run(plan)
    after = look(bench.engine)
    try:
        check_removals(state, before, after)
        check_bytes(state, before.on_disk - after.on_disk)
        if not buildkit:
            images = sum(each.bytes for each in state.items if each.item.kind is Kind.IMAGE)
            assert images == before.layers_size - after.layers_size
    except AssertionError as error:
        error.add_note("\n".join([*map(str, plan.draft.items), str(plan.draft.frees), *weather.done]))
        raise
    return state.reclaimed


def check_bytes(state: PlanState, measured: int) -> None:
    """``measured`` is what left the disk."""
    frees = state.plan.draft.frees
    assert state.status is Status.DONE
    assert frees.low <= measured <= frees.high, "the prediction holds what was freed"
    if frees.exact:
        assert frees.low == frees.high == measured == state.reclaimed
        assert [each.bytes for each in state.items] == [each.bytes for each in state.plan.draft.items]


def settle(bench: Bench) -> None:
    """Wait until whatever was to end has ended, so that only Deckhand changes anything."""
    while bench.engine.docker("ps", "--quiet", "--filter", "status=removing"):
        time.sleep(0.02)
    for name in bench.engine.docker("ps", "--format", "{{.Names}} {{.Command}}", "--no-trunc").splitlines():
        if "sleep" not in name:
            bench.engine.docker("wait", name.split()[0])


def test_in_a_storm_only_what_was_approved_and_is_not_needed_goes(bench: Bench) -> None:
    assert weather_changes(bench, 1, size=4)


def test_without_a_storm_every_predicted_byte_is_freed_and_no_other(bench: Bench) -> None:
    assert weather_calm(bench, 1, size=3, buildkit=False)
    bench.engine.empty()
    assert weather_calm(bench, 2, size=3, buildkit=True)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_in_many_storms_only_what_was_approved_and_is_not_needed_goes(bench: Bench) -> None:
    removed = 0
    for seed in range(100, 130):
        bench.engine.empty()
        removed += weather_changes(bench, seed, size=9)
    assert removed > 50


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("builder", ["legacy", "buildkit"])
def test_in_many_calms_every_predicted_byte_is_freed_and_no_other(bench: Bench, builder: str) -> None:
    freed = 0
    for seed in range(200, 230):
        bench.engine.empty()
        freed += weather_calm(bench, seed, size=8, buildkit=builder == "buildkit")
    assert freed > 10**6
