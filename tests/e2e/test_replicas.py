"""Several replicas of ``deckhand run`` behind one Slack: each click reaches one of them, and one runs the plan."""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.life.states import Outcome, PlanState, Status
from bot.store.opening import Store, open_store
from bot.trial.sample import Builder, SampleEngine, Step, Universe
from bot.trial.workspace.server import Workspace
from tests.e2e.conftest import write_configuration
from tests.support.conversation import plan_of, shown, with_text
from tests.support.machines.postgres import PrivatePostgres
from tests.support.shell import DECKHAND, started
from tests.support.waiting import SECONDS, wait_until

CLICKS = 100
READ = 20
"""Answers that one person may have waiting in a process: of a hundred at once the others are not told."""
IMAGES = 12

Replicas = Callable[[str], Store]


@pytest.fixture
def sample() -> Iterator[SampleEngine]:
    universe = Universe(name="prod-3")
    build = Builder(universe)
    for number in range(IMAGES):
        step = Step(command=f"COPY {number} /", size=10 + number)
        build.image(f"app:{number}", f"also:{number}", steps=(step,), age=timedelta(days=30))
    # pytest's own folders can be longer than a unix socket's path may be.
    with (
        tempfile.TemporaryDirectory(prefix="replicas-") as folder,
        SampleEngine(socket_path=Path(folder) / "engine.sock", universe=universe) as engine,
    ):
        yield engine


@pytest.fixture
def replicas(
    request: pytest.FixtureRequest, workspace: Workspace, sample: SampleEngine, tmp_path: Path
) -> Iterator[Replicas]:
    """Starts as many processes as the database carries: one on SQLite, two on PostgreSQL."""
    with ExitStack() as stack:

        def start(database: str) -> Store:
            url, count = "", 1
            if database == "postgresql":
                postgres: PrivatePostgres = request.getfixturevalue("postgres")
                url, count = postgres.url(postgres.new_database()), 2
            write_configuration(tmp_path, f'docker = "{sample.url}"', url)
            environment = workspace.environment
            for number in range(count):
                stack.enter_context(
                    started(DECKHAND, "run", folder=tmp_path, log=tmp_path / f"log{number}", **environment)
                )
            wait_until(lambda: workspace.connections == count)
            opened = open_store(url or f"sqlite:///{tmp_path / 'deckhand.db'}", migrate=False)
            return stack.enter_context(closing(opened))

        yield start


def the(store: Store, plan_id: str) -> PlanState:
    state = store.plans.get(plan_id)
    assert state is not None
    return state


def tags(store: Store, plan_id: str) -> Counter[str]:
    return Counter(str(link.event.tag) for link in store.audit.events(plan_id))


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_a_hundred_clicks_at_once_are_one_run(
    workspace: Workspace, replicas: Replicas, sample: SampleEngine, database: str
) -> None:
    store = replicas(database)
    workspace.command("U0ANN", "/docker-prune", "prod-3 everything")
    proposed = with_text(workspace, "Cleanup plan: everything on prod-3")
    plan_id = plan_of(proposed)

    def click(_number: int) -> bool:
        return workspace.click("U0BOB", proposed.ts, "approve").ok

    with ThreadPoolExecutor(CLICKS) as pool:
        arrived = sum(pool.map(click, range(CLICKS)))
    ended = with_text(workspace, "Cleanup done: everything on prod-3")
    assert ended.ts == proposed.ts
    state, seen = the(store, plan_id), tags(store, plan_id)
    assert state.status is Status.DONE
    assert {item.outcome for item in state.items} == {Outcome.REMOVED}
    assert len(state.items) == IMAGES
    assert not sample.universe.images
    for once in (
        "slack:plan:voted",
        "slack:plan:approved",
        "deckhand:cleanup:started",
        "deckhand:cleanup:finished",
    ):
        assert seen[once] == 1
    assert seen["deckhand:item:removing"] == seen["deckhand:item:ended"] == IMAGES
    wait_until(lambda: len(workspace.ephemerals("U0BOB")) >= min(arrived - 1, READ))
    assert 1 <= tags(store, plan_id)["slack:plan:refused"] < 5, "once a minute: nobody floods the audit"
    assert len(workspace.messages()) == 1, "no replica posted the plan a second time"
    assert store.chain.verify().broken is None


@pytest.mark.postgres
def test_replicas_post_each_plan_once_and_stop_for_each_other(
    workspace: Workspace, replicas: Replicas, sample: SampleEngine
) -> None:
    store = replicas("postgresql")
    for number in range(6):  # no two alike: the same one at the same moment is one plan
        workspace.command("U0ANN", "/docker-prune", f"prod-3 everything not=nothing-{number}")
    workspace.wait_for(lambda: len(workspace.messages()) >= 6, timeout=SECONDS)
    wait_until(lambda: not store.messages.unshown())
    proposed = workspace.messages()
    assert len({plan_of(message) for message in proposed}) == len(proposed) == 6

    with sample.universe.lock:  # the engine does not answer: one waits for it, the others for their turn
        for message in proposed[:3]:
            workspace.click("U0BOB", message.ts, "approve")
        waiting = workspace.wait_for(
            lambda: [m for m in workspace.messages() if "comes first on prod-3" in shown(m)], timeout=SECONDS
        )
        assert waiting
        workspace.click("U0BOB", waiting[0].ts, "stop")
        cancelled = with_text(workspace, "Cancelled plan")
        assert cancelled.ts == waiting[0].ts
    wait_until(lambda: sum("Cleanup done" in m.text for m in workspace.messages()) == 2)
    started_on = [link for plan in store.audit.cleanups() for link in store.audit.events(plan.plan)]
    assert Counter(str(link.event.tag) for link in started_on)["deckhand:cleanup:started"] == 2
    assert not sample.universe.images
