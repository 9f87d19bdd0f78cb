"""What containers use between two looks, told by the real engine's events; at most one replica follows a host."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.docker.inventory import Image
from bot.core.errors import EngineChangedError
from bot.core.rules.hosts import Hosts
from bot.engines.registry import DockerEngines
from bot.services.watch.streams import LEASE, Streams
from bot.store.opening import Store
from tests.services.bench import HOST, Bench, hosts_at
from tests.support.machines.engine import BUSYBOX

TELL = timedelta(seconds=3)
PATIENCE = 30.0


def followed(bench: Bench) -> Hosts:
    found = hosts_at(bench.engine)
    return Hosts({name: replace(host, events=True) for name, host in found.by_name.items()})


def streams(
    bench: Bench,
    owner: str = "replica-1",
    lease: timedelta = LEASE,
    store: Store | None = None,
    tell: timedelta = TELL,
) -> Streams:
    hosts = followed(bench)
    return Streams(
        hosts=lambda: hosts, engines=bench.engines, ledger=(store or bench.store).ledger, owner=owner,
        clock=time.monotonic, stopping=lambda: False, tell=tell, lease=lease,
    )  # fmt: skip


def seen(bench: Bench) -> dict[str, Image]:
    inventory = bench.planning().report(HOST).survey.inventory
    return {image.name: image for image in inventory.images}


def lived_a_moment(bench: Bench, image: str, name: str) -> None:
    """A container that no look ever sees."""
    bench.engine.docker("run", "--rm", "--network", "none", "--name", name, image, BUSYBOX, "true")


def base(bench: Bench) -> None:
    bench.engine.build(["FROM scratch", "COPY busybox /bin/busybox"], "job:1", buildkit=True)


def test_a_container_that_lives_between_two_looks_is_known_by_its_events(bench: Bench) -> None:
    base(bench)
    assert seen(bench)["job:1"].used_at is None
    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(streams(bench).once, HOST)
        time.sleep(0.5)
        lived_a_moment(bench, "job:1", "nightly-job")
        assert following.result(PATIENCE)
    inventory = bench.planning().report(HOST).survey.inventory
    (used,) = (image for image in inventory.images if image.name == "job:1")
    assert used.used_at is not None
    assert inventory.taken_at - used.used_at < timedelta(minutes=1)
    assert inventory.ran["container", "nightly-job"] == (used.id,)


def test_at_most_one_replica_follows_a_host_and_the_next_goes_on_where_it_ended(
    bench: Bench, open_another: Callable[[], Store]
) -> None:
    base(bench)
    seen(bench)
    second = timedelta(seconds=1)
    one = streams(bench, lease=second / 2, tell=second)
    another = streams(bench, "replica-2", store=open_another(), tell=second)
    assert one.once(HOST)  # its lease is over by now
    lived_a_moment(bench, "job:1", "between-two")
    assert another.once(HOST)
    assert seen(bench)["job:1"].used_at is not None
    assert not one.once(HOST)
    bench.store.ledger.release_stream(HOST, "replica-2")
    assert one.once(HOST)


def test_a_stream_that_was_taken_over_meanwhile_writes_nothing(
    bench: Bench, open_another: Callable[[], Store]
) -> None:
    base(bench)
    seen(bench)
    first, second = streams(bench, lease=timedelta()), streams(bench, "replica-2", store=open_another())
    with ThreadPoolExecutor(2) as pool:
        following = pool.submit(first.once, HOST)
        time.sleep(1)
        taking = pool.submit(second.once, HOST)
        assert not following.result(PATIENCE)
        assert taking.result(PATIENCE)


def test_a_stream_goes_on_after_its_engine_was_restarted(bench: Bench) -> None:
    base(bench)
    seen(bench)
    stream = streams(bench)
    assert stream.once(HOST)
    bench.engine.stop()
    bench.engine.start()
    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(stream.once, HOST)
        time.sleep(0.5)
        lived_a_moment(bench, "job:1", "after-it")
        assert following.result(PATIENCE)
    assert seen(bench)["job:1"].used_at is not None


def test_only_hosts_that_allow_it_are_followed_each_by_one_thread_and_no_more_than_the_bound(
    bench: Bench,
) -> None:
    ending = threading.Event()
    own = hosts_at(bench.engine).by_name[HOST]
    hosts = Hosts(
        {name: replace(own, name=name, events=name != "quiet") for name in ("a", "b", "c", "quiet")}
    )
    with closing(DockerEngines(hosts.by_name)) as engines:
        followed = Streams(
            hosts=lambda: hosts, engines=engines, ledger=bench.store.ledger, owner="one", clock=time.monotonic,
            stopping=ending.is_set, tell=timedelta(seconds=1), most=2,
        )  # fmt: skip
        for _ in range(3):
            followed()
        running = [thread for thread in threading.enumerate() if thread.name.startswith("events-")]
        assert {thread.name for thread in running} == {"events-a", "events-b"}
        ending.set()
        for thread in running:
            thread.join(PATIENCE)
        assert not any(thread.is_alive() for thread in running)


def test_another_engine_than_the_known_one_is_not_followed(bench: Bench) -> None:
    seen(bench)
    info = bench.engines.connect(HOST).info()
    bench.store.ledger.accept_engine(HOST, replace(info, id="ANOTHER"), "test")
    with pytest.raises(EngineChangedError):
        streams(bench).once(HOST)
