"""An engine that answers with an error is not out of reach: its reason is kept, and the run goes on."""

from collections.abc import Sequence
from typing import Any

import pytest

from bot.core.docker.inventory import CacheRecord, Kind
from bot.core.errors import ConflictError, EngineRequestError
from bot.core.life.states import Outcome, PlanState, Status
from bot.core.plan.plan import Plan
from bot.engines.failures import translated
from bot.services.run import build_cache
from tests.services.bench import HOST, Bench, Lead, WatchedEngine
from tests.services.held import look

LINES = ["FROM scratch", "COPY busybox /bin/busybox", "COPY f /f", "COPY f /g"]
BUSY = "a disk usage operation is already running"


def planned(bench: Bench) -> Plan:
    """A plan of an image and the build cache under it."""
    bench.engine.build(LINES, "app:1", buildkit=True, files={"f": b"f" * 100})
    return bench.approved()


def cache(state: PlanState, outcome: Outcome) -> set[str]:
    return {i.item.id for i in state.with_outcome(outcome) if i.item.kind is Kind.BUILD_CACHE}


def check_went_on(state: PlanState) -> None:
    """The run came to its end, and what the engine did not refuse went."""
    assert (state.status, state.reason) == (Status.PARTIAL, "")
    assert state.usage_after is not None
    assert {i.outcome for i in state.items if i.item.kind is Kind.IMAGE} == {Outcome.REMOVED}


@pytest.mark.overlay2
def test_records_that_the_engine_refuses_to_prune_fail_with_its_reason(bench: Bench) -> None:
    plan = planned(bench)
    records = look(bench.engine).ids[Kind.BUILD_CACHE]

    def refused_by_the_engine_itself(call: str, ids: Sequence[str]) -> None:
        if call == "prune_cache":
            client: Any = bench.clients.client(HOST)
            with translated(HOST):
                client.prune_builds(filters={"id": ["two values", "are more than it takes"]})

    bench.execute(engines=bench.watched(refused_by_the_engine_itself))(plan.id)
    state = bench.state(plan)
    check_went_on(state)
    assert cache(state, Outcome.FAILED) == records == look(bench.engine).ids[Kind.BUILD_CACHE] != set()
    reasons = {i.reason for i in state.with_outcome(Outcome.FAILED)}
    assert len(reasons) == 1
    assert reasons.pop().startswith("the engine refused: ")


@pytest.mark.overlay2
def test_records_are_kept_where_the_engine_answers_that_it_is_busy_with_them(bench: Bench) -> None:
    plan = planned(bench)

    def busy(call: str, ids: Sequence[str]) -> None:
        if call == "prune_cache":
            raise ConflictError(HOST, 409, "a prune operation is already running")

    bench.execute(engines=bench.watched(busy))(plan.id)
    state = bench.state(plan)
    check_went_on(state)
    assert cache(state, Outcome.KEPT) == look(bench.engine).ids[Kind.BUILD_CACHE] != set()
    assert {i.reason for i in state.with_outcome(Outcome.KEPT)} == {
        "the engine refused: a prune operation is already running"
    }


class Speechless(WatchedEngine):
    """Never tells what its build cache holds."""

    def cache_records(self) -> tuple[CacheRecord, ...]:
        raise EngineRequestError(HOST, 500, BUSY)


@pytest.mark.overlay2
@pytest.mark.parametrize("during", ["before", "after"])
def test_an_engine_that_does_not_say_what_its_cache_holds_fails_the_records(
    bench: Bench, during: str
) -> None:
    plan = planned(bench)
    records = look(bench.engine).ids[Kind.BUILD_CACHE]

    class SpeechlessAfter(Speechless):
        asked = during == "before"

        def cache_records(self) -> tuple[CacheRecord, ...]:
            if self.asked:
                return super().cache_records()
            self.asked = True
            return super(Speechless, self).cache_records()

        def prune_cache(self, record_ids: Sequence[str]) -> frozenset[str]:
            return super().prune_cache(record_ids[:1])

    bench.execute(engines=Lead(SpeechlessAfter(bench.clients, lambda _call, _ids: None)))(plan.id)
    state = bench.state(plan)
    check_went_on(state)
    assert cache(state, Outcome.FAILED) == look(bench.engine).ids[Kind.BUILD_CACHE]
    assert {i.reason for i in state.with_outcome(Outcome.FAILED)} == {f"the engine refused: {BUSY}"}
    assert len(cache(state, Outcome.REMOVED)) == len(records - cache(state, Outcome.FAILED))
    assert bool(cache(state, Outcome.REMOVED)) == (during == "after")


@pytest.mark.overlay2
def test_what_went_before_and_in_a_refused_call_is_told_from_what_stayed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build_cache, "CACHE_BATCH", 2)
    plan = planned(bench)
    records = look(bench.engine).ids[Kind.BUILD_CACHE]
    calls: list[Sequence[str]] = []

    def broken(call: str, ids: Sequence[str]) -> None:
        if call != "prune_cache":
            return
        calls.append(ids)
        if len(calls) == 2:
            assert bench.held().prune_cache(ids[:1]) == set(ids[:1])
            raise EngineRequestError(HOST, 500, "something broke in the middle")
        if len(calls) > 2:
            raise EngineRequestError(HOST, 500, "it is still broken")

    bench.execute(engines=bench.watched(broken))(plan.id)
    state = bench.state(plan)
    check_went_on(state)
    assert [len(ids) for ids in calls] == [2] * (len(records) // 2) + [1] * (len(records) % 2)
    assert cache(state, Outcome.REMOVED) == set(calls[0])
    assert cache(state, Outcome.GONE) == {calls[1][0]}
    assert cache(state, Outcome.FAILED) == look(bench.engine).ids[Kind.BUILD_CACHE]
    ended = {i.item.id: i.reason for i in state.items}
    assert ended[calls[1][1]] == "the engine refused: something broke in the middle"
    assert ended[calls[2][0]] == "the engine refused: it is still broken"
