"""Messages of schedules that have a line for each of their plans."""

from datetime import datetime

from sqlalchemy import BigInteger
from sqlmodel import Field

from bot.store.db.columns import Moment, SafeText
from bot.store.models.row import Row, index_where


class BatchRow(Row, table=True):
    """One message of one moment of a schedule; its lines are the plans that name it."""

    __tablename__ = "batch"
    __table_args__ = (index_where("open", "batch_open", "opens_at"),)

    id: str = Field(primary_key=True, sa_type=SafeText)
    schedule: str = Field(sa_type=SafeText)
    channel: str = Field(sa_type=SafeText)
    ts: str = Field(default="", sa_type=SafeText)
    """Empty until it has been posted."""
    permalink: str = Field(default="", sa_type=SafeText)
    opens_at: datetime = Field(sa_type=Moment)
    """When it may be posted: until then more plans are waited for."""
    open: bool = True
    """Whether one of its plans may still change."""
    shown: int = Field(default=0, sa_type=BigInteger)
    """What it shows, as ``bot.store.plan.batches`` counts it: a number that grows with every change of a line."""
    showing_until: datetime | None = Field(default=None, sa_type=Moment)
    """Until when one process brings it up to date and the others leave it alone."""
