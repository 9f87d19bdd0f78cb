"""The tables, as SQLModel rows; they stay in this package and are mapped to the core's values."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, MetaData, Text, false, text
from sqlmodel import Field, SQLModel

from bot.core.audit.events import Tag
from bot.core.life.states import Outcome
from bot.store.db.columns import Moment, SafeText

FORMAT = 1
"""Of what this release writes into a plan's row. A release that gives rows a state, a kind or an outcome that the
one before cannot read raises it for those rows, and that one leaves them alone."""

SEQUENCE = BigInteger().with_variant(Integer, "sqlite")
"""SQLite's own row id is an INTEGER primary key and nothing else."""

BYTES = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that sorts by its bytes, whatever the database's language: all that begins alike is one range."""


OF_LINES = text(
    "tag IN ("
    + ", ".join(
        f"'{tag}'"
        for tag in (
            Tag.PLAN_PROPOSED, Tag.PLAN_VOTED, Tag.PLAN_WITHDRAWN, Tag.PLAN_APPROVED, Tag.CLEANUP_STARTED,
            Tag.CLEANUP_FINISHED,
        )
    )
    + ")"
)  # fmt: skip
"""Which events a line of the audit's list is made of; as a text, since SQLite finds the index by it."""


class Row(SQLModel):
    """Base of this package's tables, with a catalogue of their own."""

    metadata: ClassVar[MetaData] = MetaData()


class PlanRow(Row, table=True):
    """A plan, and the run of it: at most one row a host is running, whatever the processes do."""

    __tablename__ = "plan"
    __table_args__ = (
        Index(
            "plan_one_running_per_host",
            "host",
            unique=True,
            sqlite_where=text("status = 'running'"),
            postgresql_where=text("status = 'running'"),
        ),
        Index(
            "plan_one_running_per_engine",
            "engine",
            unique=True,
            sqlite_where=text("status = 'running' AND engine <> ''"),
            postgresql_where=text("status = 'running' AND engine <> ''"),
        ),
        Index("plan_by_engine_and_status", "engine", "status"),
        Index("plan_by_status", "status", "expires_at"),
        Index(
            "plan_unshown",
            "changed_at",
            sqlite_where=text("shown_version < version"),
            postgresql_where=text("shown_version < version"),
        ),
        Index("plan_by_host_and_status", "host", "status"),
        Index("plan_by_requester", "requester_id", "created_at"),
        # Totals are read from these alone: a plan's row is long, and what it freed stands at its end.
        Index("plan_by_start", "started_at", "host", "reclaimed_bytes"),
        Index("plan_by_host_and_start", "host", "started_at", "reclaimed_bytes"),
        Index("plan_counted", "id", "profile", "requester_id", "status", "reclaimed_bytes"),
    )

    id: str = Field(primary_key=True, sa_type=SafeText)
    status: str = Field(sa_type=SafeText)
    version: int = 1
    shown_version: int = 0
    told_seq: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0"))
    """The last event that was written into the thread."""
    host: str = Field(sa_type=SafeText)
    profile: str = Field(sa_type=SafeText)
    engine_id: str = Field(sa_type=SafeText)
    requester_id: str = Field(sa_type=SafeText)
    requester_name: str = Field(sa_type=SafeText)
    quorum: int
    predicted_bytes: int = Field(sa_type=BigInteger)
    snapshot: str = Field(sa_type=SafeText)
    """The core's Plan as JSON."""
    created_at: datetime = Field(sa_type=Moment)
    expires_at: datetime = Field(sa_type=Moment)
    changed_at: datetime = Field(sa_type=Moment)
    decided_at: datetime | None = Field(default=None, sa_type=Moment)
    started_at: datetime | None = Field(default=None, sa_type=Moment)
    finished_at: datetime | None = Field(default=None, sa_type=Moment)
    starts_at: datetime | None = Field(default=None, sa_type=Moment)
    reason: str = Field(default="", sa_type=SafeText)
    usage_before: str | None = Field(default=None, sa_type=SafeText)
    usage_after: str | None = Field(default=None, sa_type=SafeText)
    message_channel: str = Field(default="", sa_type=SafeText)
    message_ts: str = Field(default="", sa_type=SafeText)
    message_permalink: str = Field(default="", sa_type=SafeText, sa_column_kwargs={"server_default": ""})
    owner: str = Field(default="", sa_type=SafeText)
    attempt: int = 0
    lease_until: datetime | None = Field(default=None, sa_type=Moment)
    in_vain: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """Attempts in a row that were begun since the last item ended, or since a process let the run go in order."""
    stop_at: datetime | None = Field(default=None, sa_type=Moment)
    stop_by_id: str = Field(default="", sa_type=SafeText, sa_column_kwargs={"server_default": ""})
    stop_by_name: str = Field(default="", sa_type=SafeText, sa_column_kwargs={"server_default": ""})
    attention: str = Field(default="", sa_type=SafeText, sa_column_kwargs={"server_default": ""})
    """Why the run waits for a person; it then has no lease, and no process takes it up."""
    showing_until: datetime | None = Field(default=None, sa_type=Moment)
    """Until when one process brings the message up to date and the others leave it alone."""
    format: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    """Of the snapshot and the states of this row: a release leaves what it does not know to a newer one."""
    engine: str = Field(default="", sa_type=SafeText, sa_column_kwargs={"server_default": ""})
    """Which engine it is of, whatever its host is called; empty where an earlier release planned it."""
    reclaimed_bytes: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})
    """What the run freed, counted at its end; before that the items know."""


