"""The schema itself."""

from datetime import datetime

from sqlmodel import Field

from bot.store.db.columns import Moment, SafeText
from bot.store.models.row import Row


class SchemaReleaseRow(Row, table=True):
    """Which release brought the schema to a revision."""

    __tablename__ = "schema_release"

    revision: str = Field(primary_key=True, sa_type=SafeText)
    release: str = Field(sa_type=SafeText)
    at: datetime = Field(sa_type=Moment)
