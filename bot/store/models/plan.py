"""Plans: what stands of each, and under which words it is found."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, Text, false
from sqlmodel import Field

from bot.core.life.states import Outcome
from bot.store.db.columns import Moment, SafeText
from bot.store.models.row import Row, index_where, later_text

FORMAT = 2
"""Of what this release writes into a plan's row. A release that gives rows a state, a kind or an outcome that the
one before cannot read raises it for those rows, and that one leaves them alone."""
OF_A_FLEET = 2
"""The format of a fleet's plans: a release before does not know that they begin in waves."""

BYTES = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that sorts by its bytes, whatever the database's language: all that begins alike is one range."""


class PlanRow(Row, table=True):
    """A plan, and the run of it: at most one row a host is running, whatever the processes do."""

    __tablename__ = "plan"
    __table_args__ = (
        index_where("status = 'running'", "plan_one_running_per_host", "host", unique=True),
        index_where(
            "status = 'running' AND engine <> ''", "plan_one_running_per_engine", "engine", unique=True
        ),
        Index("plan_by_engine_and_status", "engine", "status"),
        Index("plan_by_status", "status", "expires_at"),
        index_where("shown_version < version", "plan_unshown", "changed_at"),
        Index("plan_by_host_and_status", "host", "status"),
        Index("plan_by_requester", "requester_id", "created_at"),
        index_where("batch <> ''", "plan_by_batch", "batch"),
        # Totals are read from these alone: a plan's row is long, and what it freed stands at its end.
        Index("plan_by_start", "started_at", "host", "reclaimed_bytes"),
        Index("plan_by_host_and_start", "host", "started_at", "reclaimed_bytes"),
        index_where("fleet <> ''", "plan_by_fleet", "fleet"),
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
    message_permalink: str = later_text()
    owner: str = Field(default="", sa_type=SafeText)
    attempt: int = 0
    lease_until: datetime | None = Field(default=None, sa_type=Moment)
    in_vain: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """Attempts in a row that were begun since the last item ended, or since a process let the run go in order."""
    stop_at: datetime | None = Field(default=None, sa_type=Moment)
    stop_by_id: str = later_text()
    stop_by_name: str = later_text()
    attention: str = later_text()
    """Why the run waits for a person; it then has no lease, and no process takes it up."""
    showing_until: datetime | None = Field(default=None, sa_type=Moment)
    """Until when one process brings the message up to date and the others leave it alone."""
    format: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    """Of the snapshot and the states of this row: a release leaves what it does not know to a newer one."""
    engine: str = later_text()
    """Which engine it is of, whatever its host is called; empty where an earlier release planned it."""
    reclaimed_bytes: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})
    """What the run freed, counted at its end; before that the items know."""
    batch: str = later_text()
    """The message of its schedule that has a line for it; empty where none has."""
    held: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """Whether a line of another message is all there is of it in the channel: nobody has opened it yet."""
    fleet: str = later_text()
    """The fleet plan that it is of; empty when it was asked for alone."""
    wave: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """With which wave of its fleet's rollout it may begin; 0: with none yet."""


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
    untagging: str = later_text()
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


class RestoreRow(Row, table=True):
    """The last time that a plan's images were wanted again."""

    __tablename__ = "restore"
    __table_args__ = (index_where("status <> 'ended'", "restore_open", "asked_at"),)

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


class WordRow(Row, table=True):
    """A word under which a cleanup is found; the newest is at the end of each word's rows."""

    __tablename__ = "cleanup_word"
    __table_args__ = (Index("cleanup_word_by_plan", "plan_id"), {"sqlite_with_rowid": False})

    word: str = Field(primary_key=True, sa_type=BYTES)
    started_at: datetime = Field(primary_key=True, sa_type=Moment)
    plan_id: str = Field(primary_key=True, sa_type=SafeText)
    host: str = Field(sa_type=SafeText)
