"""What tables have in common."""

from typing import Any, ClassVar

from sqlalchemy import Index, MetaData, text
from sqlmodel import Field, SQLModel

from bot.store.db.columns import SafeText


class Row(SQLModel):
    """Base of this package's tables, with a catalogue of their own."""

    metadata: ClassVar[MetaData] = MetaData()


def later_text() -> Any:
    """Make a column of text that the releases before it do not write: it is empty then."""
    return Field(default="", sa_type=SafeText, sa_column_kwargs={"server_default": ""})


def index_where(where: str, name: str, *columns: str, unique: bool = False) -> Index:
    """Make an index of the rows for which this SQL holds: as a text, since SQLite finds the index by it."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))
