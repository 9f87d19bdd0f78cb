"""``plan``, ``history``, ``why-full`` and ``watch``."""

from tests.manual.shapes.common import Bytes, Count, Ended, Moment, OfKind, Shape
from tests.manual.shapes.hosts import Disk


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


class GrownBy(Shape):
    bytes: Bytes
    since: Moment
    """When it was least."""


class OnDisk(Shape):
    part: str
    """`images`, `containers`, `volumes`, `build_cache`, `rest` (in none of Docker's figures) or `free`."""
    bytes: int | None
    percent: int | None
    """Of the disk; of all that Docker counts where nobody can see the disk."""
    grown: GrownBy | None
    a_day: int | None
    """Bytes."""
    says: list[str]
    does: list[str]


class LogOf(Shape):
    id: str
    name: str
    driver: str
    options: dict[str, str]


class LogsOf(Shape):
    default_driver: str
    unbounded: list[LogOf]
    """Containers whose log grows without an end."""


class WhyFull(Shape):
    host: str
    at: Moment
    disk: Disk | None
    full_at: Moment | None
    """If nobody cleans up."""
    parts: list[OnDisk]
    logs: LogsOf


class OpenAlert(Shape):
    kind: str
    """`pressure` or `unreachable`."""
    level: str
    opened_at: Moment


class Watched(Shape):
    host: str
    seen_at: Moment | None
    """Null: nobody has looked at it."""
    disk: Disk | None
    docker: int | None
    """What Docker holds, in bytes."""
    bytes_a_day: int | None
    full_at: Moment | None
    """If nobody cleans up."""
    lasts: str | None
    alerts: list[OpenAlert]


class Board(Shape):
    at: Moment
    hosts: list[Watched]
