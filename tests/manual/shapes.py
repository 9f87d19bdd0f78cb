"""What reading commands print with ``--json``: the shapes from which deploy/schemas is made."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from bot.core.audit.filters import OUTCOMES
from bot.core.docker.inventory import Kind
from bot.core.life.states import Status
from bot.core.rules.policy import Right

Bytes = Annotated[int, Field(description="bytes")]
Count = Annotated[int, Field(ge=0)]
Moment = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$", description="UTC")]
Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
OfKind = Annotated[str, Field(json_schema_extra={"enum": [str(kind) for kind in Kind]})]
State = Annotated[str, Field(json_schema_extra={"enum": [str(status) for status in Status]})]
Ended = Annotated[str, Field(json_schema_extra={"enum": list(OUTCOMES)})]


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


# --- df, hosts check --------------------------------------------------------------------------------


class Row(Shape):
    type: str
    """As `docker system df` names it."""
    total: Count
    active: Count
    size: Bytes
    reclaimable: Bytes


class Engine(Shape):
    id: str
    name: str
    version: str
    store: str


class Disk(Shape):
    size: Bytes
    free: Bytes
    inodes: int | None
    free_inodes: int | None


class Answer(Shape):
    host: str
    same_engine_as: str | None
    """The host under whose name this engine is counted already."""
    engine: Engine
    size: Bytes
    reclaimable: Bytes
    disk: Disk | None
    usage: list[Row]


class Failure(Shape):
    host: str
    cause: str
    """What hosts that fail alike have in common."""
    message: str


class Total(Shape):
    hosts: Count
    size: Bytes
    reclaimable: Bytes


class Fleet(Shape):
    hosts: list[Answer]
    failed: list[Failure]
    total: Total


class Step(Shape):
    step: str
    ok: bool | None
    """Null: not tried, or nothing to say."""
    detail: str
    milliseconds: Count


class Check(Shape):
    host: str
    address: str
    ok: bool
    steps: list[Step]


# --- plan, history ----------------------------------------------------------------------------------


class PlannedOn(Shape):
    id: str
    version: str
    api_version: str
    store: str


class Frees(Shape):
    low: Bytes
    high: Bytes
    exact: bool
    why: str


class Waiting(Shape):
    images: Count
    bytes: Bytes
    old_at: Moment | None
    """When they count as old."""


class Removed(Shape):
    kind: OfKind
    id: str
    name: str
    references: list[str]
    bytes: Bytes
    rule: str


class Kept(Shape):
    kind: OfKind
    id: str
    name: str
    rule: str


class Draft(Shape):
    host: str
    profile: str
    engine: PlannedOn
    frees: Frees
    notes: list[str]
    arrival_unknown: Waiting | None
    items: list[Removed]
    kept: list[Kept]


class Reason(Shape):
    profile: str
    takes: bool
    rule: str
    due: Moment | None
    """From when its age no longer keeps it."""


class Explanation(Shape):
    kind: OfKind
    id: str
    name: str
    profiles: list[Reason]


class Full(Shape):
    at: Moment | None
    earliest: Moment | None
    latest: Moment | None


class Forecast(Shape):
    made_at: Moment
    days: float
    enough: bool
    filling: bool
    size: Bytes
    used: Bytes
    bytes_a_day: float
    bytes_a_day_low: float
    bytes_a_day_high: float
    if_nobody_cleans_up: Full
    at_the_present_rhythm: Full
    cleanups: Count
    kinds: dict[str, float]


class OfOneKind(Shape):
    count: int | None
    size: int | None
    reclaimable: int | None


class Sample(Shape):
    at: Moment
    size: int | None
    free: int | None
    inodes: int | None
    free_inodes: int | None
    milliseconds: Count
    kinds: dict[str, OfOneKind]
    rest: int | None


class CleanedUp(Shape):
    plan: str
    profile: str
    outcome: Ended
    started_at: Moment
    finished_at: Moment | None
    reclaimed_bytes: Bytes


class History(Shape):
    host: str
    now: Moment
    forecast: Forecast | None
    samples: list[Sample]
    cleanups: list[CleanedUp]


# --- schedules, policy explain, config show ---------------------------------------------------------


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
    only_restorable: bool
    protect: Protected


class Value(Shape):
    table: str
    """Empty for the environment."""
    key: str
    value: Any
    """Null: nothing counts. A secret is `***`."""
    place: str
    """Where it comes from."""


# --- audit ------------------------------------------------------------------------------------------


class Line(Shape):
    id: str
    plan: str
    host: str
    engine_id: str
    profile: str
    requested_by: str
    approved_by: list[str]
    outcome: Ended
    predicted_bytes: Bytes
    reclaimed_bytes: Bytes
    started_at: Moment
    finished_at: Moment | None
    basis: str
    differs: bool
    """Whether somebody has changed a row of it."""


class Tally(Shape):
    cleanups: Count
    bytes: Bytes


class Statistics(Shape):
    all: Tally
    by_host: dict[str, Tally]
    by_profile: dict[str, Tally]
    by_month: dict[str, Tally]
    by_requester: dict[str, Tally]
    by_outcome: dict[str, Tally]


class Item(Shape):
    kind: OfKind
    id: str
    name: str
    outcome: str
    reason: str
    bytes: Bytes
    reconciled: bool
    """Whether it was looked at again after an interruption."""


class Restorable(Shape):
    id: str
    name: str
    digests: list[str]


class RestoredImage(Shape):
    id: str
    outcome: str
    reason: str


class Restored(Shape):
    asked_by: str
    asked_at: Moment
    ended_at: Moment | None
    status: str
    images: list[RestoredImage]


class Event(Shape):
    seq: Count
    at: Moment
    tag: str
    plan: str
    host: str
    actor: str
    facts: dict[str, Any]
    previous: Hash
    hash: Hash


class Record(Shape):
    id: str
    plan: str
    host: str
    engine_id: str
    profile: str
    requested_by: str
    approved_by: list[str]
    outcome: State
    reason: str
    predicted_bytes: Bytes
    reclaimed_bytes: Bytes
    measured_bytes: int | None
    started_at: Moment | None
    finished_at: Moment | None
    items: list[Item]
    before: list[Row] | None
    after: list[Row] | None
    restorable: list[Restorable]
    restored: Restored | None
    events: list[Event]
    basis: str
    differences: list[str]


class Head(Shape):
    seq: Count
    hash: Hash


class Broken(Shape):
    seq: int | None
    kind: str
    reason: str


class Rows(Shape):
    plans: Count
    archived: Count
    differences: list[str]
    more: Count


class Verdict(Shape):
    holds: bool
    broken: Broken | None
    events: Count
    first: int | None
    last: int | None
    hash: Hash | None
    keyed_from: int | None
    complete: bool
    left_out: Count
    gaps: list[list[int]]
    head: Head | None
    rows: Rows | None
    notes: list[str]


SHAPES: Mapping[str, type[BaseModel]] = MappingProxyType({
    "df": RootModel[list[Row] | Fleet],
    "plan": RootModel[Draft | list[Draft] | list[Explanation]],
    "history": History,
    "hosts check": RootModel[list[Check]],
    "schedules": RootModel[list[Schedule | Forgotten]],
    "policy explain": Explained,
    "config show": RootModel[list[Value]],
    "audit list": RootModel[list[Line]],
    "audit stats": Statistics,
    "audit show": Record,
    "audit head": Head,
    "audit verify": Verdict,
})  # fmt: skip
"""By the command that prints it."""
