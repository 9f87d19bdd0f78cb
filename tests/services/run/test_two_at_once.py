"""Several processes: one run a plan, one cleanup a host, whoever is first."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event

import pytest

from bot.core.docker.inventory import Kind
from bot.core.life.states import Outcome, Status
from bot.store.opening import Store
from tests.services.bench import Bench, imported, outcomes
from tests.services.held import look
from tests.store.samples import at_once

pytestmark = pytest.mark.parametrize(
    "url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)
SOON = 30
"""Seconds; a bound that is not reached unless something hangs."""


def test_of_many_processes_at_once_one_runs_the_plan(bench: Bench, open_another: Callable[[], Store]) -> None:
    base = imported(bench.engine)
    for number in range(4):
        bench.engine.created(base, "--name", f"c{number}")
    plan = bench.approved()
    calls: Counter[str] = Counter()
    watched = bench.watched(lambda _, ids: calls.update(ids))
    stores = [open_another(), open_another()]
    replicas = [
        bench.execute(engines=watched, store=stores[number % 2], owner=f"replica-{number}")
        for number in range(8)
    ]
    results = at_once([partial(execute, plan.id) for execute in replicas])
    assert results == [None] * 8
    assert calls == Counter(each.id for each in plan.draft.items)
    tags = bench.tags(plan)
    assert tags.count("deckhand:cleanup:started") == tags.count("deckhand:cleanup:finished") == 1
    assert "deckhand:cleanup:taken_up" not in tags
    assert bench.state(plan).status is Status.DONE
    assert bench.store.chain.verify().broken is None


def test_two_plans_of_one_host_run_one_after_the_other(
    bench: Bench, open_another: Callable[[], Store]
) -> None:
    engine = bench.engine
    base = imported(engine)
    engine.created(base, "--name", "one")
    engine.build(["FROM scratch", "COPY f /f"], files={"f": b"dangling"})
    first, second = bench.approved("everything"), bench.approved("dangling")
    inside, go_on = Event(), Event()

    def calling(_call: str, _ids: Sequence[str]) -> None:
        inside.set()
        assert go_on.wait(SOON)

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(bench.execute(engines=bench.watched(calling)), first.id)
        assert inside.wait(SOON)
        other = bench.execute(store=open_another(), owner="replica-2")
        other(second.id)
        waiting = bench.state(second)
        go_on.set()
        running.result(SOON)
    assert waiting.status is Status.APPROVED
    assert set(outcomes(waiting).values()) == {Outcome.PLANNED}
    assert bench.state(first).status is Status.DONE
    other(second.id)
    assert set(outcomes(bench.state(second)).values()) == {Outcome.GONE}
    assert look(engine).ids[Kind.IMAGE] == frozenset()
