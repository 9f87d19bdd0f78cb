"""How fast a chain is verified, and how much memory an export takes: at 10,000 events, and at thirty times as many.

`tests/run --long tests/bench -s` prints the figures.
"""

import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from bot.core.audit.events import Event, Tag
from bot.core.audit.format import AuditKeys
from bot.core.json import Json
from bot.store.audit.export import Selection, csv_lines, json_lines
from bot.store.audit.export_files import verify_file
from bot.store.events import chain
from bot.store.opening import Store
from tests.store.conftest import BOTH

FEW, MANY = 10_000, 300_000
PER_TRANSACTION = 5_000
WANTED = 50_000
"""Events a second of processor time of our own."""


def ended(number: int) -> Event:
    """An event as most are: how one object ended."""
    facts: dict[str, Json] = {
        "kind": "image", "id": f"sha256:{number:064x}", "name": f"registry.example/team/app:{number}",
        "outcome": "removed" if number % 7 else "kept", "bytes": number * 1_000,
        "reason": "" if number % 7 else "came into use by container web-3: café",
    }  # fmt: skip
    return Event(tag=Tag.ITEM_ENDED, plan=f"plan{number // 40}", host=f"prod-{number % 9}", facts=facts)


def fill(store: Store, count: int) -> None:
    for start in range(store.audit.head().seq, count, PER_TRANSACTION):
        events = {
            f"bench/{number}": ended(number) for number in range(start, min(start + PER_TRANSACTION, count))
        }
        store.sessions.writing(partial(chain.append, events=events))


def seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Processor time of this process, and time on the clock."""
    began, began_by_clock = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - began, time.perf_counter() - began_by_clock


def peak(store: Store, path: Path) -> int:
    """The most bytes that Python held more than before, while it wrote both sorts of export."""
    most = 0
    for lines in (json_lines, csv_lines):
        tracemalloc.start()
        with store.chain.exported(lines, Selection()) as exported, path.open("w", encoding="utf-8") as file:
            file.writelines(exported)
        most = max(most, tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    return most


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("url", BOTH, indirect=True)
def test_a_chain_is_verified_fast_and_exported_in_the_same_memory_whatever_its_length(
    url: str, store: Store, tmp_path: Path
) -> None:
    path = tmp_path / "audit.jsonl"
    fill(store, FEW)
    small = peak(store, path)
    fill(store, MANY)
    took, by_clock = seconds(store.chain.verify)
    assert store.chain.verify().events == MANY
    large = peak(store, path)
    with store.chain.exported(json_lines, Selection()) as exported:
        written, _ = seconds(lambda: path.write_text("".join(exported), encoding="utf-8"))
    read, _ = seconds(lambda: verify_file(path, AuditKeys()))
    name = url.partition(":")[0].partition("+")[0]
    print(  # noqa: T201 - what the measurement is for
        f"\n{name}, {MANY:,} events: verified {MANY / took:,.0f}/s of processor time, {MANY / by_clock:,.0f}/s by the "
        f"clock; exported {MANY / written:,.0f}/s, the file verified {MANY / read:,.0f}/s of processor time; an export "
        f"holds {small / 1e6:.2f} MB at {FEW:,} events and {large / 1e6:.2f} MB at {MANY:,}"
    )
    assert MANY / took >= WANTED
    assert large <= 1.2 * small
