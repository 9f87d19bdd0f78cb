"""Whatever is changed in an audit database, it is found, and called what it is."""

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from bot.core.audit.events import Event, Tag
from bot.core.audit.format import AuditKeys
from bot.core.json import Json
from bot.core.life.states import Status
from bot.store.opening import Store, open_store
from tests.store.audit.tampering import Tamperer
from tests.store.samples import TRIGGERS, approved, event, propose, running, to

KEYS = AuditKeys("k" * 40)
SORTS = ("plain", "keyed", "archived")


def fill(store: Store, prefix: str, plans: int) -> None:
    """A life like a real one: plans that end in every way, refusals, and facts of all shapes."""
    for number in range(plans):
        plan_id, host = f"{prefix}{number}", f"host-{number % 5}"
        if number % 3 == 0:
            approved(store, plan_id, host)
            store.plans.change(plan_id, to(Status.CANCELLED))
        elif number % 3 == 1:
            run = running(store, plan_id, host)
            store.runs.start_items(run, [0])
            store.runs.finish(run, Status.FAILED, event(Tag.CLEANUP_FINISHED, plan_id, host))
        else:
            propose(store, plan_id, host)
            store.plans.change(plan_id, to(Status.EXPIRED))
        facts: dict[str, Json] = {
            "n": number,
            "list": [1, "zwei", None, {"é": True}],
            "name": f"<none> “{number}”",
        }
        store.trail.record_refusal(Event(tag=Tag.LOOK_REFUSED, host=host, actor=f"U{number}", facts=facts))


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A database of each sort, with its triggers dropped."""
    folder = tmp_path_factory.mktemp("tampering")
    made = {sort: folder / f"{sort}.db" for sort in SORTS}
    for sort, path in made.items():
        with closing(open_store(f"sqlite:///{path}")) as store:
            fill(store, "a", 12)
            if sort == "archived":
                store.chain.archive(
                    datetime.now(UTC) + timedelta(seconds=1), folder / "archive.jsonl", "the test"
                )
                fill(store, "b", 6)
        if sort == "keyed":
            with closing(open_store(f"sqlite:///{path}", audit_keys=KEYS)) as store:
                store.chain.begin_sealing()
                fill(store, "b", 6)
        with closing(sqlite3.connect(path)) as database, database:
            for name in (*TRIGGERS["event"], *TRIGGERS["chain_head"]):
                database.execute(f"DROP TRIGGER {name}")
            database.execute("PRAGMA journal_mode = DELETE")
    return made


PARTS = [pytest.param(part, marks=[pytest.mark.long] if part >= 1 else []) for part in range(10)]
"""1,000 changes in all, of which every run makes 100."""


@pytest.mark.parametrize("part", PARTS)
def test_a_single_change_is_found_and_called_what_it_is(
    part: int, databases: dict[str, Path], tmp_path: Path
) -> None:
    wrong = []
    for seed in range(part * 100, part * 100 + 100):
        sort = SORTS[seed % 3]
        path = tmp_path / f"{seed}.db"
        shutil.copy(databases[sort], path)
        with closing(sqlite3.connect(path)) as database, database:
            done = Tamperer(database, Random(seed)).change()  # noqa: S311 - the same in every run
        keys = KEYS if sort == "keyed" else None
        with closing(open_store(f"sqlite:///{path}", migrate=False, audit_keys=keys)) as store:
            found = store.chain.verify().broken
        path.unlink()
        if found is None or (found.seq, found.kind) != done.right:
            wrong.append(f"{seed} ({sort}): {done.said}: {found}")
    assert wrong == []


def test_what_was_not_changed_holds(databases: dict[str, Path]) -> None:
    for sort, path in databases.items():
        keys = KEYS if sort == "keyed" else None
        with closing(open_store(f"sqlite:///{path}", migrate=False, audit_keys=keys)) as store:
            assert store.chain.verify().broken is None
