"""What is compared with the record that the events tell, and what is found where it says otherwise."""

import json
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from bot.core.audit.records import Values
from bot.core.json import Json

Row: TypeAlias = Mapping[str, Any]
"""A row's columns, as the database has them: moments are texts, and so is JSON."""
DigestOf: TypeAlias = Callable[[str], str | None]
"""The digest of the plan of a snapshot; None when it is no plan."""
ROUGHLY = timedelta(minutes=2)
"""How much earlier than its event something may be whose moment an earlier release did not write into it."""
ITEM_COLUMNS = ("kind", "object_id", "name", "outcome", "reason", "bytes", "untagging", "reconciled")
"""In the order in which a record has them."""
_SHOWN = 80
"""Characters of a value in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """All rows of one plan."""

    plan: Row | None = None
    items: Mapping[int, tuple[Any, ...]] = field(default_factory=dict)
    """By position: ``ITEM_COLUMNS``."""
    votes: Mapping[str, Row] = field(default_factory=dict)
    restore: Row | None = None
    words: frozenset[tuple[str, str, str]] = frozenset()
    """Under which words it is found, at which moment and host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where a row says something else than the events; without a column, it is there and should not be, or not."""

    table: str
    key: str
    """Names the row: the plan's id, and what else it takes."""
    column: str = ""
    row: Json = None
    events: Json = None
    why: str = ""

    def __str__(self) -> str:
        where = f"{self.table} {self.key}"
        if not self.column:
            return f"{where}: {self.why}"
        return f"{where}: {self.column} is {_short(self.row)}, and by the events it is {_short(self.events)}"


def _short(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What comparing the rows of all plans with their events found."""

    plans: int
    """Plans of which there are events."""
    archived: int
    """Plans that only an archive can be compared with."""
    differences: tuple[Difference, ...]
    """The first of them."""
    more: int
    """How many more there are."""


NO_ROW, NO_EVENT = "the row is missing, and the events tell of it", "no event tells of this row"


def columns(
    where: tuple[str, str], told: Values | None, row: Row | None, rough: Container[str] = ()
) -> Iterator[Difference]:
    """Compare one row with what is told of it; ``where`` is its table and its key."""
    table, key = where
    if told is None or row is None:
        if told is not row:
            yield Difference(table=table, key=key, why=NO_ROW if row is None else NO_EVENT)
        return
    for column, said in told.items():
        found = row[column]
        if found != said and not (column in rough and _is_roughly(found, said)):
            yield Difference(table=table, key=key, column=column, row=found, events=said)


def _is_roughly(found: object, said: object) -> bool:
    try:
        apart = datetime.fromisoformat(str(said)) - datetime.fromisoformat(str(found))
    except ValueError:
        return False
    return abs(apart) <= ROUGHLY
