"""Copies of a SQLite database: made while a bot writes to it, checked, and put back in its place."""

import os
import sqlite3
import stat
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from bot.core.errors import StoreUnavailableError
from bot.process import private
from bot.store.db.alone import stand_alone

BESIDE = ("", "-wal", "-shm", "-journal")
"""What a SQLite database consists of, by what follows its name."""
MOST_FAULTS = 10


def back_up(database: Path, target: Path) -> None:
    """Copy a database as it is at one moment, whatever is written meanwhile. StoreUnavailableError.

    The copy gets its name when it is whole and on the disk. There must be nothing of that name yet.
    """
    if target.exists() or target.is_symlink():
        raise StoreUnavailableError(
            f"{target} is there already; name a file that is not, or remove it first."
        )
    unfinished = target.with_name(f".{target.name}.unfinished")
    try:
        with private.created(unfinished):
            pass
        with _opened(database) as source, closing(sqlite3.connect(unfinished)) as copy:
            source.backup(
                copy
            )  # in one step, from one snapshot: who writes meanwhile neither waits nor is waited for
            copy.execute("PRAGMA journal_mode = DELETE")  # a copy is one file
        _told("The copy", faults(unfinished))
        _kept(unfinished)
        os.link(unfinished, target)
    except (OSError, sqlite3.Error) as error:
        raise StoreUnavailableError(f"{target} cannot be made: {_why(error)}.") from error
    finally:
        unfinished.unlink(missing_ok=True)


def put_back(copy: Path, database: Path, now: datetime) -> Path | None:
    """Put a checked copy in the database's place; where what was there is now, None when nothing was.

    StoreUnavailableError while a bot has the database, or when the copy is damaged. Until the last moment the old one
    stays in its place.
    """
    incoming = database.with_name(f".{database.name}.incoming")
    aside = database.with_name(f"{database.name}.before-{now:%Y%m%dT%H%M%SZ}")
    give_up = stand_alone(database)
    try:
        with private.created(incoming):
            pass
        with _opened(copy) as source, closing(sqlite3.connect(incoming)) as target:
            source.backup(target)
            target.execute("PRAGMA journal_mode = WAL")  # as the schema's first upgrade leaves a database
        _told(f"{copy}", faults(incoming))
        _kept(incoming)
        had_one = _put_aside(database, aside)
        incoming.rename(database)
    except (OSError, sqlite3.Error) as error:
        raise StoreUnavailableError(
            f"{copy} cannot be put in the place of {database}: {_why(error)}."
        ) from error
    finally:
        incoming.unlink(missing_ok=True)
        give_up()
    return aside if had_one else None


def faults(database: Path) -> Sequence[str]:
    """What SQLite itself finds wrong in a file: its pages, its indexes, and rows whose other row is missing."""
    try:
        with _opened(database) as connection:
            found = [str(row[0]) for row in connection.execute(f"PRAGMA integrity_check({MOST_FAULTS})")]
            lost = connection.execute("PRAGMA foreign_key_check").fetchmany(MOST_FAULTS)
    except sqlite3.Error as error:
        return [str(error)]
    said = [] if found == ["ok"] else found
    return [
        *said,
        *(f"{table}: row {row} belongs to one of {other} that is missing" for table, row, other, _ in lost),
    ]


def _put_aside(database: Path, aside: Path) -> bool:
    """Give all that a database consists of another name; whether there was one."""
    had_one = database.exists()
    for ending in BESIDE:
        part = database.with_name(database.name + ending)
        if part.exists():
            part.rename(aside.with_name(aside.name + ending))
    return had_one


@contextmanager
def _opened(database: Path) -> Iterator[sqlite3.Connection]:
    """A database to read from; sqlite3.Error when the file is none."""
    if not stat.S_ISREG(database.stat().st_mode):
        raise StoreUnavailableError(f"{database} is no regular file.")
    with closing(
        sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True, timeout=30)
    ) as connection:
        connection.execute("SELECT count(*) FROM sqlite_master")
        yield connection


def _kept(file: Path) -> None:
    """It is on the disk, and not only in memory."""
    opened = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _told(whose: str, found: Sequence[str]) -> None:
    if found:
        raise StoreUnavailableError(f"{whose} is damaged: {'; '.join(found)}.")


def _why(error: OSError | sqlite3.Error) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
