"""Copies of the database: taken while a bot writes, put back after a disaster, refused where they are not right."""

import os
import re
import signal
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.core.audit.format import AuditKeys
from bot.store.db.alone import stand_alone
from bot.store.opening import Store, open_store
from bot.trial.workspace.server import Workspace
from tests.store.samples import SECRET, approved, propose
from tests.support.conversation import plan_of, with_text
from tests.support.machines.postgres import PrivatePostgres
from tests.support.shell import DECKHAND, deckhand, started
from tests.support.waiting import SECONDS, wait_until

HEAD = re.compile(r"\d+:[0-9a-f]{64}")


@pytest.fixture
def folder(folder: Path) -> Path:
    """Its host is one that everybody may clean up."""
    file = folder / "deckhand.toml"
    hosts = file.read_text().partition("[hosts.build]")[0]
    rights = "".join(f'{right} = ["*"]\n' for right in ("look", "request", "approve"))
    file.write_text(f'{hosts}[policies.default]\n{rights}self_approval = true\n[metrics]\nlisten = "off"\n')
    return folder


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    with closing(open_store(f"sqlite:///{folder / 'deckhand.db'}")) as store:
        approved(store, "p1", "prod-3")
        yield store


def head(folder: Path) -> str:
    return deckhand("audit", "head", folder=folder).stdout.strip()


def test_a_copy_is_whole_while_others_write_and_nobody_waits_for_it(folder: Path, store: Store) -> None:
    ended = threading.Event()

    def write() -> None:
        number = 0
        while not ended.is_set():
            number += 1
            approved(store, f"w{number}", f"host-{number}")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            before = store.audit.head().seq
            taken = deckhand("db", "backup", f"{number}.db", folder=folder)
            assert taken.returncode == 0, taken.stderr
            found = HEAD.search(taken.stdout)
            assert found is not None
            assert before <= int(found[0].partition(":")[0]) <= store.audit.head().seq
            with closing(open_store(f"sqlite:///{folder / f'{number}.db'}", migrate=False)) as copy:
                assert copy.chain.verify().broken is None
                assert copy.chain.compare().differences == ()
    finally:
        ended.set()
        writer.join()
    assert stat.S_IMODE((folder / "0.db").stat().st_mode) == 0o600
    assert [file.name for file in folder.iterdir() if "unfinished" in file.name] == []


def test_what_is_there_already_is_never_written_over(folder: Path, store: Store) -> None:
    (folder / "mine").write_text("mine")
    (folder / "link").symlink_to(folder / "elsewhere")
    for name in ("mine", "link"):
        refused = deckhand("db", "backup", name, folder=folder)
        assert (refused.returncode, "is there already" in refused.stderr) == (1, True)
    assert (folder / "mine").read_text() == "mine"
    assert not (folder / "elsewhere").exists()


def test_a_disaster_and_what_is_left_of_it(folder: Path, workspace: Workspace) -> None:
    """The database is lost, yesterday's comes back: what is missing is named, and the bot goes on."""
    log = folder / "log"
    with started(DECKHAND, "run", folder=folder, log=log, **workspace.environment) as process:
        wait_until(lambda: " ready: " in log.read_text())
        workspace.command("U0ANN", "/docker-prune", "prod-3 system")
        plan_of(with_text(workspace, "Cleanup plan: system on prod-3"))
        assert deckhand("db", "backup", "yesterday.db", folder=folder).returncode == 0
        workspace.command("U0ANN", "/docker-prune", "prod-3 ci")
        plan_of(with_text(workspace, "Cleanup plan: ci on prod-3"))
        posted = head(folder)
        refused = deckhand("db", "restore", "yesterday.db", folder=folder)
        assert (refused.returncode, "Another Deckhand runs on" in refused.stderr) == (1, True)
        process.send_signal(signal.SIGKILL)
        process.wait(SECONDS)
    for ending in ("-wal", "-shm"):
        (folder / f"deckhand.db{ending}").unlink(missing_ok=True)
    (folder / "deckhand.db").write_bytes(b"\0" * 100_000)
    assert deckhand("db", "check", folder=folder).returncode == 1

    behind = deckhand("db", "restore", "yesterday.db", "--head", posted, folder=folder)
    assert behind.returncode == 1
    assert "Nothing was changed." in behind.stderr
    assert (folder / "deckhand.db").read_bytes() == b"\0" * 100_000

    restored = deckhand("db", "restore", "yesterday.db", folder=folder)
    assert restored.returncode == 0, restored.stderr
    (aside,) = folder.glob("deckhand.db.before-*Z")
    assert str(aside.name) in restored.stdout
    assert deckhand("db", "check", folder=folder).returncode == 0
    assert deckhand("audit", "verify", folder=folder).returncode == 0
    missing = deckhand("audit", "verify", "--head", posted, folder=folder)
    assert missing.returncode == 1
    assert posted.partition(":")[0] in missing.stderr

    with started(DECKHAND, "run", folder=folder, log=folder / "log2", **workspace.environment):
        wait_until(lambda: " ready: " in (folder / "log2").read_text())
        workspace.command("U0ANN", "/docker-prune", "prod-3 ci")
        wait_until(lambda: sum("Cleanup plan: ci" in message.text for message in workspace.messages()) > 1)
        assert deckhand("audit", "verify", folder=folder).returncode == 0
    with closing(sqlite3.connect(folder / "deckhand.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_copy_that_goes_as_far_as_the_known_head_is_put_back(folder: Path, store: Store) -> None:
    posted = head(folder)
    propose(store, "p2", "db-1")
    deckhand("db", "backup", "now.db", folder=folder)
    restored = deckhand("db", "restore", "now.db", "--head", posted, folder=folder)
    assert restored.returncode == 0, restored.stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"not a database at all" * 100, "is not a database"), (b"", "cannot"), (None, "no such file")],
)
def test_what_is_no_copy_changes_nothing(
    folder: Path, store: Store, content: bytes | None, said: str
) -> None:
    before = head(folder)
    if content is not None:
        (folder / "copy.db").write_bytes(content)
    refused = deckhand("db", "restore", "copy.db", folder=folder)
    assert (refused.returncode, said in refused.stderr, "Traceback" in refused.stderr) == (1, True, False)
    assert head(folder) == before
    assert list(folder.glob("*.before-*")) == []


