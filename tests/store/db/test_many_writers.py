"""Many writers at once leave one unbroken chain: processes on PostgreSQL, threads on SQLite (and processes too)."""

import subprocess
import sys
import threading
import time
from contextlib import ExitStack, closing

import pytest

from bot.core.audit.events import Event, Tag
from bot.store.opening import Store, open_store
from tests.store.conftest import BOTH

WRITERS = 8
FEW, MANY = 50, 1_000
LONG = [pytest.mark.long, pytest.mark.timeout(1200)]
COUNTS = [FEW, pytest.param(MANY, marks=LONG)]
PROGRAM = """
import sys
from contextlib import closing
from bot.core.audit.events import Event, Tag
from bot.store.opening import open_store
url, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
with closing(open_store(url, migrate=False)) as store:
    for number in range(count):
        store.trail.record(Event(tag=Tag.PLAN_REFUSED, plan=name, facts={"number": number}))
"""


def must_be_one_chain(store: Store, count: int, writers: int = WRITERS) -> None:
    for number in range(writers):
        numbers = [link.event.facts["number"] for link in store.audit.events(f"p{number}")]
        assert numbers == list(range(count))
    verdict = store.chain.verify()
    assert (verdict.broken, verdict.events, verdict.last.seq) == (None, writers * count, writers * count)


@pytest.mark.parametrize("url", BOTH, indirect=True)
@pytest.mark.parametrize("count", COUNTS)
def test_many_processes_write_one_chain(url: str, store: Store, count: int) -> None:
    writers = WRITERS if count == MANY else 3  # to start one takes longer than its work
    began = time.monotonic()
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, url, f"p{number}", str(count)], stderr=subprocess.PIPE
        )
        for number in range(writers)
    ]
    said = [process.communicate()[1].decode() for process in processes]
    took = time.monotonic() - began
    assert said == [""] * writers
    must_be_one_chain(store, count, writers)
    print(f"\n{url.partition(':')[0]}: {writers} processes, {writers * count:,} events in {took:.1f} s")  # noqa: T201 - the figure


@pytest.mark.parametrize("url", BOTH, indirect=True)
@pytest.mark.parametrize("count", COUNTS)
def test_eight_threads_write_one_chain(url: str, store: Store, count: int) -> None:
    failed: list[Exception] = []

    def write(name: str, own: Store) -> None:
        try:
            for number in range(count):
                own.trail.record(Event(tag=Tag.PLAN_REFUSED, plan=name, facts={"number": number}))
        except Exception as error:  # noqa: BLE001 - the test shows it
            failed.append(error)

    with ExitStack() as stack:
        # Two stores: what one process has, and another one's connections to the same database.
        stores = [store, stack.enter_context(closing(open_store(url, migrate=False)))]
        threads = [
            threading.Thread(target=write, args=(f"p{number}", stores[number % 2]))
            for number in range(WRITERS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failed == []
    must_be_one_chain(store, count)
