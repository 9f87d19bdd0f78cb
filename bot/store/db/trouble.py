"""Turns what a database driver raises into the sentence that a person reads."""

import sqlite3

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from bot.core.errors import StoreUnavailableError

_LOST_RACES = frozenset({"40001", "40P01", "23505"})
"""Serialization failure, deadlock, and the same key at once: tried again, the other's row is there to be seen."""

_PRIMARY = 0xFF
"""The bits of SQLite's extended result codes that hold the primary one."""

_SQLITE = {
    sqlite3.SQLITE_BUSY: "stayed locked by another process",
    sqlite3.SQLITE_LOCKED: "stayed locked by another process",
    sqlite3.SQLITE_READONLY: "cannot be written: the file is read-only",
    sqlite3.SQLITE_FULL: "cannot be written: the disk is full",
    sqlite3.SQLITE_IOERR: "cannot be read or written: the disk reports an error",
    sqlite3.SQLITE_CORRUPT: "is damaged",
    sqlite3.SQLITE_NOTADB: "is not a SQLite database",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened: check that the file's folder is there and may be written",
}

_POSTGRESQL = {
    "25006": "is read-only (a standby server?)",
    "28000": "refuses Deckhand's login",
    "28P01": "refuses Deckhand's login",
    "3D000": "does not exist on its server",
    "42501": "does not let Deckhand's user do what it must",
    "42P01": "has no tables yet: run `deckhand db upgrade`",
    "53100": "cannot be written: the disk is full",
    "53300": "has no connections left",
    "55P03": "stayed locked by another process",
}


def lost_a_race(error: SQLAlchemyError) -> bool:
    """Whether the same transaction may well succeed when it is tried again."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in _LOST_RACES


def is_locked(error: SQLAlchemyError) -> bool:
    """Whether a SQLite file was held by another connection."""
    return isinstance(error, DBAPIError) and _sqlite_code(error) == sqlite3.SQLITE_BUSY


def unavailable(name: str, error: SQLAlchemyError) -> StoreUnavailableError:
    """The error for the services; its sentence has neither the URL nor SQL in it."""
    return StoreUnavailableError(
        f"The audit database ({name}) {_cause(error)}. "
        "Without it nothing is removed; try again when it is back."
    )


def _cause(error: SQLAlchemyError) -> str:
    if isinstance(error, PoolTimeoutError):
        return "is too busy: no connection came free in time"
    if not isinstance(error, DBAPIError):
        return "cannot be used"
    if isinstance(error.orig, sqlite3.Error):
        return _SQLITE.get(_sqlite_code(error), "cannot be read or written")
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        return "cannot be reached"
    return _POSTGRESQL.get(state, f"cannot be read or written (PostgreSQL says {state})")


def _sqlite_code(error: DBAPIError) -> int:
    code: int = getattr(error.orig, "sqlite_errorcode", 0)
    return code & _PRIMARY
