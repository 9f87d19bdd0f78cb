"""``plan`` and ``history``."""

from tests.manual.shapes.common import Bytes, Count, Ended, Moment, OfKind, Shape


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


class Reach(Shape):
    """How far a plan with `free=` or `below=` gets."""

    disk: Bytes
    free: Bytes
    wanted: Bytes
    """What is to be free afterwards."""
    free_after: Bytes
    met: bool


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
    target: Reach | None
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
