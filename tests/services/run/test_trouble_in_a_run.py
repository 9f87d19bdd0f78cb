"""Trouble: a host that is away or another one, and a database that cannot be written. Nothing is guessed."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest

from bot.core.docker.inventory import EngineInfo, Kind
from bot.core.errors import EngineChangedError, StoreUnavailableError
from bot.core.life.states import Outcome, Status
from bot.core.plan.plan import Item
from bot.engines.clients import Clients
from bot.engines.registry import DockerEngines
from bot.store.opening import Store
from tests.services.bench import BEN, HOST, Bench, Lead, WatchedEngine, hosts_at, imported, outcomes
from tests.services.held import look
from tests.support.machines.engine import PrivateEngine, private_engine


@contextmanager
def own_bench(store: Store) -> Iterator[Bench]:
    """A bench with an engine of its own, to be stopped and started."""
    with private_engine() as engine:
        by_name = hosts_at(engine).by_name
        with closing(DockerEngines(by_name)) as engines, closing(Clients(by_name)) as clients:
            yield Bench(engine=engine, store=store, engines=engines, clients=clients)


def containers(engine: PrivateEngine) -> None:
    base = imported(engine)
    for name in ("one", "three", "two"):
        engine.created(base, "--name", name)


def test_a_plan_whose_host_is_away_at_its_start_is_cancelled_with_the_reason(store: Store) -> None:
    with own_bench(store) as bench:
        containers(bench.engine)
        plan = bench.approved()
        before = look(bench.engine)
        bench.engine.stop()
        state = bench.run(plan)
        assert state.status is Status.CANCELLED
        assert state.reason.startswith(f"{HOST}: ")
        assert "Nothing was removed; ask for a fresh plan" in state.reason
        assert set(outcomes(state).values()) == {Outcome.PLANNED}
        assert bench.tags(plan)[-1] == "deckhand:plan:cancelled"
        assert bench.store.runs.claimable() == ()
        bench.engine.start()
        assert look(bench.engine) == before
        bench.run(plan)
        assert look(bench.engine) == before


def test_a_host_that_dies_in_a_run_parks_it_until_a_person_says_how_it_goes_on(store: Store) -> None:
    with own_bench(store) as bench:
        engine = bench.engine
        containers(engine)
        plan = bench.approved()
        calls: list[str] = []

        def calling(_call: str, ids: Sequence[str]) -> None:
            calls.extend(ids)
            if len(calls) == 2:
                engine.stop()

        bench.execute(engines=bench.watched(calling))(plan.id)
        state = bench.state(plan)
        assert (state.status, state.finished_at) == (Status.RUNNING, None)
        assert state.attention.startswith(f"{HOST}: ")
        ends = list(outcomes(state).values())
        assert ends[:2] == [Outcome.REMOVED, Outcome.REMOVING]
        assert set(ends[2:]) <= {Outcome.REMOVING, Outcome.PLANNED}, "of the group's, or of a later one"
        assert bench.tags(plan)[-1] == "deckhand:cleanup:parked"
        engine.start()
        names = engine.docker("ps", "--all", "--format", "{{.Names}}").split()
        assert sorted(names) == ["three", "two"]
        bench.execute(owner="replica-2")(plan.id)
        assert bench.state(plan) == state, "nobody takes it up by itself"

        again = bench.approved()
        assert bench.state(again).waits_for == plan.id
        assert bench.store.runs.claimable() == ()
        bench.stop().resume(plan.id, BEN)
        assert bench.store.runs.claimable() == (plan.id,)
        ended = bench.run(plan)
        assert (ended.status, ended.attention, ended.attempt) == (Status.DONE, "", 2)
        assert list(outcomes(ended).values()) == [Outcome.REMOVED] * 4
        assert [each.reconciled for each in ended.items] == [each is Outcome.REMOVING for each in ends]
        assert bench.run(again).status is Status.DONE


class OtherEngine(WatchedEngine):
    """What a host's name leads to after its machine was replaced."""

    def info(self) -> EngineInfo:
        return replace(super().info(), id="ANOTHER:ENGINE")


def never(call: str, ids: Sequence[str]) -> None:
    pytest.fail(f"{call} was called for {ids}")


def test_a_plan_whose_host_leads_to_another_engine_is_cancelled(bench: Bench) -> None:
    containers(bench.engine)
    plan = bench.approved()
    bench.execute(engines=Lead(OtherEngine(bench.clients, never)))(plan.id)
    state = bench.state(plan)
    assert state.status is Status.CANCELLED
    assert "now leads to ANOTHER:ENGINE" in state.reason
    assert plan.draft.engine.id in state.reason


