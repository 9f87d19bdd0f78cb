"""Recovery: an engine that starts anew, a connection that is cut, a process that stands still in the middle."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager

import pytest

from bot.core.life.states import Outcome, Status
from bot.core.plan.arguments import Arguments
from bot.core.rules.hosts import Host, Hosts
from bot.engines.clients import Clients
from bot.engines.registry import DockerEngines
from bot.store.opening import Store
from tests.conftest import StartSshd
from tests.services.bench import ANNA, HOST, OPEN_TO_ALL, Bench, hosts_at, imported, item, outcomes
from tests.support.machines.engine import PrivateEngine, private_engine

LONG_AGO = "UPDATE plan SET lease_until = '2000-01-01T00:00:00.000000Z'"


@contextmanager
def bench_at(hosts: Hosts, engine: PrivateEngine, store: Store) -> Iterator[Bench]:
    with closing(DockerEngines(hosts.by_name)) as engines, closing(Clients(hosts.by_name)) as clients:
        yield Bench(engine=engine, store=store, engines=engines, clients=clients)


def containers(engine: PrivateEngine) -> None:
    base = imported(engine)
    for name in ("one", "three", "two"):
        engine.created(base, "--name", name)


def names(engine: PrivateEngine) -> list[str]:
    return engine.docker("ps", "--all", "--format", "{{.Names}}").split()


def test_a_run_goes_on_after_its_engine_was_started_anew(store: Store) -> None:
    with private_engine() as engine, bench_at(hosts_at(engine), engine, store) as bench:
        containers(engine)
        plan = bench.approved()
        calls: list[str] = []

        def calling(_call: str, ids: Sequence[str]) -> None:
            calls.extend(ids)
            if len(calls) == 2:
                engine.stop()
                engine.start()

        bench.execute(engines=bench.watched(calling))(plan.id)
        state = bench.state(plan)
        assert (state.status, state.attempt) == (Status.DONE, 1)
        assert set(outcomes(state).values()) == {Outcome.REMOVED}
        assert names(engine) == []
        assert store.chain.verify().broken is None


def test_a_run_goes_on_after_its_ssh_connection_was_cut_in_the_middle_of_an_item(
    clean_engine: PrivateEngine, store: Store, sshd: StartSshd
) -> None:
    # Where the server forbids forwarding, no socket but the one of our own engine can be reached.
    server = sshd(settings=("AllowStreamLocalForwarding no",), docker_host=clean_engine.url)
    hosts = Hosts({HOST: Host(name=HOST, address=server.ssh_address, policy=OPEN_TO_ALL)})
    with bench_at(hosts, clean_engine, store) as bench:
        containers(clean_engine)
        with bench.elsewhere(hosts) as propose:
            plan = propose(HOST, Arguments(profile="everything"), ANNA, "C0DISK").plan
        bench.approve(plan)
        calls: list[str] = []

        def calling(_call: str, ids: Sequence[str]) -> None:
            calls.extend(ids)
            if len(calls) == 2:
                server.end_sessions()

        bench.execute(engines=bench.watched(calling))(plan.id)
        state = bench.state(plan)
        assert state.status is Status.DONE
        assert set(outcomes(state).values()) <= {Outcome.REMOVED, Outcome.GONE}
        second = item(state, calls[1])
        assert second.reconciled, "it was looked at again"
        assert sum(each.reconciled for each in state.items) == 1
        assert names(clean_engine) == []


@pytest.mark.parametrize(
    "url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)
def test_what_was_gone_when_a_run_was_taken_up_says_so_in_the_record(
    bench: Bench, sql: Callable[[str], None]
) -> None:
    containers(bench.engine)
    plan = bench.approved()
    dead = bench.claimed(plan, "dead")
    bench.store.runs.start_items(dead, [0, 1])
    bench.engine.docker("rm", "one")
    sql(LONG_AGO)
    state = bench.run(plan)
    assert [(each.outcome, each.reconciled) for each in state.items] == [
        (Outcome.GONE, True), (Outcome.REMOVED, True), (Outcome.REMOVED, False), (Outcome.REMOVED, False),
    ]  # fmt: skip
    assert state.items[0].reason == "found gone when it was looked at again: gone, not confirmed by us"
    finished = bench.store.audit.events(plan.id)[-1].event.facts
    assert (finished["attempts"], finished["reconciled"]) == (2, 2)
