"""An upgrade while the bot runs: the release before and this one share a database, and nothing is lost or repeated."""

import json
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from bot.core.docker.inventory import Kind
from bot.store.opening import Store
from tests.storms.storm import Storm, check_log, working
from tests.storms.test_kills import left_on, on_postgres
from tests.support.shell import environment
from tests.support.workers import Work, Workers, serve_engines

BEFORE = "d575011"
"""The commit of the release before: the last one that knows neither Stop nor turns."""
ROOT = Path(__file__).resolve().parents[2]
OLD_WORKER = """
import json, os, sys, time
from datetime import UTC, datetime
from bot.core.hosts import Host, Hosts, SocketAddress
from bot.core.lifecycle import MessageRef
from bot.core.policy import Policy
from bot.engines.registry import DockerEngines
from bot.services import background
from bot.services.background import Background, Signals
from bot.services.decide import Decide
from bot.services.execute import Execute
from bot.services.rights import Rights
from bot.services.show import Show
from bot.store.database import open_store

class NoGroups:
    members = staticmethod(lambda group: frozenset())
class Clock:
    now = staticmethod(lambda: datetime.now(UTC))
class Silence:
    post_plan = staticmethod(lambda state: MessageRef(channel="C0", ts=state.plan.id))
    update_plan = staticmethod(lambda state: None)

url, urls = sys.argv[1], json.loads(sys.argv[2])
policy = Policy(name="open", look=("*",), request=("*",), approve=("*",))
hosts = Hosts({n: Host(name=n, address=SocketAddress(url=u), policy=policy) for n, u in urls.items()})
store, signals = open_store(url, migrate=False), Signals()
background.POLL_SECONDS = 0.1
decide = Decide(hosts=lambda: hosts, rights=Rights(directory=NoGroups()), store=store, changed=signals.changed)
execute = Execute(
    store=store, engines=DockerEngines(hosts.by_name), owner=f"old:{os.getpid()}", changed=signals.changed,
    stopping=signals.ending, pause=signals.pause,
)
Background(signals, store, Show(store=store, chat=Silence(), clock=Clock()), decide, execute).start()
while True:
    time.sleep(60)
"""


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """The code of the release before."""
    archive = subprocess.run(
        ["git", "-C", str(ROOT), "archive", BEFORE, "bot", "migrations"], capture_output=True, check=False
    )
    if archive.returncode:
        pytest.skip("needs the history of the repository")
    with tarfile.open(fileobj=BytesIO(archive.stdout)) as tar:
        tar.extractall(tmp_path / "before", filter="data")
    return tmp_path / "before"


@pytest.fixture
def old_worker(before: Path, tmp_path: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    running: list[subprocess.Popen[bytes]] = []
    yield running
    for process in running:
        process.kill()
        process.wait()


@pytest.mark.long
@on_postgres
def test_the_release_before_and_this_one_clean_up_side_by_side(
    store: Store, url: str, sockets: Path, before: Path, old_worker: list[subprocess.Popen[bytes]],
    tmp_path: Path,
) -> None:  # fmt: skip
    names = [f"host-{number}" for number in range(6)]
    process, urls = serve_engines(sockets, names, containers=15, images=15, pause=0.05)
    storm = Storm(store=store, urls=urls)
    total = storm.approve(Kind.CONTAINER, Kind.IMAGE)
    log = tmp_path / "old.log"
    with log.open("wb") as output:
        old_worker.append(
            subprocess.Popen(
                [sys.executable, "-c", OLD_WORKER, url, json.dumps(urls)],
                cwd=before, env=environment({"PYTHONPATH": str(before)}), stdout=output, stderr=output,
            )
        )  # fmt: skip
        with working(Workers(Work(database=url, urls=urls, lease=60), 1)):
            storm.calm_down()
            time.sleep(1)
            assert old_worker[0].poll() is None, log.read_text()
    outcomes = storm.check(left_on(urls))
    assert outcomes == {"removed": total}
    assert all(state.attempt == 1 for state in storm.states())
    for name in names:
        check_log(sockets / f"{name}.log")
    workers = {line for name in names for line in (sockets / f"{name}.log").read_text().splitlines()}
    signed = {json.loads(line)["worker"] for line in workers}
    assert len(signed) == 2, "both took part: the old one does not sign its requests"
    assert "Traceback" not in log.read_text()
    process.kill()
    process.join()
