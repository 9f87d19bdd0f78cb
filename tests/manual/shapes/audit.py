"""``audit …``."""

from typing import Any

from tests.manual.shapes.common import Bytes, Count, Ended, Hash, Moment, OfKind, Shape, State
from tests.manual.shapes.hosts import Row


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
