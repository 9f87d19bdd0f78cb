"""Build cache: exactly the planned records go, and nothing that a build has touched since."""

from typing import Any

import pytest
from docker import APIClient

from bot.core.docker.inventory import Kind
from bot.core.life.states import Outcome, Status
from tests.services.bench import Bench, outcomes
from tests.services.held import look
from tests.support.machines.engine import PrivateEngine

COPY = ["FROM scratch", "COPY busybox /bin/busybox"]


def touching(*names: str) -> list[str]:
    return [*COPY, *(f'RUN ["/bin/busybox", "touch", "/{name}"]' for name in names)]


def records(engine: PrivateEngine) -> dict[str, dict[str, Any]]:
    client: Any = APIClient(base_url=engine.url)
    try:
        return {each["ID"]: each for each in client.df()["BuildCache"] or []}
    finally:
        client.close()


def parents(record: dict[str, Any]) -> set[str]:
    """Engine 20.10 names one; from 23.0 on it is a list, whose key begins with a space."""
    return {record["Parent"]} if "Parent" in record else set(record.get(" Parents", ()))


def described(engine: PrivateEngine, text: str) -> set[str]:
    return {each for each, record in records(engine).items() if text in record["Description"]}


@pytest.mark.overlay2
def test_planned_records_go_and_those_of_later_builds_stay(bench: Bench) -> None:
    engine = bench.engine
    engine.build(touching("one", "two"), buildkit=True)
    engine.docker("image", "prune", "--force")
    plan = bench.approved()
    planned = {each.id for each in plan.draft.items}
    assert planned == look(engine).ids[Kind.BUILD_CACHE] != set()

    engine.build(["FROM scratch", "COPY busybox /other"], "other:1", buildkit=True)
    before = look(engine)
    later = before.ids[Kind.BUILD_CACHE] - planned
    assert later
    state = bench.run(plan)
    after = look(engine)
    assert after.ids[Kind.BUILD_CACHE] == later
    assert after.tags.keys() == {"other:1"}
    assert set(outcomes(state).values()) == {Outcome.REMOVED}
    assert state.reclaimed == plan.draft.frees.low == plan.draft.frees.high
    assert state.reclaimed == before.on_disk - after.on_disk


def test_a_record_that_a_build_has_used_since_the_plan_is_kept_with_all_it_stands_on(bench: Bench) -> None:
    engine = bench.engine
    engine.build(touching("one", "two"), buildkit=True)
    engine.build(touching("one", "alone"), buildkit=True)
    engine.docker("image", "prune", "--force")
    plan = bench.approved()
    engine.build(touching("one", "two"), buildkit=True)  # everything of it is in the cache
    engine.docker("image", "prune", "--force")
    used = described(engine, "touch /one") | described(engine, "touch /two")
    assert len(used) == 2
    state = bench.run(plan)
    ended = {each.item.id: each for each in state.items}
    assert {ended[each].outcome for each in used} == {Outcome.KEPT}
    reasons = {"a build has used it since the plan was made"}
    if engine.version >= (23, 0):  # a build that finds its end in the cache does not look at what is below
        reasons.add("the engine left it: a build uses it, or other cache builds on it")
    assert {ended[each].reason for each in used} == reasons
    assert used <= look(engine).ids[Kind.BUILD_CACHE]
    (alone,) = (each for each in state.items if "touch /alone" in each.item.name)
    assert alone.outcome is Outcome.REMOVED
    assert not described(engine, "touch /alone")


def test_a_record_on_which_a_later_one_stands_is_kept(bench: Bench) -> None:
    engine = bench.engine
    engine.build(touching("one"), buildkit=True)
    engine.docker("image", "prune", "--force")
    plan = bench.approved()
    engine.build(touching("one", "later"), "later:1", buildkit=True)
    before = look(engine)
    state = bench.run(plan)
    kept = {each.item.id for each in state.items if each.outcome is Outcome.KEPT}
    gone = {each.item.id for each in state.items if each.outcome is Outcome.REMOVED}
    assert described(engine, "touch /one") < kept
    assert kept | gone == {each.id for each in plan.draft.items}
    assert before.gone(look(engine)) == {(Kind.BUILD_CACHE, each) for each in gone}


@pytest.mark.overlay2
def test_a_record_that_an_image_shares_stays_and_one_whose_image_goes_too_goes_with_it(bench: Bench) -> None:
    engine = bench.engine
    engine.build(touching("kept"), "kept:1", buildkit=True)
    engine.build(["FROM scratch", "COPY f /f"], "gone:1", buildkit=True, files={"f": b"x" * 43_210})
    user = engine.run("kept:1")
    plan = bench.approved()
    before = look(engine)
    state = bench.run(plan)
    after = look(engine)
    assert state.status is Status.DONE
    assert after.ids[Kind.CONTAINER] == {user}
    assert after.tags.keys() == {"kept:1"}
    assert described(engine, "touch /kept")
    assert before.layers_size - after.layers_size == 43_210
    freed = before.on_disk - after.on_disk
    assert state.reclaimed == plan.draft.frees.low == plan.draft.frees.high == freed


def test_only_whole_ids_are_pruned_though_the_engine_would_match_any_part_of_one(bench: Bench) -> None:
    engine = bench.engine
    engine.build(touching("one"), buildkit=True)
    engine.docker("image", "prune", "--force")
    whole = look(engine).ids[Kind.BUILD_CACHE]
    shortened = {part for each in whole for part in (each[:6], each[3:9], each[-6:], each[:-1])}
    assert bench.held().prune_cache(sorted(shortened)) == frozenset()
    assert look(engine).ids[Kind.BUILD_CACHE] == whole
    one = min(whole.difference(*(parents(record) for record in records(engine).values())))
    assert bench.held().prune_cache([one, *sorted(shortened)]) == {one}
    assert look(engine).ids[Kind.BUILD_CACHE] == whole - {one}


@pytest.mark.parametrize("bad", ["", ".*", "a|b", "A", "abc\n", "a b"])
def test_what_is_no_id_of_a_record_never_reaches_the_engine(bench: Bench, bad: str) -> None:
    engine = bench.engine
    engine.build([*COPY], buildkit=True)
    before = look(engine)
    with pytest.raises(ValueError, match="not the id"):
        bench.held().prune_cache([*before.ids[Kind.BUILD_CACHE], bad])
    assert look(engine) == before


def test_a_prune_of_nothing_prunes_nothing(bench: Bench) -> None:
    engine = bench.engine
    engine.build([*COPY], buildkit=True)
    before = look(engine)
    assert bench.held().prune_cache([]) == frozenset()
    assert look(engine) == before
