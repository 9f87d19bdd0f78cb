"""Inserts that know conflicts."""

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session


def insert_of(session: Session) -> Any:
    """The insert of this database, which knows conflicts."""
    return sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
