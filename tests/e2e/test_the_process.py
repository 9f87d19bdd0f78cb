"""``deckhand run`` as a process: ready, a clean end in the middle of a cleanup, and a death in one."""

import re
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path

import pytest

from bot.core.life.states import Outcome, PlanState, Status
from bot.services.run import groups
from bot.store.opening import open_store
from bot.trial.workspace.server import Workspace
from tests.e2e.conftest import write_configuration
from tests.support.conversation import plan_of, with_text
from tests.support.machines.engine import PrivateEngine
from tests.support.shell import DECKHAND, started
from tests.support.waiting import SECONDS, wait_until

CONTAINERS = 25

Run = Callable[[], AbstractContextManager["subprocess.Popen[bytes]"]]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def run(workspace: Workspace, clean_engine: PrivateEngine, tmp_path: Path, log: Path) -> Run:
    write_configuration(tmp_path, f'docker = "{clean_engine.url}"')

    def start() -> AbstractContextManager[subprocess.Popen[bytes]]:
        return started(DECKHAND, "run", folder=tmp_path, log=log, **workspace.environment)

    return start


def ready(log: Path, times: int = 1) -> None:
    wait_until(lambda: log.exists() and log.read_text().count(" ready: ") == times)


def test_ready_is_logged_once_when_connected_and_sigterm_ends_the_process(
    run: Run, workspace: Workspace, log: Path
) -> None:
    with run() as process:
        ready(log)
        assert workspace.connections == 1
        workspace.command("U0ANN", "/docker-df")
        with_text(workspace, "1 registered host")
        process.terminate()
        assert process.wait(SECONDS) == 0
    (trace,) = re.findall(r" \[([0-9a-z]{10})\]$", log.read_text(), re.MULTILINE)
    lines = [re.sub(r"^\S+ \S+ ", "", line) for line in log.read_text().splitlines()]
    assert lines == [
        "INFO bot.shell.serving: ready: socket mode, 1 hosts registered",
        f"INFO bot.slack.door.routing: /docker-df of U0ANN [{trace}]",
        "INFO bot.shell.serving: stopping: no new work, running items end first",
        "INFO bot.shell.serving: stopped",
    ]


