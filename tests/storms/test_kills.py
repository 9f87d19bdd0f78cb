"""Kill storms: processes die and stand still at any moment, and every object is accounted for, once."""

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot.core.docker.inventory import Kind
from bot.engines.registry import DockerEngines
from bot.store.opening import Store
from tests.storms.storm import Storm, check_log, working
from tests.support.machines.engine import PrivateEngine
from tests.support.machines.postgres import PrivatePostgres
from tests.support.workers import Work, Workers, hosts_at, serve_engines

on_both = pytest.mark.parametrize(
    "url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)
on_postgres = pytest.mark.parametrize(
    "url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)


def left_on(urls: dict[str, str]) -> Callable[[str], frozenset[str]]:
    """Ids of the containers and images that each engine has now."""
    found: dict[str, frozenset[str]] = {}
    with closing(DockerEngines(hosts_at(urls).by_name)) as engines:
        for host in urls:
            inventory = engines.connect(host).survey().inventory
            images = {image.id for image in inventory.images}
            found[host] = frozenset(images | {container.id for container in inventory.containers})
    return lambda host: found[host]


def weather(
    store: Store, url: str, sockets: Path, *, hosts: int, each: int, pause: float, kills: int,
    every: tuple[float, float],
) -> None:  # fmt: skip
    names = [f"host-{number}" for number in range(hosts)]
    process, urls = serve_engines(sockets, names, containers=each // 2, images=each // 2, pause=pause)
    storm = Storm(store=store, urls=urls)
    assert storm.approve(Kind.CONTAINER, Kind.IMAGE) == hosts * each
    replicas = 1 if url.startswith("sqlite") else 3
    with working(Workers(Work(database=url, urls=urls, lease=1.2), replicas)) as workers:
        done = storm.rage(workers, kills, every, seed=7)
        storm.calm_down()
    outcomes = storm.check(left_on(urls))
    again = sum(item.reconciled for state in storm.states() for item in state.items)
    refused = sum((check_log(sockets / f"{name}.log") for name in names), start=done.__class__())
    print(f"\n{url.partition(':')[0]}: {dict(done)}, items {dict(outcomes)}, engine {dict(refused)}, "  # noqa: T201
          f"looked at again {again}, parked and resumed {storm.parked}, "
          f"attempts {[s.attempt for s in storm.states()]}")  # fmt: skip
    assert outcomes["removed"] + outcomes["gone"] == hosts * each
    assert done.total() > done["too late"], (
        "all had ended before any process was killed: the storm was too short"
    )
    process.kill()
    process.join()


@on_both
def test_processes_that_die_and_stand_still_lose_nothing_and_remove_nothing_twice(
    store: Store, url: str, sockets: Path
) -> None:
    weather(store, url, sockets, hosts=2, each=16, pause=0.05, kills=3, every=(0.2, 0.5))


@pytest.mark.long
@pytest.mark.timeout(900)
@on_both
def test_fifty_deaths_over_six_hundred_objects(store: Store, url: str, sockets: Path) -> None:
    weather(store, url, sockets, hosts=6, each=100, pause=0.05, kills=50, every=(0.1, 0.7))


@pytest.mark.long
@on_postgres
def test_deaths_in_cleanups_of_a_real_engine(store: Store, url: str, clean_engine: PrivateEngine) -> None:
    clean_engine.build(["FROM scratch", "COPY busybox /bin/busybox"], "job:1")
    for number in range(100):
        clean_engine.docker("create", "--name", f"job-{number}", "--network", "none", "job:1", "/bin/busybox")
    urls = {"real": clean_engine.url}
    storm = Storm(store=store, urls=urls)
    assert storm.approve(Kind.CONTAINER) == 100
    with working(Workers(Work(database=url, urls=urls), 2)) as workers:
        done = storm.rage(workers, 12, (0.2, 0.6), seed=3)
        storm.calm_down()
    outcomes = storm.check(left_on(urls))
    print(f"\nreal engine: {dict(done)}, items {dict(outcomes)}, parked and resumed {storm.parked}")  # noqa: T201
    assert outcomes["removed"] + outcomes["gone"] == 100


@pytest.mark.long
@on_postgres
def test_a_database_that_is_away_for_ten_seconds_costs_a_run_ten_seconds_and_nothing_else(
    store: Store, url: str, sockets: Path, postgres: PrivatePostgres
) -> None:
    away(store, url, sockets, postgres, seconds=10, each=100)


@on_postgres
def test_a_database_that_is_away_for_a_moment_costs_a_run_that_moment_and_nothing_else(
    store: Store, url: str, sockets: Path, postgres: PrivatePostgres
) -> None:
    away(store, url, sockets, postgres, seconds=1, each=12)


def away(
    store: Store, url: str, sockets: Path, postgres: PrivatePostgres, *, seconds: float, each: int
) -> None:
    names = ["north", "south"]
    process, urls = serve_engines(sockets, names, containers=each, images=0, pause=0.03)
    storm = Storm(store=store, urls=urls)
    storm.approve(Kind.CONTAINER)
    with working(Workers(Work(database=url, urls=urls, lease=60), 2)) as workers:
        storm.wait_until_some_are_removed()
        postgres.stop()
        time.sleep(seconds)
        assert all(each.is_alive() for each in workers.processes)
        postgres.start()
        storm.calm_down()
    outcomes = storm.check(left_on(urls))
    assert outcomes == {"removed": 2 * each}, "what was done before the outage is known after it"
    assert {state.attempt for state in storm.states()} == {1}
    for name in names:
        check_log(sockets / f"{name}.log")
    process.kill()
    process.join()
