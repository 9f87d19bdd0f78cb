"""From a URL to a database: which one it is, how it is reached, and how it is spoken of."""

from pathlib import Path

from sqlalchemy import URL, Connection, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from bot.core.audit.format import AuditKeys
from bot.core.errors import ConfigurationError, StoreUnavailableError
from bot.process import private
from bot.store.db import revisions
from bot.store.db.sessions import BUSY_SECONDS, Sessions

EXAMPLES = "sqlite:////var/lib/deckhand/deckhand.db or postgresql://deckhand@db.example/deckhand"

_POSTGRESQL_NAMES = frozenset({"postgresql", "postgres", "postgresql+psycopg"})

_POSTGRESQL_DEFAULTS = {
    # A server that went away without a word is noticed in a minute, not in the two hours of the kernel.
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
    "application_name": "deckhand",
    # Of a database that was made without an encoding (SQL_ASCII) the driver would give bytes.
    "client_encoding": "utf8",
}


def current_revision(url: str) -> str | None:
    """The revision of the schema that the database has; None when it has none yet."""
    sessions = connect(url)
    try:
        return revisions.current(sessions)
    finally:
        sessions.close()


def connect(url: str, keys: AuditKeys | None = None) -> Sessions:
    """The way to the database at a URL, which is not asked yet. ConfigurationError, StoreUnavailableError."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # Without its cause, which may quote the URL and the password in it.
        raise ConfigurationError([f"The database URL cannot be read; write it like {EXAMPLES}."]) from None
    if parsed.drivername == "sqlite":
        return _sqlite(parsed, keys)
    if parsed.drivername in _POSTGRESQL_NAMES:
        return _postgresql(parsed, keys)
    raise ConfigurationError(
        [f"Deckhand keeps its data in SQLite or PostgreSQL, not in “{parsed.drivername}”; write {EXAMPLES}."]
    )


def sqlite_file(url: str) -> Path | None:
    """The file of a SQLite database; None for what is none, or cannot be read."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        return None
    if parsed.drivername != "sqlite":
        return None
    return Path((parsed.database or "").removeprefix("file:").partition("?")[0])


def without_password(url: str) -> str:
    """A PostgreSQL URL for that server's own programs, which can be shown."""
    found = make_url(url)
    kept = {name: value for name, value in found.query.items() if "password" not in name}
    return str(URL.create("postgresql", found.username, None, found.host, found.port, found.database, kept))


# --- SQLite -------------------------------------------------------------------------------------


def _sqlite(url: URL, keys: AuditKeys | None) -> Sessions:
    path = (url.database or "").removeprefix("file:")
    if path in {"", ":memory:"}:
        raise ConfigurationError([f"An audit needs a SQLite file, not memory; write {EXAMPLES}."])
    folder = Path(path).absolute().parent
    if not folder.is_dir():
        raise StoreUnavailableError(
            f"The folder {folder} of the SQLite database is missing. Create it, or correct the database URL."
        )
    if path == url.database:
        private.keep(Path(path))  # SQLite gives its log and its shared memory the same rights
    for beside in ("-wal", "-shm", "-journal", ".lock"):
        private.narrow(Path(path + beside))
    # No isolation level: the driver then begins nothing by itself, and _begin says how.
    db = create_engine(
        url,
        connect_args={"timeout": BUSY_SECONDS, "isolation_level": None},
        pool_size=10,
        max_overflow=20,
        hide_parameters=True,
    )
    event.listen(db, "connect", _set_up_sqlite)
    event.listen(db, "begin", _begin)
    return Sessions(db, f"SQLite at {path}", keys, Path(path))


def _set_up_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # FULL, since in WAL mode anything less may lose the last audit events when the power fails.
    for pragma in ("foreign_keys = ON", "synchronous = FULL"):
        connection.cursor().execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    statement = connection.get_execution_options().get("begin", "BEGIN")
    if statement:
        connection.exec_driver_sql(statement)


# --- PostgreSQL ---------------------------------------------------------------------------------


def _postgresql(url: URL, keys: AuditKeys | None) -> Sessions:
    url = url.set(drivername="postgresql+psycopg")
    db = create_engine(
        url,
        connect_args={name: value for name, value in _POSTGRESQL_DEFAULTS.items() if name not in url.query},
        pool_size=10,
        max_overflow=20,
        pool_pre_ping=True,
        hide_parameters=True,
    )
    event.listen(db, "connect", _set_up_postgresql)
    event.listen(db, "checkin", _leave_mode_to_server)
    return Sessions(db, f"PostgreSQL {url.database or ''} at {_place(url)}", keys)


def _place(url: URL) -> str:
    host = url.host or url.query.get("host") or "the local socket"
    host = host if isinstance(host, str) else ", ".join(host)
    return f"{host}:{url.port}" if url.port else host


def _set_up_postgresql(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # A process that was stopped inside a transaction would else hold the head of the chain for ever.
    for setting in (f"lock_timeout = '{BUSY_SECONDS}s'", "idle_in_transaction_session_timeout = '60s'"):
        connection.cursor().execute(f"SET {setting}")
    connection.commit()


def _leave_mode_to_server(connection: DBAPIConnection | None, _entry: ConnectionPoolEntry) -> None:
    # After a reader SQLAlchemy asks for READ WRITE, which would write to a server that is told to be read-only.
    if connection is not None:
        connection.read_only = None
