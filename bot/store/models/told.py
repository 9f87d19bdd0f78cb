"""Who was told of what, and how people want to be told."""

from datetime import datetime

from sqlmodel import Field

from bot.store.db.columns import Moment, SafeText
from bot.store.models.row import Row, index_where


class NoticeRow(Row, table=True):
    """Something that people are told once: its intent, and who of all processes is at it."""

    __tablename__ = "notice"
    __table_args__ = (index_where("told_at IS NULL", "notice_open", "begun_at"),)

    name: str = Field(primary_key=True, sa_type=SafeText)
    owner: str = Field(sa_type=SafeText)
    begun_at: datetime = Field(sa_type=Moment)
    lease_until: datetime | None = Field(default=None, sa_type=Moment)
    """None while nobody is at it: whoever comes first takes it up."""
    told_at: datetime | None = Field(default=None, sa_type=Moment)
    """None until it was told."""


class PersonRow(Row, table=True):
    """How somebody wants to be told."""

    __tablename__ = "person"

    id: str = Field(primary_key=True, sa_type=SafeText)
    wish: str = Field(sa_type=SafeText)
    zone: str = Field(default="", sa_type=SafeText)