@pytest.mark.parametrize("token", ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"])
def test_a_token_that_slack_does_not_take_is_said_in_a_sentence(
    workspace: Workspace, tmp_path: Path, log: Path, token: str
) -> None:
    write_configuration(tmp_path, 'docker = "unix:///nowhere.sock"')
    environment = {**workspace.environment, token: "wrong"}
    with started(DECKHAND, "run", folder=tmp_path, log=log, **environment) as process:
        assert process.wait(SECONDS) == 1
    said = log.read_text()
    assert "Traceback" not in said
    assert re.fullmatch(
        rf"deckhand: {token} \(x...-…\) is not accepted: Slack answered invalid_auth\. .* shows it\.",
        said.splitlines()[-1],
    )


@pytest.fixture
def in_the_middle(
    workspace: Workspace, clean_engine: PrivateEngine, tmp_path: Path, log: Path
) -> Callable[[], str]:
    """A function that brings a cleanup of containers to where some are gone and the engine stands still."""

    clean_engine.build(["FROM scratch", "COPY busybox /bin/busybox"], "job:1")
    for number in range(CONTAINERS):
        name = f"job-{number:02}"
        clean_engine.docker("create", "--name", name, "--network", "none", "job:1", "/bin/busybox", "true")

    def begin() -> str:
        ready(log)
        workspace.command("U0ANN", "/docker-prune", "prod-3 system")
        proposed = with_text(workspace, "Cleanup plan: system on prod-3")
        plan_id = plan_of(proposed)
        removed = "SELECT count(*) FROM plan_item WHERE outcome = 'removed'"
        with closing(sqlite3.connect(tmp_path / "deckhand.db")) as database:
            workspace.click("U0BOB", proposed.ts, "approve")
            wait_until(lambda: database.execute(removed).fetchone()[0] > 1)
            clean_engine.freeze()
            assert database.execute(removed).fetchone()[0] < CONTAINERS, "it was frozen in the middle"
        return plan_id

    return begin


def plan(folder: Path, plan_id: str) -> PlanState:
    with closing(open_store(f"sqlite:///{folder / 'deckhand.db'}", migrate=False)) as store:
        found = store.plans.get(plan_id)
    assert found is not None
    return found


def tags(folder: Path, plan_id: str) -> Counter[str]:
    with closing(open_store(f"sqlite:///{folder / 'deckhand.db'}", migrate=False)) as store:
        return Counter(str(link.event.tag) for link in store.audit.events(plan_id))


def containers(engine: PrivateEngine) -> list[str]:
    return engine.docker("ps", "-aq").split()


def test_sigterm_lets_the_current_item_end_and_the_next_start_goes_on(
    run: Run, in_the_middle: Callable[[], str], clean_engine: PrivateEngine, workspace: Workspace,
    tmp_path: Path, log: Path,
) -> None:  # fmt: skip
    with run() as process:
        plan_id = in_the_middle()
        process.terminate()
        wait_until(lambda: "stopping: " in log.read_text())
        assert process.poll() is None
        time.sleep(groups.SECONDS)  # a group ends when its time is over: with the one that it is at
        clean_engine.thaw()
        assert process.wait(SECONDS) == 0
    left = plan(tmp_path, plan_id)
    assert left.status is Status.RUNNING
    meant = len(
        left.with_outcome(Outcome.REMOVING)
    )  # of a group that took too long, and was left at its second
    assert meant < groups.MOST
    assert len(left.with_outcome(Outcome.PLANNED)) + meant == len(containers(clean_engine)) > 0

    with run():
        with_text(workspace, "Cleanup done: system on prod-3")
    ended = plan(tmp_path, plan_id)
    assert ended.status is Status.DONE
    assert len(ended.with_outcome(Outcome.REMOVED)) == CONTAINERS
    assert containers(clean_engine) == []
    seen = tags(tmp_path, plan_id)
    assert seen["deckhand:item:removing"] - meant == seen["deckhand:item:ended"] == CONTAINERS
    assert seen["deckhand:cleanup:taken_up"] == seen["deckhand:cleanup:finished"] == 1


def test_sigterm_ends_the_process_although_the_engine_never_answers_and_the_next_start_goes_on(
    run: Run, in_the_middle: Callable[[], str], clean_engine: PrivateEngine, workspace: Workspace,
    tmp_path: Path, log: Path,
) -> None:  # fmt: skip
    with run() as process:
        plan_id = in_the_middle()
        for person in ("U0ANN", "U0BOB"):
            for command, text in (
                ("/docker-df", "prod-3"),
                ("/docker-df", "@all,prod-3"),
                ("/docker-prune", "prod-3"),
            ):
                workspace.command(person, command, text)
        process.terminate()
        assert process.wait(20) == 0
    assert "stopping: cleanups takes too long, and is left behind" in log.read_text()
    left = plan(tmp_path, plan_id)
    assert left.status is Status.RUNNING
    assert 1 <= len(left.with_outcome(Outcome.REMOVING)) <= groups.MOST
    clean_engine.thaw()
    with closing(sqlite3.connect(tmp_path / "deckhand.db")) as database, database:
        # The minute for which the process that has gone holds its lease goes by.
        database.execute("UPDATE plan SET lease_until = started_at")

    with run():
        with_text(workspace, "Cleanup done: system on prod-3")
    assert set(Counter(item.outcome for item in plan(tmp_path, plan_id).items)) <= {
        Outcome.REMOVED,
        Outcome.GONE,
    }
    assert containers(clean_engine) == []


def test_after_a_sudden_death_the_item_in_the_middle_is_looked_up_and_the_run_goes_on(
    run: Run, in_the_middle: Callable[[], str], clean_engine: PrivateEngine, workspace: Workspace,
    tmp_path: Path,
) -> None:  # fmt: skip
    with run() as process:
        plan_id = in_the_middle()
        process.send_signal(signal.SIGKILL)
        process.wait(SECONDS)
    clean_engine.thaw()
    assert plan(tmp_path, plan_id).status is Status.RUNNING
    with closing(sqlite3.connect(tmp_path / "deckhand.db")) as database, database:
        # The minute for which the dead process holds its lease goes by.
        database.execute("UPDATE plan SET lease_until = started_at")

    with run():
        with_text(workspace, "Cleanup done: system on prod-3")
    ended = plan(tmp_path, plan_id)
    outcomes = Counter(item.outcome for item in ended.items)
    assert set(outcomes) <= {Outcome.REMOVED, Outcome.GONE}
    assert outcomes[Outcome.GONE] <= groups.MOST
    assert containers(clean_engine) == []
    assert tags(tmp_path, plan_id)["deckhand:cleanup:taken_up"] == 1
