"""``df`` and ``hosts check``."""

from tests.manual.shapes.common import Bytes, Count, Shape


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
