"""Which revision the database has and which this release wants, told without Alembic: its import takes a while."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from bot.store.db.sessions import Sessions

_PACKAGE = Path(__file__).resolve().parents[2]


def folder() -> Path:
    """The migrations of the installed package, or those of the checkout around it."""
    installed = _PACKAGE / "migrations"
    return installed if installed.is_dir() else _PACKAGE.parent / "migrations"


def newest() -> str:
    """The revision of this release: the migrations' files begin with theirs, and are numbered."""
    return max(file.name.partition("_")[0] for file in (folder() / "versions").glob("[0-9]*_*.py"))


def current(sessions: Sessions) -> str | None:
    """The revision that the database has; None when it has none yet."""

    def read(connection: Connection) -> str | None:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return found

    return sessions.reading(lambda session: read(session.connection()))


def behind(sessions: Sessions) -> str:
    """What is in the way of this release in the database's schema; StoreUnavailableError.

    A newer schema is not: a release runs on beside the next one, which has grown it.
    """
    found = current(sessions)
    return (
        ""
        if found and found >= newest()
        else f"the schema is {found or 'not there'}, and {newest()} is needed"
    )
