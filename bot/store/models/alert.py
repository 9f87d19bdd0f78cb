"""Alerts: how each host stands, the alerts that opened, and the messages about them."""

from datetime import datetime

from sqlalchemy import Boolean, Index, Integer
from sqlmodel import Field

from bot.store.db.columns import Moment, SafeText
from bot.store.models.row import Row


class AlertStandingRow(Row, table=True):
    """What is known of a host by its looks so far, about one kind of alert."""

    __tablename__ = "alert_standing"

    host: str = Field(primary_key=True, sa_type=SafeText)
    kind: str = Field(primary_key=True, sa_type=SafeText)
    standing: str = Field(default="", sa_type=SafeText)
    """The core's Standing as JSON, without its alert."""
    alert: str = Field(default="", sa_type=SafeText)
    """The id of the open one; empty: there is none."""


class AlertRow(Row, table=True):
    __tablename__ = "alert"
    __table_args__ = (Index("alert_going_on", "done"), Index("alert_of_notice", "notice"))

    id: str = Field(primary_key=True, sa_type=SafeText)
    host: str = Field(sa_type=SafeText)
    alert: str = Field(sa_type=SafeText)
    """The core's Alert as JSON."""
    notice: str = Field(default="", sa_type=SafeText)
    """The id of the message about it; empty: there is none."""
    is_open: bool = Field(default=True, sa_type=Boolean)
    done: bool = Field(default=False, sa_type=Boolean)
    """Whether there is nothing more to tell."""


class AlertNoticeRow(Row, table=True):
    """A message about alerts."""

    __tablename__ = "alert_notice"
    __table_args__ = (Index("alert_notice_going_on", "done"),)

    id: str = Field(primary_key=True, sa_type=SafeText)
    notice: str = Field(sa_type=SafeText)
    """The core's Notice as JSON."""
    version: int = Field(default=1, sa_type=Integer)
    shown_version: int = Field(default=0, sa_type=Integer)
    owner: str = Field(default="", sa_type=SafeText)
    lease_until: datetime | None = Field(default=None, sa_type=Moment)
    done: bool = Field(default=False, sa_type=Boolean)
