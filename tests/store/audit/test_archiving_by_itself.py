"""What is old moves to files by itself: once, whichever replica comes first, and never more than it has to."""

import stat
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.compiler import compiles

from bot.core.audit.events import Tag, time_text
from bot.core.life.states import Status
from bot.process import private
from bot.services.audit.archiving import AGAIN, Archiving
from bot.store.db import sessions
from bot.store.opening import Store, open_store
from bot.trial.workspace.server import Workspace
from tests.store.audit.exporting import ours
from tests.store.audit.test_tampering import fill
from tests.store.samples import event, running
from tests.support.shell import DECKHAND, started
from tests.support.waiting import wait_until

AFTER = timedelta(days=31)


@dataclass
class Calendar:
    """A clock that is set by hand; the events' own times are the database's."""

    at: datetime

    def now(self) -> datetime:
        return self.at


@contextmanager
def two_months_ago(open_another: Callable[[], Store]) -> Iterator[Store]:
    """What is written in the block, with this store, was written then by the database's clock."""
    then = time_text(datetime.now(UTC) - timedelta(days=63))
    ours = {"sqlite": sessions._sqlite_now, "postgresql": sessions._postgresql_now}
    try:
        for dialect in ours:
            compiles(sessions.DatabaseNow, dialect)(lambda *_given, **_more: f"'{then}'")
        yield open_another()
    finally:
        for dialect, compiled in ours.items():
            compiles(sessions.DatabaseNow, dialect)(compiled)


@pytest.fixture
def clock() -> Calendar:
    return Calendar(datetime.now(UTC))


def archiving(store: Store, clock: Calendar, folder: Path) -> Archiving:
    return Archiving(archive=store.chain.archive_monthly(folder, "replica-1"), clock=clock, after=AFTER)


def files(folder: Path) -> Sequence[Path]:
    return sorted(folder.iterdir()) if folder.exists() else []


def test_what_is_young_stays(store: Store, clock: Calendar, tmp_path: Path) -> None:
    fill(store, "a", 3)
    before = store.audit.head()
    archiving(store, clock, tmp_path / "kept")()
    assert files(tmp_path / "kept") == []
    assert store.audit.head() == before


def test_a_month_is_archived_once_and_the_chain_goes_on(
    store: Store, open_another: Callable[[], Store], clock: Calendar, tmp_path: Path
) -> None:
    with two_months_ago(open_another) as then:
        fill(then, "a", 4)
    fill(store, "b", 2)
    events = store.chain.verify().events
    first, second = (archiving(store, clock, tmp_path / "kept") for _ in range(2))
    for each in (first, second, first, second):
        each()
    (file,) = files(tmp_path / "kept")
    assert file.name == f"audit-before-{(clock.at - AFTER):%Y-%m}-01.jsonl"
    assert ours(file) is None
    verdict = store.chain.verify()
    assert verdict.broken is None
    assert 1 < verdict.events < events
    clock.at += timedelta(days=63)
    first()
    assert [ours(each) for each in files(tmp_path / "kept")] == [None, None]
    assert (store.chain.verify().broken, store.chain.verify().events) == (None, 1)


def test_replicas_that_begin_at_once_leave_one_checkpoint_and_one_file(
    store: Store,
    open_another: Callable[[], Store],
    clock: Calendar,
    tmp_path: Path,
) -> None:
    with two_months_ago(open_another) as then:
        fill(then, "a", 6)
    each = [archiving(one, clock, tmp_path / "kept") for one in (store, open_another(), open_another())]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda one: one(), each))
    (file,) = files(tmp_path / "kept")
    assert ours(file) is None
    verdict = store.chain.verify()
    assert (verdict.broken, verdict.events) == (None, 1)


def test_what_has_not_ended_is_not_archived_and_tried_again_the_next_day(
    store: Store,
    open_another: Callable[[], Store],
    clock: Calendar,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with two_months_ago(open_another) as then:
        run = running(then, "p9")
    archive = archiving(store, clock, tmp_path / "kept")
    archive()
    archive()
    (said,) = [record.message for record in caplog.records if "not archived" in record.message]
    assert "plan p9, which is running and has not ended. Nothing was archived" in said
    store.runs.start_items(run, [0])
    store.runs.finish(run, Status.FAILED, event(Tag.CLEANUP_FINISHED, "p9"))
    clock.at += AGAIN - timedelta(seconds=1)
    archive()
    assert files(tmp_path / "kept") == []
    clock.at += timedelta(seconds=1)
    archive()
    assert len(files(tmp_path / "kept")) == 1


def test_a_folder_that_cannot_be_made_loses_nothing_and_is_said(
    store: Store,
    open_another: Callable[[], Store],
    clock: Calendar,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with two_months_ago(open_another) as then:
        fill(then, "a", 3)
    (tmp_path / "kept").write_text("a file is in the way")
    before = store.audit.head()
    archiving(store, clock, tmp_path / "kept")()
    assert "kept cannot be made" in caplog.text
    assert store.audit.head() == before


def test_a_bot_that_is_told_to_archives_beside_its_configuration(tmp_path: Path) -> None:
    file = tmp_path / "deckhand.toml"
    file.write_text(
        '[hosts.prod-3]\ndocker = "unix:///nowhere.sock"\n[metrics]\nlisten = "off"\n'
        '[audit]\narchive_after = "31d"\narchive_to = "kept"\n'
    )
    with two_months_ago(lambda: open_store(f"sqlite:///{tmp_path}/deckhand.db")) as then, closing(then):
        fill(then, "a", 3)
    with Workspace() as workspace, started(
        DECKHAND, "run", folder=tmp_path, log=tmp_path / "log", **workspace.environment
    ):  # fmt: skip
        wait_until(lambda: "archived events 1 to " in (tmp_path / "log").read_text())
    (archived,) = files(tmp_path / "kept")
    assert ours(archived) is None
    assert stat.S_IMODE(archived.stat().st_mode) == private.FILE