def test_a_run_that_is_taken_up_on_another_engine_fails_and_removes_nothing_there(bench: Bench) -> None:
    containers(bench.engine)
    plan = bench.approved()
    run = bench.claimed(plan, "dead")
    bench.store.runs.release(run)
    before = look(bench.engine)
    bench.execute(engines=Lead(OtherEngine(bench.clients, never)))(plan.id)
    state = bench.state(plan)
    assert state.status is Status.FAILED
    assert "now leads to ANOTHER:ENGINE" in state.reason
    assert set(outcomes(state).values()) == {Outcome.FAILED}
    assert look(bench.engine) == before


def test_what_a_dead_process_may_have_begun_is_not_said_to_be_untried_when_the_run_fails_before_it(
    bench: Bench,
) -> None:
    containers(bench.engine)
    plan = bench.approved("everything", Kind.CONTAINER)
    dead = bench.claimed(plan, "dead")
    bench.store.runs.start_items(dead, [1, 2])
    bench.store.runs.release(dead)
    calls: list[str] = []

    def calling(_call: str, ids: Sequence[str]) -> None:
        calls.extend(ids)
        if len(calls) == 2:
            raise EngineChangedError(HOST, "another engine answers.")

    bench.execute(engines=bench.watched(calling))(plan.id)
    state = bench.state(plan)
    assert list(outcomes(state).values()) == [Outcome.REMOVED, Outcome.FAILED, Outcome.FAILED]
    assert [each.reason.endswith(": look at the host") for each in state.items[1:]] == [True, True]


def test_a_run_that_keeps_one_object_after_the_other_is_not_given_up_as_silent(bench: Bench) -> None:
    containers(bench.engine)
    plan = bench.approved("everything", Kind.CONTAINER)
    execute, clock = bench.execute(), [0.0]
    leases = replace(execute.leases, ticks=lambda: clock[0])

    def slow(_item: Item) -> str:
        clock[0] += 15 * 60
        assert leases.renew() == ()
        return "the rules keep it"

    replace(execute, leases=leases, rules=lambda _plan, _engine: slow)(plan.id)
    assert clock == [45 * 60]
    assert list(outcomes(bench.state(plan)).values()) == [Outcome.KEPT] * 3


REFUSE = "CREATE TRIGGER full BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'disk full'); END"
MEND = "DROP TRIGGER full"


def test_without_an_audit_nothing_is_removed(bench: Bench, sql: Callable[[str], None]) -> None:
    containers(bench.engine)
    plan = bench.approved()
    before = look(bench.engine)
    sql(REFUSE)
    with pytest.raises(StoreUnavailableError, match="nothing is removed"):
        bench.execute(engines=bench.watched(never))(plan.id)
    assert look(bench.engine) == before
    assert bench.state(plan).status is Status.APPROVED
    sql(MEND)
    assert bench.run(plan).status is Status.DONE


def test_an_audit_that_fails_in_a_run_ends_it_there_and_the_next_process_goes_on(
    bench: Bench, sql: Callable[[str], None]
) -> None:
    containers(bench.engine)
    plan = bench.approved()
    calls: list[str] = []

    def calling(_call: str, ids: Sequence[str]) -> None:
        calls.extend(ids)
        if len(calls) == 2:
            sql(REFUSE)

    with pytest.raises(StoreUnavailableError):
        bench.execute(engines=bench.watched(calling))(plan.id)
    began = list(outcomes(bench.state(plan)).values())
    assert began == [Outcome.REMOVED, *[Outcome.REMOVING] * (len(calls) - 1), *began[len(calls) :]]
    assert set(began[len(calls) :]) <= {Outcome.PLANNED}, (
        "nothing was begun whose intent was not written before"
    )
    sql(MEND)
    sql("UPDATE plan SET lease_until = '2000-01-01T00:00:00.000000Z'")
    state = bench.run(plan)
    ends = {
        Outcome.REMOVED: Outcome.REMOVED,
        Outcome.REMOVING: Outcome.GONE,
        Outcome.PLANNED: Outcome.REMOVED,
    }
    assert list(outcomes(state).values()) == [ends[each] for each in began]
    assert bench.store.chain.verify().broken is None


@pytest.mark.postgres
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_database_that_goes_away_in_a_run_ends_it_before_the_next_item(
    bench: Bench, url: str, admin: Callable[[str], None], sql: Callable[[str], None]
) -> None:
    name = url.partition("@/")[2].partition("?")[0]
    containers(bench.engine)
    plan = bench.approved()
    calls: list[str] = []

    def calling(_call: str, ids: Sequence[str]) -> None:
        calls.extend(ids)
        admin(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        sessions = f"FROM pg_stat_activity WHERE datname = '{name}'"
        admin(f"SELECT pg_terminate_backend(pid) {sessions}")

    with pytest.raises(StoreUnavailableError):
        bench.execute(engines=bench.watched(calling))(plan.id)
    assert calls == [plan.draft.items[0].id]
    admin(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    sql("UPDATE plan SET lease_until = '2000-01-01T00:00:00.000000Z'")
    state = bench.run(plan)
    assert list(outcomes(state).values()) == [Outcome.GONE, *[Outcome.REMOVED] * 3]
    assert state.status is Status.DONE
