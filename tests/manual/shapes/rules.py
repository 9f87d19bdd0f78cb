"""``schedules``, ``policy explain`` and ``config show``."""

from typing import Annotated, Any, Literal

from pydantic import Field

from bot.core.rules.policy import Right
from tests.manual.shapes.common import Count, Moment, Shape


class Forgotten(Shape):
    name: str
    configured: Literal[False]
    next_in_database: Moment | None


class Schedule(Shape):
    name: str
    configured: Literal[True]
    next_in_database: Moment | None
    hosts: list[str]
    profile: str
    arguments: str
    cron: str
    when: str | None
    """How full a disk has to be."""
    time_zone: str
    channel: str
    grace: str
    expires: str | None
    next: list[Moment]


class Allowed(Shape):
    allowed: bool
    why: str


Rights = dict[Annotated[str, Field(json_schema_extra={"enum": [str(right) for right in Right]})], Allowed]


class Protected(Shape):
    images: list[str]
    names: list[str]
    labels: list[str]
    keep_last: Count
    keep_ran: Count
    unused_for: str
    dangling_min_age: str


class Explained(Shape):
    host: str
    user: str
    channel: str | None
    standing: str
    standing_told: bool
    """Whether Slack said so; else it is taken for granted."""
    policy: str
    policy_because: str
    rights: Rights
    quorum: Count
    self_approval: bool
    guests: bool
    expires: str
    start_within: str
    profiles: list[str] | None
    volumes: str
    arrival: str
    windows: list[str]
    time_zone: str
    opens_at: Moment | None
    max_bytes: int | None
    max_objects: int | None
    quorum_above: int | None
    auto_approve: list[str]
    auto_approve_to: dict[str, str]
    """By profile, up to which target."""
    auto_windows: list[str]
    auto_on_pressure: bool
    only_restorable: bool
    reasons: bool
    tell: str | None
    on_call: str | None
    escalate_to: list[str]
    escalate_after: str
    quiet: list[str]
    protect: Protected


class Value(Shape):
    table: str
    """Empty for the environment."""
    key: str
    value: Any
    """Null: nothing counts. A secret is `***`."""
    place: str
    """Where it comes from."""