class ItemRow(Row, table=True):
    """Where one item stands; the item itself is in the plan's snapshot, at this position."""

    __tablename__ = "plan_item"

    plan_id: str = Field(primary_key=True, foreign_key="plan.id", sa_type=SafeText)
    position: int = Field(primary_key=True)
    kind: str = Field(sa_type=SafeText)
    object_id: str = Field(sa_type=SafeText)
    name: str = Field(sa_type=SafeText)
    outcome: str = Field(default=str(Outcome.PLANNED), sa_type=SafeText)
    reason: str = Field(default="", sa_type=SafeText)
    bytes: int = Field(default=0, sa_type=BigInteger)
    untagging: str = Field(default="", sa_type=SafeText, sa_column_kwargs={"server_default": ""})
    """JSON list of the names that we began to take off an image; empty when none."""
    reconciled: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


class VoteRow(Row, table=True):
    """A person's vote on a plan; a later vote of the same person takes the place of the earlier one."""

    __tablename__ = "vote"

    plan_id: str = Field(primary_key=True, foreign_key="plan.id", sa_type=SafeText)
    person_id: str = Field(primary_key=True, sa_type=SafeText)
    person_name: str = Field(sa_type=SafeText)
    approve: bool
    reason: str = Field(default="", sa_type=SafeText)
    at: datetime = Field(sa_type=Moment)
    version: int
    """The plan's version that the vote made: the order of the votes."""


