"""What is known of each host, and of the schedules on it."""

from datetime import datetime

from sqlmodel import Field

from bot.store.db.columns import Moment, SafeText
from bot.store.models.row import Row, later_text


class OldSightingRow(Row, table=True):
    """Images of an engine by its id alone: the release before this table's successor may still write it."""

    __tablename__ = "image_sighting"

    engine_id: str = Field(primary_key=True, sa_type=SafeText)
    image_id: str = Field(primary_key=True, sa_type=SafeText)
    first_at: datetime = Field(sa_type=Moment)
    used_at: datetime | None = Field(default=None, sa_type=Moment)


class OldMountingRow(Row, table=True):
    """Volumes of an engine by its id alone, as above."""

    __tablename__ = "volume_mounting"

    engine_id: str = Field(primary_key=True, sa_type=SafeText)
    volume: str = Field(primary_key=True, sa_type=SafeText)
    first_at: datetime = Field(sa_type=Moment)
    at: datetime | None = Field(default=None, sa_type=Moment)
    container: str = Field(default="", sa_type=SafeText)
    image: str = Field(default="", sa_type=SafeText)


class OfEngine(Row):
    """What is known of something that an engine holds, by the host that leads to it."""

    host: str = Field(primary_key=True, sa_type=SafeText)
    engine_id: str = Field(primary_key=True, sa_type=SafeText)
    machine: str = Field(primary_key=True, sa_type=SafeText)
    data_root: str = Field(primary_key=True, sa_type=SafeText)
    """Empty in what an earlier release wrote: it did not ask."""


class SightingRow(OfEngine, table=True):
    """When an image of a host's engine was first seen, and last seen in use, by that engine's clock."""

    __tablename__ = "host_image_sighting"

    image_id: str = Field(primary_key=True, sa_type=SafeText)
    first_at: datetime = Field(sa_type=Moment)
    used_at: datetime | None = Field(default=None, sa_type=Moment)


class MountingRow(OfEngine, table=True):
    """When a named volume of a host's engine was first seen, and who was last seen to mount it, by its clock."""

    __tablename__ = "host_volume_mounting"

    volume: str = Field(primary_key=True, sa_type=SafeText)
    first_at: datetime = Field(sa_type=Moment)
    at: datetime | None = Field(default=None, sa_type=Moment)
    container: str = Field(default="", sa_type=SafeText)
    image: str = Field(default="", sa_type=SafeText)


class RanRow(OfEngine, table=True):
    """When a service of a host's engine ran an image the last time, by that engine's clock."""

    __tablename__ = "image_ran"

    kind: str = Field(primary_key=True, sa_type=SafeText)
    service: str = Field(primary_key=True, sa_type=SafeText)
    image_id: str = Field(primary_key=True, sa_type=SafeText)
    at: datetime = Field(sa_type=Moment)


class EventStreamRow(Row, table=True):
    """Who holds the stream of a host's events, and up to which of them the ledger knows."""

    __tablename__ = "event_stream"

    host: str = Field(primary_key=True, sa_type=SafeText)
    owner: str = Field(sa_type=SafeText)
    lease_until: datetime | None = Field(default=None, sa_type=Moment)
    engine: str = Field(default="", sa_type=SafeText)
    """Whose events ``since`` counts."""
    since: str = Field(default="", sa_type=SafeText)
    """Seconds of that engine's clock, as it takes them itself."""


class HostEngineRow(Row, table=True):
    """Which engine a host was first seen with, or was accepted as since."""

    __tablename__ = "host_engine"

    host: str = Field(primary_key=True, sa_type=SafeText)
    engine_id: str = Field(sa_type=SafeText)
    name: str = Field(sa_type=SafeText)
    version: str = Field(sa_type=SafeText)
    store: str = Field(sa_type=SafeText)
    first_at: datetime = Field(sa_type=Moment)
    data_root: str = later_text()
    """Empty where an earlier release wrote it: it did not ask."""


class LastLookRow(Row, table=True):
    """What a host showed when it was looked at the last time."""

    __tablename__ = "last_look"

    host: str = Field(primary_key=True, sa_type=SafeText)
    at: datetime = Field(sa_type=Moment)
    usage: str = Field(sa_type=SafeText)
    """The core's DiskUsage as JSON."""
    disk: str | None = Field(default=None, sa_type=SafeText)
    """The core's DiskSpace as JSON."""


class ScheduleRow(Row, table=True):
    """When a schedule is due next; the process that moves ``next_at`` on is the one that does the work."""

    __tablename__ = "schedule"

    name: str = Field(primary_key=True, sa_type=SafeText)
    definition: str = Field(sa_type=SafeText)
    next_at: datetime = Field(sa_type=Moment)


class ScheduleHostRow(Row, table=True):
    """What is in the way of a schedule on a host, so that it is told once; empty when nothing is."""

    __tablename__ = "schedule_host"

    schedule: str = Field(primary_key=True, sa_type=SafeText)
    host: str = Field(primary_key=True, sa_type=SafeText)
    trouble: str = Field(sa_type=SafeText)
    at: datetime | None = Field(default=None, sa_type=Moment)
    """When it was noted the last time; empty where an earlier release did."""
