"""Sampling by several processes: each host once an interval, whoever is slow, dead or gone meanwhile."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.docker.usage import (
    BUILD_CACHE,
    CONTAINERS,
    IMAGES,
    VOLUMES,
)
from bot.core.errors import StoreUnavailableError
from bot.core.rules.hosts import Hosts
from bot.core.watch.pace import Pace
from bot.services.watch.sampling import AT_ONCE, TROUBLED
from bot.store.opening import Store
from tests.core.things import ENGINE
from tests.services.bench import Bench, hosts_at
from tests.services.watch.sampled import GB, QUARTER, Engines, Pretended, Replica, registered
from tests.support.waiting import wait_until

both = pytest.mark.parametrize(
    "url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)


@both
def test_each_host_is_sampled_once_an_interval_however_many_processes_there_are(
    store: Store, open_another: Callable[[], Store]
) -> None:
    engines, hosts = Engines(), registered([f"host-{number}" for number in range(40)])
    clock = Pretended(store.ledger.now() - timedelta(hours=6))
    replicas = [Replica(open_another(), engines, hosts, clock, name) for name in "abc"]
    for _ in range(12):
        for replica in replicas:
            replica.look(settle=False)
        wait_until(lambda: not any(each.sampling._busy for each in replicas))
        for replica in replicas:
            replica.look()
        clock.at += QUARTER / 3
    assert len(engines.asked) == 40
    assert set(engines.asked.values()) <= {4, 5}
    assert engines.with_volumes.total() == 40, "volumes once in six hours"
    assert all(len(store.samples.history(host)) == engines.asked[host] for host in hosts.by_name)


@both
def test_what_a_process_was_at_when_it_died_another_one_samples(
    store: Store, open_another: Callable[[], Store]
) -> None:
    engines, hosts = Engines(slow=frozenset({"host-1"})), registered(["host-1"])
    clock = Pretended(store.ledger.now() - timedelta(seconds=30))
    dead = Replica(open_another(), engines, hosts, clock, "dead")
    dead.sampling.lease = timedelta(seconds=0.2)
    dead.look(settle=False)
    living = Replica(store, Engines(), hosts, clock, "living")
    living.sampling.lease = timedelta(seconds=0.2)
    living.look()
    time.sleep(0.3)
    living.look()
    assert len(store.samples.history("host-1")) == 1
    engines.go_on.set()
    wait_until(lambda: not dead.sampling._busy)


def test_dead_hosts_take_few_threads_once_they_are_known_to_be(store: Store) -> None:
    dead = frozenset(f"dead-{number}" for number in range(30))
    engines = Engines(dead=dead)
    clock = Pretended(store.ledger.now() - timedelta(hours=3))
    replica = Replica(store, engines, registered([*sorted(dead), "well-1", "well-2"]), clock)
    replica.look()
    assert engines.most_dying <= AT_ONCE
    engines.most_dying = 0
    clock.at += QUARTER
    replica.look()
    assert 0 < engines.most_dying <= TROUBLED
    assert {len(store.samples.history(name)) for name in ("well-1", "well-2")} == {2}
    assert engines.asked["dead-3"] == 2, "and they are tried each time"


def test_a_slow_host_keeps_nobody_waiting(store: Store) -> None:
    engines = Engines(slow=frozenset({"slow"}))
    clock = Pretended(store.ledger.now() - timedelta(hours=1))
    replica = Replica(store, engines, registered(["slow", *(f"h-{number}" for number in range(20))]), clock)
    for _ in range(3):
        replica.look(settle=False)
        wait_until(lambda: replica.sampling._busy <= {"slow"})
    assert len(engines.asked) == 20
    replica.look(settle=False)
    assert engines.asked["slow"] == 0, "it is not asked again meanwhile"
    engines.go_on.set()
    wait_until(lambda: not replica.sampling._busy)
    assert len(store.samples.history("slow")) == 1


def test_a_database_that_is_away_loses_samples_and_nothing_else(
    store: Store, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise StoreUnavailableError("The audit database is away.")

    clock = Pretended(store.ledger.now() - timedelta(hours=3))
    replica = Replica(store, Engines(), registered(["h-1"]), clock)
    with monkeypatch.context() as patch:
        patch.setattr(store.samples, "keep", away)
        with caplog.at_level(logging.WARNING):
            replica.sampling()
            wait_until(lambda: not replica.sampling._busy)
    assert "what h-1 showed is lost: The audit database is away." in caplog.text
    assert store.samples.history("h-1") == ()
    clock.at += QUARTER
    store.samples.leave("h-1", "a")
    replica.look()
    assert len(store.samples.history("h-1")) == 1


def test_a_host_that_is_switched_off_is_not_looked_at(store: Store) -> None:
    engines = Engines()
    Replica(store, engines, registered(["h-1"], every=None), Pretended(store.ledger.now())).look()
    assert engines.asked == {}


def test_a_process_that_has_just_started_lets_people_go_first(store: Store) -> None:
    engines = Engines()
    replica = Replica(store, engines, registered(["h-1"]), Pretended(store.ledger.now()))
    replica.sampling.rest = timedelta(minutes=1)
    replica.look(settle=False)
    assert not replica.sampling._busy
    assert engines.asked == {}


def test_what_a_host_shows_is_remembered_as_its_last_look_and_volumes_as_they_were_counted(
    store: Store,
) -> None:
    engines = Engines()
    clock = Pretended(store.ledger.now() - timedelta(hours=3))
    replica = Replica(store, engines, registered(["h-1"]), clock)
    replica.look()
    clock.at += QUARTER
    engines.used = 70 * GB
    replica.look()
    assert engines.with_volumes["h-1"] == 1
    look = store.ledger.last_looks(["h-1"])["h-1"]
    assert look.at == clock.at
    assert look.disk is not None
    assert look.disk.free == 30 * GB
    assert [row.known for row in look.usage.rows] == [True] * 4


def test_what_another_engine_shows_is_no_look_of_the_known_one(store: Store) -> None:
    store.ledger.identify("h-1", replace(ENGINE, id="KNOWN", name="h-1"))
    replica = Replica(store, Engines(), registered(["h-1"]), Pretended(store.ledger.now()))
    replica.look()
    assert store.ledger.last_looks(["h-1"]) == {}
    assert len(store.samples.history("h-1")) == 1, "a history of its own"


def test_what_was_sampled_for_days_has_a_forecast(store: Store) -> None:
    engines = Engines()
    clock = Pretended(store.ledger.now() - timedelta(days=6))
    replica = Replica(store, engines, registered(["h-1"], every=timedelta(hours=3)), clock)
    for _ in range(5 * 8):
        replica.look()
        clock.at += timedelta(hours=3)
        engines.used += GB // 2
    (found,) = store.samples.forecasts(["h-1"]).values()
    assert found.enough
    assert found.rate == pytest.approx(4 * GB, rel=0.05)
    assert found.unattended.at is not None
    assert (found.unattended.at - clock.at).days in range(8, 11)


def test_a_real_engine_is_sampled_with_its_disk_and_its_own_figures(bench: Bench) -> None:
    image = bench.engine.base()
    bench.engine.stopped(image)
    by_name = {n: replace(h, watch=Pace(every=QUARTER)) for n, h in hosts_at(bench.engine).by_name.items()}
    clock = Pretended(bench.store.ledger.now())
    replica = Replica(bench.store, bench.engines, Hosts(by_name), clock)
    replica.look()
    (host,) = by_name
    (sample,) = bench.store.samples.history(host)
    assert set(sample.kinds) == {IMAGES, CONTAINERS, VOLUMES, BUILD_CACHE}
    assert sample.kinds[CONTAINERS].count == 1
    assert sample.size is not None
    assert sample.used is not None
    assert sample.rest is not None
