"""Fleet plans: what was asked for of many hosts at once, and how its rollout stands."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, false
from sqlmodel import Field

from bot.store.db.columns import Moment, SafeText
from bot.store.models.row import Row


class FleetRow(Row, table=True):
    """A fleet plan; its hosts' plans name it, and where each of them stands is in their own rows."""

    __tablename__ = "fleet"
    __table_args__ = (Index("fleet_by_end", "ended", "created_at"),)

    id: str = Field(primary_key=True, sa_type=SafeText)
    snapshot: str = Field(sa_type=SafeText)
    """The core's Fleet as JSON."""
    version: int = 1
    created_at: datetime = Field(sa_type=Moment)
    held: str = Field(default="", sa_type=SafeText)
    """Why no further host begins; empty while the rollout goes on."""
    excused: str = Field(default="[]", sa_type=SafeText)
    """JSON list of the plans whose trouble somebody has seen and said go on."""
    ended: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    message_channel: str = Field(default="", sa_type=SafeText)
    message_ts: str = Field(default="", sa_type=SafeText)
    message_permalink: str = Field(default="", sa_type=SafeText)
    shown_version: int = 0
    shown_plans: int = Field(default=0, sa_type=BigInteger)
    """The sum of the versions of its plans that its message shows."""
    showing_until: datetime | None = Field(default=None, sa_type=Moment)
    """Until when one process brings the message up to date and the others leave it alone."""
    told_seq: int = Field(default=0, sa_type=BigInteger)
    """The last event that was written into the thread."""
