"""Stop: between two items, before the start, and of a run whose process died; nothing is removed after it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Event

import pytest

from bot.core.audit.events import Tag
from bot.core.docker.inventory import Kind
from bot.core.errors import RefusedError
from bot.core.life.states import Outcome, Status
from bot.core.plan.plan import Plan
from bot.core.rules.policy import Policy
from bot.services.run.groups import MOST
from tests.services.bench import ANNA, BEN, Bench, imported, outcomes
from tests.services.held import look

pytestmark = pytest.mark.parametrize(
    "url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)
LONG_AGO = "UPDATE plan SET lease_until = '2000-01-01T00:00:00.000000Z'"
NOBODY = Policy(name="strict", look=("*",), request=("*",), approve=("*",))
TAGS = {"stop": Tag.STOP_REFUSED, "resume": Tag.PLAN_REFUSED}


def three_containers(bench: Bench) -> None:
    base = imported(bench.engine)
    for name in ("one", "three", "two"):
        bench.engine.created(base, "--name", name)


def test_a_running_cleanup_ends_after_the_group_that_it_is_at_and_the_rest_is_untouched(bench: Bench) -> None:
    three_containers(bench)
    for number in range(MOST):
        bench.engine.created("base:latest", "--name", f"zz-{number}")
    plan = bench.approved()
    calls: list[str] = []

    def calling(_call: str, ids: Sequence[str]) -> None:
        calls.extend(ids)
        if len(calls) == 2:
            bench.stop()(plan.id, BEN)
            assert bench.state(plan).status is Status.RUNNING, "the engine is still at it"
            assert bench.store.runs.claimable() == ()

    bench.execute(engines=bench.watched(calling))(plan.id)
    state = bench.state(plan)
    assert state.status is Status.STOPPED
    assert state.stop is not None
    assert state.stop.person == BEN
    ended = list(outcomes(state).values())
    gone = ended.count(Outcome.REMOVED)
    assert 2 <= gone <= 1 + MOST
    assert ended[:gone] == [Outcome.REMOVED] * gone
    assert set(ended[gone:]) <= {Outcome.PLANNED, Outcome.KEPT}, "a group that is slow ends before its end"
    assert state.usage_after is not None
    assert bench.tags(plan)[-1] == "deckhand:cleanup:finished"
    facts = bench.store.audit.events(plan.id)[-1].event.facts
    assert facts["stopped_by"] == BEN.id
    left = {each.id for each in plan.draft.items[gone:] if each.kind is Kind.CONTAINER}
    assert look(bench.engine).ids[Kind.CONTAINER] == left
    assert left
    asked = [
        link.event for link in bench.store.audit.events(plan.id) if link.event.tag is Tag.CLEANUP_STOP_ASKED
    ]
    assert [event.actor for event in asked] == [BEN.id]
    assert bench.store.chain.verify().broken is None


def nine_containers(bench: Bench) -> Plan:
    """An approved plan of one group of a single container, and one of as many as a group may have."""
    base = imported(bench.engine)
    for number in range(1 + MOST):
        bench.engine.created(base, "--name", f"c-{number}")
    return bench.approved("everything", Kind.CONTAINER)


def test_who_stops_a_cleanup_waits_for_the_object_that_it_is_at_and_for_no_other(bench: Bench) -> None:
    plan = nine_containers(bench)
    calls: list[str] = []
    clock = [0.0]

    def calling(_call: str, ids: Sequence[str]) -> None:
        calls.extend(ids)
        if len(calls) == 3:  # the second of a group, which takes its time
            clock[0] += 30
            bench.stop()(plan.id, BEN)

    execute = bench.execute(engines=bench.watched(calling))
    replace(execute, leases=replace(execute.leases, ticks=lambda: clock[0]))(plan.id)
    state = bench.state(plan)
    assert state.status is Status.STOPPED
    assert calls == [each.item.id for each in state.items[:3]]
    left = {(each.outcome, each.reason, each.reconciled) for each in state.items[3:]}
    assert left == {(Outcome.KEPT, "the cleanup was stopped before it was removed", False)}
    assert bench.store.chain.verify().broken is None


def test_a_process_that_ends_waits_for_the_object_that_it_is_at_and_another_removes_the_rest(
    bench: Bench,
) -> None:
    plan = nine_containers(bench)
    calls: list[str] = []
    clock = [0.0]

    def calling(_call: str, ids: Sequence[str]) -> None:
        calls.extend(ids)
        clock[0] += 30 if len(calls) == 3 else 0

    execute = bench.execute(engines=bench.watched(calling), stopping=lambda: len(calls) >= 3)
    replace(execute, leases=replace(execute.leases, ticks=lambda: clock[0]))(plan.id)
    state = bench.state(plan)
    assert state.status is Status.RUNNING
    assert list(outcomes(state).values()).count(Outcome.REMOVED) == len(calls) == 3
    state = bench.run(plan)
    assert (state.status, set(outcomes(state).values())) == (Status.DONE, {Outcome.REMOVED})


def test_the_host_is_free_only_after_the_engine_has_answered(bench: Bench) -> None:
    three_containers(bench)
    plan, other = bench.approved("everything"), bench.approved("everything")
    stopped = Event()
    seen: list[tuple[str, ...]] = []

    def calling(_call: str, _ids: Sequence[str]) -> None:
        if not stopped.is_set():
            bench.stop()(plan.id, BEN)
            stopped.set()
        seen.append(bench.store.runs.claimable())

    bench.execute(engines=bench.watched(calling))(plan.id)
    assert seen == [()]
    assert bench.store.runs.claimable() == (other.id,)


def test_a_plan_that_waits_for_its_start_is_cancelled(bench: Bench) -> None:
    three_containers(bench)
    plan = bench.approved()
    before = look(bench.engine)
    state = bench.stop()(plan.id, BEN)
    assert (state.status, state.reason) == (
        Status.CANCELLED, "Ben stopped it before it began. Nothing was removed.",
    )  # fmt: skip
    assert bench.tags(plan)[-2:] == ["slack:cleanup:stop_asked", "deckhand:plan:cancelled"]
    bench.run(plan)
    assert look(bench.engine) == before


def test_what_a_dead_process_had_begun_is_looked_up_before_a_stopped_run_ends(
    bench: Bench, sql: Callable[[str], None]
) -> None:
    three_containers(bench)
    plan = bench.approved()
    dead = bench.claimed(plan, "dead")
    bench.store.runs.start_items(dead, [0])
    bench.store.runs.start_items(dead, [1])
    bench.engine.docker("rm", "one")
    bench.stop()(plan.id, BEN)
    sql(LONG_AGO)
    before = look(bench.engine)
    state = bench.run(plan)
    assert look(bench.engine) == before
    assert state.status is Status.STOPPED
    assert [(each.outcome, each.reconciled) for each in state.items] == [
        (Outcome.GONE, True), (Outcome.KEPT, True), (Outcome.PLANNED, False), (Outcome.PLANNED, False),
    ]  # fmt: skip
    assert state.items[1].reason == "the cleanup was stopped before it was removed"


@pytest.mark.parametrize("verb", ["stop", "resume"])
def test_whom_the_policy_does_not_name_is_refused_and_the_refusal_is_recorded(
    bench: Bench, verb: str
) -> None:
    three_containers(bench)
    plan = bench.approved()
    run = bench.claimed(plan)
    bench.store.runs.park(run, "in the way")
    before = bench.state(plan)
    service = bench.stop(Policy(name="strict") if verb == "resume" else NOBODY)
    with pytest.raises(RefusedError, match="its policy “strict” names nobody"):
        (service if verb == "stop" else service.resume)(plan.id, ANNA)
    assert bench.state(plan) == before
    refused = bench.store.audit.events(plan.id)[-1].event
    assert (refused.tag, refused.actor, refused.facts["attempted"]) == (TAGS[verb], ANNA.id, verb)


def test_stop_and_resume_are_refused_where_there_is_nothing_to_stop_or_resume(bench: Bench) -> None:
    three_containers(bench)
    stop = bench.stop()
    with pytest.raises(RefusedError, match="not in the database"):
        stop("nobody", BEN)
    proposed = bench.proposed()
    with pytest.raises(RefusedError, match="Reject it instead"):
        stop(proposed.id, BEN)
    plan = bench.approved()
    bench.claimed(plan)
    with pytest.raises(RefusedError, match="goes on already"):
        stop.resume(plan.id, BEN)
    stop(plan.id, BEN)
    with pytest.raises(RefusedError, match="being stopped already"):
        stop(plan.id, ANNA)


def test_a_finished_cleanup_is_not_stopped(bench: Bench) -> None:
    three_containers(bench)
    plan = bench.approved()
    ended = bench.run(plan)
    for click in (bench.stop(), bench.stop().resume):
        with pytest.raises(RefusedError, match="already approved, and finished"):
            click(plan.id, BEN)
    assert bench.state(plan) == ended
