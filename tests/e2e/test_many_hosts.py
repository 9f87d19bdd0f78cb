"""Three real engines, three policies, one plan: what each policy lets run goes, and nothing else."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from bot.core.audit.events import Tag
from bot.core.life.fleets import FleetState
from bot.core.life.states import Status
from bot.slack.action_ids import FLEET_APPROVE
from bot.store.opening import Store, open_store
from bot.trial.workspace.server import Workspace
from tests.e2e.conftest import RunDeckhand
from tests.support.conversation import with_text
from tests.support.machines.engine import PrivateEngine, private_engine
from tests.support.waiting import wait_until

CONFIGURATION = """
[database]
url = "sqlite:///{folder}/deckhand.db"
[protect]
dangling_min_age = "0s"
[metrics]
listen = "off"
{hosts}
[policies.default]
look = ["*"]
request = ["*"]
stop = ["*"]
approve = ["U0ANN", "U0BOB"]
[policies.two]
approve = ["*"]
quorum = 2
self_approval = true
[policies.closed]
request = ["U0BOB"]
"""
POLICIES = {"one": "default", "two": "two", "three": "closed"}
"""Ann asks: on ``three`` she may not."""


@pytest.fixture
def rack() -> Iterator[Mapping[str, PrivateEngine]]:
    """An engine for each policy, with two stopped containers of an image in use."""
    with ExitStack() as stack:
        engines = {name: private_engine() for name in POLICIES}
        for engine in engines.values():
            stack.enter_context(engine)
        with ThreadPoolExecutor(len(engines)) as pool:
            list(pool.map(furnish, engines.values()))
        yield engines


def furnish(engine: PrivateEngine) -> None:
    engine.build(["FROM scratch", "COPY busybox /bin/busybox"], "job:1")
    for number in range(2):
        engine.docker(
            "create", "--name", f"job-{number}", "--network", "none", "job:1", "/bin/busybox", "sleep", "1000"
        )


def jobs(engine: PrivateEngine) -> set[str]:
    return set(engine.docker("ps", "-a", "--format", "{{.Names}}").split())


def test_one_plan_on_three_engines_runs_where_each_policy_lets_it(
    workspace: Workspace, run_deckhand: RunDeckhand, rack: Mapping[str, PrivateEngine], tmp_path: Path
) -> None:
    hosts = "\n".join(
        f'[hosts.{name}]\ndocker = "{engine.url}"\nwatch = "off"\npolicy = "{POLICIES[name]}"'
        for name, engine in rack.items()
    )
    file = tmp_path / "deckhand.toml"
    file.write_text(CONFIGURATION.format(folder=tmp_path, hosts=hosts))
    run_deckhand(file)
    workspace.command("U0ANN", "/docker-prune", "all everything only=container")
    message = with_text(workspace, "Approve?")
    assert "three: You may not ask for cleanups on three" in str(message.blocks)
    with closing(open_store(f"sqlite:///{tmp_path / 'deckhand.db'}", migrate=False)) as store:
        (fleet_id,) = store.fleets.open()
        first, second = (one.plan for one in the(store, fleet_id).standings)
        rack["one"].docker("start", "job-0")  # in use by now: it is kept
        assert workspace.click("U0BOB", message.ts, FLEET_APPROVE).ok
        wait_until(lambda: status(store, first) is Status.PARTIAL)
        assert jobs(rack["one"]) == {"job-0"}
        assert jobs(rack["two"]) == jobs(rack["three"]) == {"job-0", "job-1"}
        assert status(store, second) is Status.PROPOSED, "its policy wants two approvals"
        assert workspace.click("U0ANN", message.ts, FLEET_APPROVE).ok
        wait_until(lambda: the(store, fleet_id).ended)
        assert status(store, second) is Status.DONE
        assert jobs(rack["two"]) == set()
        assert jobs(rack["three"]) == {"job-0", "job-1"}
        assert [one.wave for one in the(store, fleet_id).standings] == [1, 2]
        voted = [link.event for link in store.audit.events(fleet_id) if link.event.tag == Tag.FLEET_VOTED]
        assert [event.actor for event in voted] == ["U0BOB", "U0ANN"]
        assert store.chain.verify().broken is None
        assert store.chain.compare().differences == ()


def the(store: Store, fleet_id: str) -> FleetState:
    state = store.fleets.get(fleet_id)
    assert state is not None
    return state


def status(store: Store, plan_id: str) -> Status:
    state = store.plans.get(plan_id)
    assert state is not None
    return state.status
