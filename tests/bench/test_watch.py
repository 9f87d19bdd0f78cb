"""What watching hosts costs: the room that a year of a host takes, and the processor time of a sample and a forecast.

``tests/run --long tests/bench/test_watch.py -s`` prints the figures.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from sqlalchemy import text
from sqlmodel import Session

from bot.core.docker.usage import BUILD_CACHE, CONTAINERS, IMAGES, VOLUMES
from bot.core.watch.samples import Figures, Sample
from bot.services.watch.histories import Histories
from bot.shell.stored import DatabaseClock
from bot.store.opening import Store
from tests.core.watch.histories import GB

HOSTS = 4
A_DAY = 96
"""Samples, one each quarter of an hour."""
THOUSAND = 1_000
A_YEAR = {"sqlite": 400_000, "postgresql+psycopg": 550_000}
EACH_YEAR_AFTER = {"sqlite": 50_000, "postgresql+psycopg": 90_000}
"""Bytes of a host, at most; PostgreSQL's have room in them for what is deleted until its next vacuum."""
VACUUM_DAYS = 5
"""PostgreSQL does it by itself when a fifth of a table is gone, but not in the minutes that this year takes."""
BEGAN = datetime(2025, 1, 1, tzinfo=UTC)

pytestmark = [
    pytest.mark.long,
    pytest.mark.parametrize(
        "url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
    ),
]


def samples(began: datetime = BEGAN) -> Iterator[Sample]:
    """A host of a usual size, volumes counted each six hours."""
    number = 0
    while True:
        used = 300 * GB + number % (7 * A_DAY) * 60_000_000
        kinds = {
            kind: Figures(count=150, size=used // 6 + number % 7 * GB, reclaimable=used // 9)
            for kind in (IMAGES, CONTAINERS, VOLUMES, BUILD_CACHE)
            if kind != VOLUMES or number % 24 == 0
        }
        yield Sample(
            at=began + timedelta(minutes=15) * number, kinds=kinds, size=500 * GB, free=500 * GB - used,
            inodes=32_000_000, free_inodes=31_000_000, took=0.4,
        )  # fmt: skip
        number += 1


def watch(store: Store, days: int, hosts: Sequence[Iterator[Sample]]) -> None:
    """Day by day, as the bot does: what became old is thinned each day."""
    for day in range(days):
        if store.sessions.file is None and day % VACUUM_DAYS == 0:
            with store.sessions._db.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("VACUUM watch_sample")
        for number, each in enumerate(hosts):
            store.samples.keep(f"host-{number}", "a", "engine", *islice(each, A_DAY))


def room(store: Store) -> int:
    """Bytes that the samples take, with their index, once what was deleted is free again."""

    def measured(session: Session) -> int:
        if store.sessions.file is not None:
            pages = "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count"
            return int(session.connection().scalar(text(f"{pages}, pragma_page_size")) or 0)
        return int(session.connection().scalar(text("SELECT pg_total_relation_size('watch_sample')")) or 0)

    return store.sessions.reading(measured)


def test_a_year_of_a_host_takes_little_room(store: Store, url: str) -> None:
    hosts = [samples() for _ in range(HOSTS)]
    watch(store, 365, hosts)
    first = room(store) / HOSTS
    rows = len(store.samples.history("host-0"))
    watch(store, 120, hosts)
    after = (room(store) / HOSTS - first) * 365 / 120
    print(  # noqa: T201 - it is read
        f"\n{url.partition(':')[0]}: a year of a host is {rows} samples and {first / 1000:.0f} kB, each year after it "
        f"{after / 1000:.0f} kB; of 1,000 hosts {first / 1000:.0f} MB and {after / 1000:.0f} MB"
    )
    assert first <= A_YEAR[url.partition(":")[0]]
    assert after <= EACH_YEAR_AFTER[url.partition(":")[0]]


def test_a_sample_and_a_forecast_cost_little(store: Store, url: str) -> None:
    made = samples(store.ledger.now() - timedelta(days=30))
    store.samples.keep("host-0", "a", "engine", *islice(made, 28 * A_DAY))
    histories = Histories(samples=store.samples, audit=store.audit, clock=DatabaseClock(store.ledger))
    began = time.process_time()
    for each in islice(made, 100):
        store.samples.take({"host-0": each.at}, "a", timedelta(minutes=2))
        store.samples.keep("host-0", "a", "engine", replace(each))
    sample = (time.process_time() - began) / 100
    began = time.process_time()
    for _ in range(10):
        histories.foretell("host-0")
    foretold = (time.process_time() - began) / 10
    share = THOUSAND * (sample / 900 + foretold / 3600)
    print(  # noqa: T201 - it is read
        f"\n{url.partition(':')[0]}: a sample takes {sample * 1000:.1f} ms of this process, a forecast "
        f"{foretold * 1000:.0f} ms; 1,000 hosts each quarter of an hour {share:.1%} of a core, without reaching them"
    )
    assert share < 0.2
