"""What cleanups cost: those that wait nothing, a decision a moment, and twenty hosts no more than one.

`tests/run --long tests/bench -s` prints the figures.
"""

import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.core.docker.inventory import Kind
from bot.core.life.states import Status
from bot.services.work.worker import POLL_SECONDS
from bot.store.opening import Store
from tests.store.samples import LEASE, approved
from tests.storms.storm import BEN, Storm, working
from tests.support.workers import Work, Workers, assembled, serve_engines

pytestmark = [
    pytest.mark.long,
    pytest.mark.parametrize(
        "url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
    ),
]
WAITING, WATCHED_SECONDS = 300, 15.0
DECISIONS, HOSTS = 9, 20


@pytest.fixture
def sockets() -> Iterator[Path]:
    # pytest's own folders can be longer than a unix socket's path may be.
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        yield Path(folder)


def say(url: str, figures: str) -> None:
    print(f"\n{url.partition(':')[0].partition('+')[0]}: {figures}")  # noqa: T201 - the point of a bench


def test_plans_that_wait_cost_no_threads_and_next_to_no_time(store: Store, url: str) -> None:
    approved(store, "ahead", items=1)
    assert store.runs.claim("ahead", "somebody else", LEASE * 60) is not None
    with working(Workers(Work(database=url, urls={}, lease=60, poll=POLL_SECONDS), 1)) as workers:
        time.sleep(3)
        idle = workers.threads()[0]
        for number in range(WAITING):
            approved(store, f"p{number}", items=20)
        until = time.monotonic() + 60
        while store.messages.unshown():  # their messages come first
            assert time.monotonic() < until
            time.sleep(0.2)
        before, began = workers.cpu_seconds(), time.monotonic()
        time.sleep(WATCHED_SECONDS)
        share = (workers.cpu_seconds() - before) / (time.monotonic() - began)
        busy = workers.threads()[0]
    say(url, f"{WAITING} plans wait: {share:.2%} of a CPU, {busy} threads (idle: {idle})")
    assert store.runs.claimable() == ()
    assert busy <= idle
    assert share < 0.02


def test_the_first_object_goes_a_moment_after_the_decision(store: Store, url: str, sockets: Path) -> None:
    names = [f"host-{number}" for number in range(DECISIONS)]
    process, urls = serve_engines(sockets, names, containers=3, images=0, pause=0)
    storm = Storm(store=store, urls=urls)
    storm.propose(Kind.CONTAINER)
    parts = assembled(store, urls)
    parts.worker.start()
    took = []
    for name, plan_id in zip(names, storm.plans, strict=True):
        log = sockets / f"{name}.log"
        began = time.monotonic()
        parts.decide(plan_id, BEN, approve=True)
        while not log.read_text():
            time.sleep(0.005)
        took.append(json.loads(log.read_text().splitlines()[0])["began"] - began)
        while not any(state.plan.id == plan_id and state.finished_at for state in storm.states()):
            time.sleep(0.02)
    parts.worker.stop()
    process.kill()
    process.join()
    middle = sorted(took)[DECISIONS // 2]
    say(url, f"decision to first removal: {middle * 1e3:.0f} ms (most {max(took) * 1e3:.0f} ms)")
    assert middle < 0.3


def test_twenty_hosts_are_cleaned_at_once(store: Store, url: str, sockets: Path) -> None:
    names = [f"host-{number}" for number in range(HOSTS)]
    process, urls = serve_engines(sockets, names, containers=25, images=0, pause=0.2)
    storm = Storm(store=store, urls=urls)
    storm.approve(Kind.CONTAINER)
    parts = assembled(store, urls)
    began, most = time.monotonic(), 0
    parts.worker.start()
    while not storm.ended():
        most = max(most, sum(state.status is Status.RUNNING for state in storm.states()))
        time.sleep(0.2)
    seconds = time.monotonic() - began
    parts.worker.stop()
    process.kill()
    process.join()
    say(
        url,
        f"{HOSTS} cleanups of 25 objects: {most} at once, {seconds:.1f} s ({HOSTS * 25 * 0.2:.0f} s of engine)",
    )
    assert most == HOSTS
