"""Runs: the intent before the deed, let go between two items, and taken up by whoever comes next."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from bot.core.docker.inventory import Kind
from bot.core.errors import HostUnreachableError, LeaseLostError
from bot.core.life.states import Outcome, Status
from bot.ports import Run
from bot.services.run.groups import MOST
from bot.store.opening import Store
from tests.services.bench import HOST, LEASE, Bench, imported, item, outcomes
from tests.services.held import look

on_both = pytest.mark.parametrize(
    "url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)

LONG_AGO = "UPDATE plan SET lease_until = '2000-01-01T00:00:00.000000Z'"


def three_containers(bench: Bench) -> dict[str, str]:
    """Created ones, by name; the plan takes them in the order of their names, and then their image."""
    base = imported(bench.engine)
    return {name: bench.engine.created(base, "--name", name) for name in ("one", "three", "two")}


@on_both
def test_the_engine_is_only_called_for_what_the_store_says_is_being_removed(
    bench: Bench, open_another: Callable[[], Store]
) -> None:
    engine, other = bench.engine, open_another()
    three_containers(bench)
    engine.docker("tag", "base:latest", "base:2")
    engine.network("front")
    engine.build(["FROM scratch", "COPY f /f"], "own:1", buildkit=True, files={"f": b"x"})
    plan = bench.approved()
    calls: list[str] = []

    def calling(call: str, ids: Sequence[str]) -> None:
        state = other.plans.get(plan.id)
        assert state is not None
        assert state.status is Status.RUNNING
        removing = state.with_outcome(Outcome.REMOVING)
        named = {name for each in removing for name in (each.item.id, *each.item.references)}
        assert set(ids) <= named
        assert call == "prune_cache" or len(removing) <= MOST
        written = [
            link.event.facts["id"] for link in other.audit.events(plan.id)
            if str(link.event.tag) == "deckhand:item:removing"
        ]  # fmt: skip
        assert {each.item.id for each in removing} <= set(written)
        calls.append(call)

    bench.execute(engines=bench.watched(calling))(plan.id)
    state = bench.state(plan)
    assert state.status is Status.DONE, [each for each in state.items if each.reason]
    assert set(calls) == {"remove_container", "remove_network", "untag", "remove_image", "prune_cache"}
    tags = bench.tags(plan)
    assert tags.count("deckhand:item:removing") == tags.count("deckhand:item:ended") == len(plan.draft.items)
    assert tags[-1] == "deckhand:cleanup:finished"
    assert bench.store.chain.verify().broken is None
    assert state.usage_before is not None
    assert state.usage_after is not None


@on_both
def test_a_run_that_is_let_go_between_two_items_is_finished_by_the_next_process(
    bench: Bench, open_another: Callable[[], Store]
) -> None:
    three_containers(bench)
    plan = bench.approved()
    calls: list[str] = []
    watched = bench.watched(lambda _, ids: calls.extend(ids))
    bench.execute(engines=watched, stopping=lambda: bool(calls))(plan.id)
    state = bench.state(plan)
    assert state.status is Status.RUNNING
    assert list(outcomes(state).values()) == [Outcome.REMOVED, *[Outcome.PLANNED] * 3]
    before, other = state.usage_before, open_another()
    assert other.runs.claimable() == (plan.id,)

    bench.execute(engines=watched, store=other, owner="replica-2")(plan.id)
    state = bench.state(plan)
    assert state.status is Status.DONE
    assert calls == [each.id for each in plan.draft.items]
    assert state.usage_before == before
    tags = bench.tags(plan)
    assert tags.count("deckhand:cleanup:started") == tags.count("deckhand:cleanup:taken_up") == 1
    assert look(bench.engine).everything.isdisjoint({(Kind.IMAGE, each) for each in calls})


def test_a_process_that_stops_before_the_first_item_removes_nothing(bench: Bench) -> None:
    three_containers(bench)
    plan = bench.approved()
    before = look(bench.engine)
    bench.execute(stopping=lambda: True)(plan.id)
    assert look(bench.engine) == before
    assert bench.store.runs.claimable() == (plan.id,)


@on_both
def test_what_a_dead_process_had_begun_is_looked_up_and_nothing_is_assumed(
    bench: Bench, sql: Callable[[str], None]
) -> None:
    engine = bench.engine
    three_containers(bench)
    engine.docker("tag", "base:latest", "base:2")
    plan = bench.approved()
    dead = bench.claimed(plan, "dead")
    bench.store.runs.start_items(dead, [0, 1, 3])
    bench.store.runs.untag_item(dead, 3, ("base:2",))
    engine.docker("rm", "one")  # its engine call came through, the answer did not
    engine.docker("rmi", "base:2")  # it had begun to untag
    bench.execute()(plan.id)
    assert bench.state(plan).with_outcome(Outcome.REMOVING), "its lease still holds"

    sql(LONG_AGO)
    before = look(engine)
    state = bench.run(plan)
    assert outcomes(state) == {
        "one": Outcome.GONE,
        "three": Outcome.REMOVED,
        "two": Outcome.REMOVED,
        "base:2": Outcome.REMOVED,
    }
    assert "not confirmed by us" in state.items[0].reason
    assert state.status is Status.DONE
    assert before.gone(look(engine)) == {(each.item.kind, each.item.id) for each in state.items[1:]}
    with pytest.raises(LeaseLostError):
        bench.store.runs.release(dead)


@on_both
def test_a_run_that_loses_its_lease_stands_down_and_writes_nothing_more(
    bench: Bench, open_another: Callable[[], Store], sql: Callable[[str], None]
) -> None:
    three_containers(bench)
    plan = bench.approved()
    other = open_another()
    taken: list[Run] = []
    written: list[int] = []
    calls: list[str] = []

    def calling(_call: str, ids: Sequence[str]) -> None:
        calls.extend(ids)
        if len(calls) == 2:
            sql(LONG_AGO)
            run = other.runs.claim(plan.id, "replica-2", LEASE)
            assert run is not None
            taken.append(run)
            written.append(len(other.audit.events(plan.id)))
            execute.leases.drop(Run(plan_id=plan.id, host=HOST, owner="replica-1", attempt=1))

    execute = bench.execute(engines=bench.watched(calling))
    with pytest.raises(LeaseLostError):
        execute(plan.id)
    assert len(calls) == 2
    assert len(bench.store.audit.events(plan.id)) == written[0]
    ends = list(outcomes(bench.state(plan)).values())
    assert ends[:2] == [Outcome.REMOVED, Outcome.REMOVING]
    assert set(ends[2:]) <= {Outcome.REMOVING, Outcome.PLANNED}, "of the group's, or of a later one"

    other.runs.release(taken[0])
    state = bench.run(plan)
    assert list(outcomes(state).values()) == [
        Outcome.REMOVED, Outcome.GONE, Outcome.REMOVED, Outcome.REMOVED,
    ]  # fmt: skip
    assert len(look(bench.engine).ids[Kind.CONTAINER]) == 0


def test_an_answer_that_was_lost_is_asked_for_again_and_called_gone(bench: Bench) -> None:
    made = three_containers(bench)
    plan = bench.approved()
    calls: list[str] = []

    def calling(_call: str, ids: Sequence[str]) -> None:
        calls.extend(ids)
        if ids == [made["three"]]:
            bench.engine.docker("rm", "three")
            raise HostUnreachableError(HOST, "the connection was lost in the middle of a request.")

    bench.execute(engines=bench.watched(calling))(plan.id)
    state = bench.state(plan)
    assert item(state, made["three"]).outcome is Outcome.GONE
    assert item(state, made["three"]).bytes == 0
    assert state.status is Status.DONE
    assert calls == [each.id for each in plan.draft.items]


def test_an_image_whose_untagging_was_broken_off_is_still_removed_by_the_same_run(bench: Bench) -> None:
    engine = bench.engine
    base = imported(engine)
    engine.docker("tag", "base:latest", "base:2")
    engine.docker("tag", "base:latest", "base:3")
    plan = bench.approved()
    broken: list[str] = []

    def calling(call: str, ids: Sequence[str]) -> None:
        if ids == ["base:3"] and not broken:
            broken.append(call)
            raise HostUnreachableError(HOST, "the connection was lost in the middle of a request.")

    bench.execute(engines=bench.watched(calling))(plan.id)
    state = bench.state(plan)
    assert (broken, item(state, base).outcome) == (["untag"], Outcome.REMOVED)
    assert look(engine).ids[Kind.IMAGE] == frozenset()


def test_a_finished_run_is_never_run_again(bench: Bench) -> None:
    three_containers(bench)
    plan = bench.approved()
    ended = bench.run(plan)
    newer = imported(bench.engine)
    events = bench.store.audit.events(plan.id)
    bench.execute(owner="replica-2")(plan.id)
    assert (bench.state(plan), bench.store.audit.events(plan.id)) == (ended, events)
    assert look(bench.engine).ids[Kind.IMAGE] == {newer}


def test_what_is_not_approved_is_not_run(bench: Bench) -> None:
    three_containers(bench)
    plan = bench.proposed()
    before = look(bench.engine)
    bench.execute()(plan.id)
    bench.execute()("nobody")
    assert look(bench.engine) == before
    assert bench.state(plan).status is Status.PROPOSED
    assert replace(bench.state(plan), version=1) == bench.state(plan)
