"""Transactions: ``reading`` sees one snapshot, ``writing`` is whole or not at all."""

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import Update
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import Session, select

from bot.core.audit.format import AuditKeys
from bot.core.errors import StoreUnavailableError
from bot.ports.metrics import NO_METRICS, Metrics
from bot.store.db.columns import Moment
from bot.store.db.trouble import is_locked, lost_a_race, unavailable

T = TypeVar("T")

BUSY_SECONDS = 30
"""How long a writer waits for its turn."""

TRIES = 6
WRITTEN = "written"
"""Under which a session keeps the events that its transaction writes, to be counted once it is committed."""


class DatabaseNow(FunctionElement[datetime]):
    """The database's own clock, at the moment when the statement runs (not when its transaction began)."""

    type = Moment()
    name = "database_now"
    inherit_cache = True


@compiles(DatabaseNow, "sqlite")
def _sqlite_now(element: DatabaseNow, compiler: SQLCompiler, **_: object) -> str:  # noqa: ARG001 - theirs
    return "strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')"


@compiles(DatabaseNow, "postgresql")
def _postgresql_now(element: DatabaseNow, compiler: SQLCompiler, **_: object) -> str:  # noqa: ARG001 - theirs
    return """to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""


def now(session: Session) -> datetime:
    """The database's clock. Ask after taking the locks: waiting for them takes time."""
    return session.exec(select(DatabaseNow())).one()


def update_count(session: Session, statement: Update) -> int:
    """Run an update past the session's own copies of rows; how many rows it changed."""
    result = session.execute(statement.execution_options(synchronize_session=False))
    assert isinstance(result, CursorResult)  # noqa: S101 - what SQLAlchemy gives for every update
    return result.rowcount


def audit_keys(session: Session) -> AuditKeys:
    """The keys with which this session's audit events are sealed."""
    keys: AuditKeys = session.info["audit_keys"]
    return keys


class Sessions:
    """The one door to the database. ``name`` says which one it is, without its secrets."""

    def __init__(
        self, db: Engine, name: str, keys: AuditKeys | None = None, file: Path | None = None
    ) -> None:
        self.name = name
        self.file = file
        """Where a SQLite database lies."""
        self.audit_keys = keys or AuditKeys()
        self.metrics: Metrics = NO_METRICS
        self._info = {"audit_keys": self.audit_keys}
        self._db = db
        if db.dialect.name == "sqlite":
            self._readers = db.execution_options(begin="BEGIN")
            self._writers = db.execution_options(begin="BEGIN IMMEDIATE")
        else:
            self._readers = db.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            self._writers = db.execution_options(isolation_level="READ COMMITTED")
        self._lock = threading.Lock() if db.dialect.name == "sqlite" else None

    def reading(self, work: Callable[[Session], T]) -> T:
        """What ``work`` returns, from one consistent snapshot; StoreUnavailableError."""
        try:
            with (
                self.metrics.transaction("read"),
                Session(self._readers, info=self._info) as session,
                session.begin(),
            ):
                return work(session)
        except SQLAlchemyError as error:
            raise unavailable(self.name, error) from error

    @contextmanager
    def streaming(self) -> Iterator[Session]:
        """One consistent snapshot for a reader who may take hours; StoreUnavailableError."""
        try:
            with Session(self._readers, info=self._info) as session, session.begin():
                if self._lock is None:
                    session.connection().exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
                yield session
        except SQLAlchemyError as error:
            raise unavailable(self.name, error) from error

    def writing(self, work: Callable[[Session], T]) -> T:
        """What ``work`` returns, once all that it wrote is committed; StoreUnavailableError.

        ``work`` runs again, from the start, when it lost a race against another transaction. What else
        it raises is passed on, and nothing is written.
        """
        tries = 0
        while True:
            tries += 1
            try:
                with self.metrics.transaction("write"), self._turn():
                    return self._written(work)
            except SQLAlchemyError as error:
                if tries == TRIES or not lost_a_race(error):
                    raise unavailable(self.name, error) from error
            time.sleep(0.01 * 2**tries * (0.5 + secrets.randbelow(1000) / 1000))

    def _written(self, work: Callable[[Session], T]) -> T:
        with Session(self._writers, info=self._info) as session:
            with session.begin():
                result = work(session)
            for event in session.info.get(WRITTEN, ()):
                self.metrics.written(event)
        return result

    def use_write_ahead_log(self) -> None:
        """Switch a SQLite file to its write-ahead log, for good; PostgreSQL always has one."""
        if self._lock is None:
            return
        until = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                with self._db.execution_options(begin="").connect() as connection:
                    connection.exec_driver_sql("PRAGMA journal_mode = WAL")
                return  # noqa: TRY300 - the way out of the loop
            except SQLAlchemyError as error:
                # SQLite does not wait here by itself: whoever else opens a new file is switching it too.
                if not is_locked(error) or time.monotonic() > until:
                    raise unavailable(self.name, error) from error
            time.sleep(0.02)

    def close(self) -> None:
        """Close every connection."""
        self._db.dispose()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """On SQLite the threads of this process queue here: its own waiting is polling, and unfair."""
        with nullcontext() if self._lock is None else self._queue(self._lock):
            yield

    @contextmanager
    def _queue(self, lock: threading.Lock) -> Iterator[None]:
        if not lock.acquire(timeout=BUSY_SECONDS):
            raise StoreUnavailableError(
                f"The audit database ({self.name}) is too busy: "
                f"no turn to write came in {BUSY_SECONDS} seconds."
            )
        try:
            yield
        finally:
            lock.release()