class EventRow(Row, table=True):
    """One event of the audit. It refers to no other row: it outlives them all."""

    __tablename__ = "event"
    __table_args__ = (
        Index("event_key", "key", unique=True),
        Index("event_by_plan", "plan", "seq"),
        Index(
            "event_checkpoints",
            "seq",
            sqlite_where=text(f"tag = '{Tag.AUDIT_ARCHIVED}'"),
            postgresql_where=text(f"tag = '{Tag.AUDIT_ARCHIVED}'"),
        ),
        # What a line of the audit's list is made of; not what became of single objects, of which there are many.
        Index("event_of_lines", "plan", "seq", sqlite_where=OF_LINES, postgresql_where=OF_LINES),
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
    seal: str = Field(default="", sa_type=SafeText, sa_column_kwargs={"server_default": ""})
    """How the hash was made; the releases before this column leave it empty."""


class HeadRow(Row, table=True):
    """Where the chain ends; its one row is the lock of all who write events."""

    __tablename__ = "chain_head"
    __table_args__ = (CheckConstraint("id = 1", name="chain_head_is_one_row"),)

    id: int = Field(default=1, primary_key=True, sa_column_kwargs={"autoincrement": False})
    seq: int = Field(sa_type=BigInteger)
    hash: str = Field(sa_type=Text)


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


class SightingRow(Row, table=True):
    """When an image of a host's engine was first seen, and last seen in use, by that engine's clock."""

    __tablename__ = "host_image_sighting"

    host: str = Field(primary_key=True, sa_type=SafeText)
    engine_id: str = Field(primary_key=True, sa_type=SafeText)
    machine: str = Field(primary_key=True, sa_type=SafeText)
    data_root: str = Field(primary_key=True, sa_type=SafeText)
    """Empty in what an earlier release wrote: it did not ask."""
    image_id: str = Field(primary_key=True, sa_type=SafeText)
    first_at: datetime = Field(sa_type=Moment)
    used_at: datetime | None = Field(default=None, sa_type=Moment)


class MountingRow(Row, table=True):
    """When a named volume of a host's engine was first seen, and who was last seen to mount it, by its clock."""

    __tablename__ = "host_volume_mounting"

    host: str = Field(primary_key=True, sa_type=SafeText)
    engine_id: str = Field(primary_key=True, sa_type=SafeText)
    machine: str = Field(primary_key=True, sa_type=SafeText)
    data_root: str = Field(primary_key=True, sa_type=SafeText)
    volume: str = Field(primary_key=True, sa_type=SafeText)
    first_at: datetime = Field(sa_type=Moment)
    at: datetime | None = Field(default=None, sa_type=Moment)
    container: str = Field(default="", sa_type=SafeText)
    image: str = Field(default="", sa_type=SafeText)


class RanRow(Row, table=True):
    """When a service of a host's engine ran an image the last time, by that engine's clock."""

    __tablename__ = "image_ran"

    host: str = Field(primary_key=True, sa_type=SafeText)
    engine_id: str = Field(primary_key=True, sa_type=SafeText)
    machine: str = Field(primary_key=True, sa_type=SafeText)
    data_root: str = Field(primary_key=True, sa_type=SafeText)
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


class WordRow(Row, table=True):
    """A word under which a cleanup is found; the newest is at the end of each word's rows."""

    __tablename__ = "cleanup_word"
    __table_args__ = (Index("cleanup_word_by_plan", "plan_id"), {"sqlite_with_rowid": False})

    word: str = Field(primary_key=True, sa_type=BYTES)
    started_at: datetime = Field(primary_key=True, sa_type=Moment)
    plan_id: str = Field(primary_key=True, sa_type=SafeText)
    host: str = Field(sa_type=SafeText)


class RestoreRow(Row, table=True):
    """The last time that a plan's images were wanted again."""

    __tablename__ = "restore"
    __table_args__ = (
        Index(
            "restore_open",
            "asked_at",
            sqlite_where=text("status <> 'ended'"),
            postgresql_where=text("status <> 'ended'"),
        ),
    )

    plan_id: str = Field(primary_key=True, foreign_key="plan.id", sa_type=SafeText)
    number: int
    """Counts how often they were asked for."""
    status: str = Field(sa_type=SafeText)
    person_id: str = Field(sa_type=SafeText)
    person_name: str = Field(sa_type=SafeText)
    asked_at: datetime = Field(sa_type=Moment)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)
    images: str = Field(default="[]", sa_type=SafeText)
    """What became of each, as JSON."""
    owner: str = Field(default="", sa_type=SafeText)
    attempt: int = 0
    lease_until: datetime | None = Field(default=None, sa_type=Moment)


class HostEngineRow(Row, table=True):
    """Which engine a host was first seen with, or was accepted as since."""

    __tablename__ = "host_engine"

    host: str = Field(primary_key=True, sa_type=SafeText)
    engine_id: str = Field(sa_type=SafeText)
    name: str = Field(sa_type=SafeText)
    version: str = Field(sa_type=SafeText)
    store: str = Field(sa_type=SafeText)
    first_at: datetime = Field(sa_type=Moment)
    data_root: str = Field(default="", sa_type=SafeText, sa_column_kwargs={"server_default": ""})
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


class SchemaReleaseRow(Row, table=True):
    """Which release brought the schema to a revision."""

    __tablename__ = "schema_release"

    revision: str = Field(primary_key=True, sa_type=SafeText)
    release: str = Field(sa_type=SafeText)
    at: datetime = Field(sa_type=Moment)
