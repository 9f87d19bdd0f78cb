"""What hosts showed over time, in little room: there is a row of it for each host and each quarter of an hour."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, SmallInteger
from sqlmodel import Field

from bot.store.db.columns import Moment, SafeText
from bot.store.models.row import Row


class WatchedHostRow(Row, table=True):
    """Who samples a host, which history is the present one, and what it says."""

    __tablename__ = "watched_host"

    host: str = Field(primary_key=True, sa_type=SafeText)
    slot: datetime | None = Field(default=None, sa_type=Moment)
    """The interval that was taken up the last time, by its beginning."""
    owner: str = Field(default="", sa_type=SafeText)
    lease_until: datetime | None = Field(default=None, sa_type=Moment)
    """None once the host has been sampled, or could not be."""
    series: int | None = Field(default=None, sa_type=Integer)
    volumes_at: datetime | None = Field(default=None, sa_type=Moment)
    forecast: str = Field(default="", sa_type=SafeText)
    """The core's Forecast as JSON; empty until there is one."""


class SeriesRow(Row, table=True):
    """A history: of one engine, by a clock that went on."""

    __tablename__ = "watch_series"
    __table_args__ = (Index("watch_series_of_engine", "host", "engine", "id"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=Integer)
    host: str = Field(sa_type=SafeText)
    engine: str = Field(sa_type=SafeText)
    thinned: int = Field(default=0, sa_type=Integer)
    """Minutes since the epoch: what was old then stands for more than itself."""


class SampleRow(Row, table=True):
    """A sample: sizes in MiB, moments in minutes since the epoch, so that most of it is four bytes a figure."""

    __tablename__ = "watch_sample"
    __table_args__ = ({"sqlite_with_rowid": False},)

    step: int = Field(primary_key=True, sa_type=SmallInteger)
    """How many minutes it stands for: 0 is for itself alone."""
    series: int = Field(primary_key=True, sa_type=Integer)
    at: int = Field(primary_key=True, sa_type=Integer)
    inodes: int | None = Field(default=None, sa_type=BigInteger)
    free_inodes: int | None = Field(default=None, sa_type=BigInteger)
    size: int | None = Field(default=None, sa_type=Integer)
    free: int | None = Field(default=None, sa_type=Integer)
    took: int = Field(default=0, sa_type=Integer)
    """Milliseconds."""
    images: int | None = Field(default=None, sa_type=Integer)
    images_size: int | None = Field(default=None, sa_type=Integer)
    images_reclaimable: int | None = Field(default=None, sa_type=Integer)
    containers: int | None = Field(default=None, sa_type=Integer)
    containers_size: int | None = Field(default=None, sa_type=Integer)
    containers_reclaimable: int | None = Field(default=None, sa_type=Integer)
    volumes: int | None = Field(default=None, sa_type=Integer)
    volumes_size: int | None = Field(default=None, sa_type=Integer)
    volumes_reclaimable: int | None = Field(default=None, sa_type=Integer)
    cache: int | None = Field(default=None, sa_type=Integer)
    cache_size: int | None = Field(default=None, sa_type=Integer)
    cache_reclaimable: int | None = Field(default=None, sa_type=Integer)
