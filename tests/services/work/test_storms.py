"""Storms: whatever happens on an engine, only what was approved goes, and nothing that is needed."""

import time
from contextlib import suppress
from random import Random

import pytest

from bot.core.docker.inventory import Kind
from bot.core.errors import NothingToRemoveError
from bot.core.life.states import OPEN, Outcome, PlanState, Status
from bot.core.plan.plan import Plan
from tests.services.bench import Bench
from tests.services.held import Held, look
from tests.services.storm import Storm

PROFILES = ("dangling", "system", "everything", "everything", "everything", "volumes")


def storm(bench: Bench, seed: int) -> Storm:
    return Storm(bench.engine, Random(seed))  # noqa: S311 - a storm that can be had again


def approved(bench: Bench, random: Random) -> Plan:
    """A plan of any profile that finds something to remove."""
    with suppress(NothingToRemoveError):
        return bench.approved(random.choice(PROFILES))
    return bench.approved("everything")


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


def weather_changes(bench: Bench, seed: int, size: int) -> None:
    """One storm with changes between plan and run."""
    weather = storm(bench, seed)
    weather.universe(size)
    plan = approved(bench, weather.random)
    weather.change(size)
    settle(bench)
    before = look(bench.engine)
    state = bench.run(plan)
    try:
        check_removals(state, before, look(bench.engine))
    except AssertionError as error:
        error.add_note("\n".join([plan.draft.profile, *weather.done]))
        raise


def weather_calm(bench: Bench, seed: int, size: int, builder: str) -> None:
    """One storm without changes: every predicted byte is freed, and no other."""
    weather = storm(bench, seed)
    weather.builder = builder
    weather.universe(size)
    for _ in range(size // 2 if builder == "both" else 0):
        weather.untag()  # what the cache of these builds stood on goes
    settle(bench)
    before = look(bench.engine)
    plan = bench.approved("everything")
    state = bench.run(plan)
    after = look(bench.engine)
    try:
        check_removals(state, before, after)
        check_bytes(state, before.on_disk - after.on_disk)
        if builder == "legacy":
            images = sum(each.bytes for each in state.items if each.item.kind is Kind.IMAGE)
            assert images == before.layers_size - after.layers_size
    except AssertionError as error:
        error.add_note("\n".join([*map(str, plan.draft.items), str(plan.draft.frees), *weather.done]))
        raise


def check_bytes(state: PlanState, measured: int) -> None:
    """``measured`` is what left the disk."""
    frees = state.plan.draft.frees
    assert state.status is Status.DONE
    assert measured > 0
    assert frees.low <= measured, "the prediction holds what was freed"
    assert measured <= frees.high or "a lower bound: build cache" in frees.why
    if frees.exact:
        assert frees.low == frees.high == measured == state.reclaimed
        more = {kind: [i.bytes - i.item.bytes for i in state.items if i.item.kind is kind] for kind in Kind}
        # A layer that cache of an unknown base held goes with its record instead of its last image.
        assert all(difference <= 0 for difference in more.pop(Kind.IMAGE))
        assert all(difference >= 0 for difference in more.pop(Kind.BUILD_CACHE))
        assert not any(difference for differences in more.values() for difference in differences)


def settle(bench: Bench) -> None:
    """Wait until whatever was to end has ended, so that only Deckhand changes anything."""
    while bench.engine.docker("ps", "--quiet", "--filter", "status=removing"):
        time.sleep(0.02)
    for name in bench.engine.docker("ps", "--format", "{{.Names}} {{.Command}}", "--no-trunc").splitlines():
        if "sleep" not in name:
            bench.engine.docker("wait", name.split()[0])


def test_in_a_storm_only_what_was_approved_and_is_not_needed_goes(bench: Bench) -> None:
    weather_changes(bench, 1, size=4)


def test_without_a_storm_every_predicted_byte_is_freed_and_no_other(bench: Bench) -> None:
    weather_calm(bench, 1, size=3, builder="legacy")
    bench.engine.empty()
    weather_calm(bench, 2, size=3, builder="both")


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 116))
def test_in_many_storms_only_what_was_approved_and_is_not_needed_goes(bench: Bench, seed: int) -> None:
    weather_changes(bench, seed, size=7)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(200, 212))
@pytest.mark.parametrize("builder", ["legacy", "buildkit", "both"])
def test_in_many_calms_every_predicted_byte_is_freed_and_no_other(
    bench: Bench, builder: str, seed: int
) -> None:
    weather_calm(bench, seed, size=8, builder=builder)
