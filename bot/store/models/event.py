"""The events of the audit, and where their chain ends."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, Text, text
from sqlmodel import Field

from bot.core.audit.events import Tag
from bot.store.db.columns import Moment, SafeText
from bot.store.models.row import Row, index_where, later_text

SEQUENCE = BigInteger().with_variant(Integer, "sqlite")
"""SQLite's own row id is an INTEGER primary key and nothing else."""


_OF_LINES = ", ".join(
    f"'{tag}'"
    for tag in (
        Tag.PLAN_PROPOSED, Tag.PLAN_VOTED, Tag.PLAN_WITHDRAWN, Tag.PLAN_APPROVED, Tag.CLEANUP_STARTED,
        Tag.CLEANUP_FINISHED,
    )
)  # fmt: skip
OF_LINES = text(f"tag IN ({_OF_LINES})")
"""Which events a line of the audit's list is made of."""


class EventRow(Row, table=True):
    """One event of the audit. It refers to no other row: it outlives them all."""

    __tablename__ = "event"
    __table_args__ = (
        Index("event_key", "key", unique=True),
        Index("event_by_plan", "plan", "seq"),
        index_where(f"tag = '{Tag.AUDIT_ARCHIVED}'", "event_checkpoints", "seq"),
        # What a line of the audit's list is made of; not what became of single objects, of which there are many.
        index_where(OF_LINES.text, "event_of_lines", "plan", "seq"),
    )

    seq: int = Field(sa_column=Column(SEQUENCE, primary_key=True, autoincrement=False))
    at: datetime = Field(sa_type=Moment)
    tag: str = Field(sa_type=SafeText)
    plan: str = Field(sa_type=SafeText)
    host: str = Field(sa_type=SafeText)
    actor: str = Field(sa_type=SafeText)
    facts: str = Field(sa_type=SafeText)
    previous: str = Field(sa_type=Text)
    hash: str = Field(sa_type=Text)
    key: str = Field(sa_type=SafeText)
    """Names what happened once: a repeated transaction finds it and adds nothing."""
    seal: str = later_text()
    """How the hash was made; the releases before this column leave it empty."""


class HeadRow(Row, table=True):
    """Where the chain ends; its one row is the lock of all who write events."""

    __tablename__ = "chain_head"
    __table_args__ = (CheckConstraint("id = 1", name="chain_head_is_one_row"),)

    id: int = Field(default=1, primary_key=True, sa_column_kwargs={"autoincrement": False})
    seq: int = Field(sa_type=BigInteger)
    hash: str = Field(sa_type=Text)