def test_a_copy_whose_chain_somebody_changed_is_refused(folder: Path, store: Store) -> None:
    deckhand("db", "backup", "copy.db", folder=folder)
    with closing(sqlite3.connect(folder / "copy.db")) as connection, connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE event SET actor = 'U0EVE' WHERE seq = 1")
    refused = deckhand("db", "restore", "copy.db", folder=folder)
    assert refused.returncode == 1
    assert "does not hold" in refused.stderr


def test_pages_that_the_disk_lost_are_found(folder: Path, store: Store) -> None:
    assert deckhand("db", "check", folder=folder).stdout == "SQLite at deckhand.db is in order.\n"
    deckhand("db", "backup", "copy.db", folder=folder)
    copy = bytearray((folder / "copy.db").read_bytes())
    copy[len(copy) // 2 :] = os.urandom(len(copy) - len(copy) // 2)
    (folder / "copy.db").write_bytes(copy)
    found = deckhand("db", "check", folder=folder, DECKHAND_DATABASE_URL="sqlite:///copy.db")
    assert found.returncode == 1
    assert "SQLite at copy.db: " in found.stderr
    assert deckhand("db", "restore", "copy.db", folder=folder).returncode == 1


def test_while_a_bot_has_the_database_nothing_takes_its_place(folder: Path, store: Store) -> None:
    deckhand("db", "backup", "copy.db", folder=folder)
    give_up = stand_alone(folder / "deckhand.db")
    try:
        refused = deckhand("db", "restore", "copy.db", folder=folder)
        assert (refused.returncode, "Another Deckhand runs" in refused.stderr) == (1, True)
    finally:
        give_up()


def test_postgresql_is_told_its_own_commands_and_no_password(folder: Path, postgres: PrivatePostgres) -> None:
    url = postgres.url(postgres.new_database("template1"), SECRET)
    commands = {
        "backup": "pg_dump --format=custom --file='a b.dump' ",
        "restore": "pg_restore --clean --if-exists 'a b.dump' --dbname ",
    }
    for word, command in commands.items():
        told = deckhand("db", word, "a b.dump", folder=folder, DECKHAND_DATABASE_URL=url)
        assert told.returncode == 1
        assert command in told.stderr
        assert SECRET not in told.stderr


def test_a_copy_of_a_keyed_chain_wants_the_key(folder: Path) -> None:
    key = "k" * 40
    keys = AuditKeys.read(key)
    with closing(open_store(f"sqlite:///{folder / 'deckhand.db'}", audit_keys=keys)) as store:
        store.chain.begin_sealing()
        propose(store, "p1", "prod-3")
    assert deckhand("db", "backup", "copy.db", folder=folder, DECKHAND_AUDIT_KEY=key).returncode == 0
    assert deckhand("db", "restore", "copy.db", folder=folder).returncode == 1
    assert deckhand("db", "restore", "copy.db", folder=folder, DECKHAND_AUDIT_KEY=key).returncode == 0


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    with Workspace() as running:
        yield running
