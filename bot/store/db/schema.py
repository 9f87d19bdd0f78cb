"""The schema and its revisions, through Alembic, configured here and by no file."""

import logging
import threading

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import inspect, text
from sqlmodel import Session

from bot.core.audit.events import time_text
from bot.core.audit.facts import deckhand
from bot.core.errors import StoreUnavailableError
from bot.store.db.revisions import folder
from bot.store.db.sessions import Sessions, now

_ADVISORY_LOCK = 0x4465636B68616E64
"""A key that only Deckhand's migrations lock in PostgreSQL: its name in ASCII."""

_MAKER = text("SELECT release FROM schema_release WHERE revision = :revision")

_ONE_AT_A_TIME = threading.Lock()
"""Alembic keeps the migration that runs in module globals."""

# At each start it would else tell of the dialect that it found.
logging.getLogger("alembic").setLevel(logging.WARNING)


def configuration() -> Config:
    """Alembic's settings."""
    config = Config()
    # Alembic reads a percent sign as the start of a setting's name.
    config.set_main_option("script_location", str(folder()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(sessions: Sessions, revision: str = "head") -> None:
    """Bring the schema to this release's revision (or that one), in one transaction that others wait for."""
    with _ONE_AT_A_TIME:
        sessions.use_write_ahead_log()
        sessions.writing(lambda session: _upgrade(session, revision))


def _upgrade(session: Session, revision: str) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
    config = configuration()
    config.attributes["connection"] = session.connection()
    try:
        command.upgrade(config, revision)
    except CommandError as error:
        raise StoreUnavailableError(_newer(session)) from error
    if _knows_releases(session):
        _note_release(session)


def _knows_releases(session: Session) -> bool:
    return inspect(session.connection()).has_table("schema_release")


def _note_release(session: Session) -> None:
    """Remember that it was this release that made the schema what it is."""
    made = {"revision": _revision(session), "release": deckhand(), "at": time_text(now(session))}
    if session.connection().scalar(_MAKER, made) is None:
        session.connection().execute(
            text("INSERT INTO schema_release (revision, release, at) VALUES (:revision, :release, :at)"), made
        )


def _revision(session: Session) -> str:
    return str(session.connection().scalar(text("SELECT version_num FROM alembic_version")))


def _newer(session: Session) -> str:
    """What to say of a schema that this release does not know."""
    found = _revision(session)
    maker = session.connection().scalar(_MAKER, {"revision": found}) if _knows_releases(session) else None
    who = f"Deckhand {maker}" if maker else "a newer release"
    return (
        f"The audit database has the schema {found}, which this Deckhand ({deckhand()}) does not know: "
        f"{who} has changed it. Start that release, or a newer one."
    )
