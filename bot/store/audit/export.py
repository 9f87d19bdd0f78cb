"""Exports of the audit, written as a stream; ``bot.core.audit.format`` describes the lines."""

import json
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col

from bot.core import spreadsheet
from bot.core.audit.format import VERSION, Entry, Head
from bot.core.json import Json
from bot.core.visible import visible_json
from bot.store.events import chain
from bot.store.models import EventRow

CSV_HEAD = (
    "seq",
    "at",
    "event",
    "plan",
    "host",
    "by",
    "name",
    "object",
    "outcome",
    "reason",
    "bytes",
    "facts",
    "hash",
)
_text = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which events an export holds; times and numbers leave no event out in between."""

    since: datetime | None = None
    until: datetime | None = None
    end: Head | None = None
    """The last event; the file then says that the chain ends there, and is the same whenever it is written."""
    host: str | None = None
    plan: str | None = None
    plans: frozenset[str] | None = None
    """Events of these plans alone."""

    @property
    def complete(self) -> bool:
        return self.host is None and self.plan is None and self.plans is None

    def streamed(self, session: Session) -> Iterator[Entry]:
        """The events that it holds, one at a time."""
        entries = chain.streamed(session, *self.where(session))
        return (entry for entry in entries if self.plans is None or entry.plan in self.plans)

    def where(self, session: Session) -> list[ColumnElement[bool]]:
        """The conditions; those on time are turned into a range of numbers, since clocks are set back."""
        conditions: list[ColumnElement[bool]] = []
        if self.since is not None:
            first = session.execute(_FIRST.where(col(EventRow.at) >= self.since)).scalar()
            conditions.append(col(EventRow.seq) >= (_BEYOND if first is None else first))
        if self.until is not None:
            last = session.execute(_LAST.where(col(EventRow.at) < self.until)).scalar()
            conditions.append(col(EventRow.seq) <= (last or 0))
        if self.end is not None:
            conditions.append(col(EventRow.seq) <= self.end.seq)
        if self.host is not None:
            conditions.append(col(EventRow.host) == self.host)
        if self.plan is not None:
            conditions.append(col(EventRow.plan) == self.plan)
        return conditions


_FIRST, _LAST = select_columns(func.min(col(EventRow.seq))), select_columns(func.max(col(EventRow.seq)))
_BEYOND = 2**62
"""A number that no event reaches."""


# --- writing ------------------------------------------------------------------------------------


def json_lines(session: Session, selection: Selection) -> Generator[str, None, None]:
    """The lines of an export that verifies on its own, one at a time."""
    yield json.dumps({"audit": "deckhand", "version": VERSION, "complete": selection.complete}) + "\n"
    events, first, last = 0, None, None
    for entry in selection.streamed(session):
        events, first, last = events + 1, first or entry, entry
        yield _line(entry)
    head = selection.end or chain.head(session)
    footer = {
        "events": events,
        "first": first.seq if first else None,
        "last": last.seq if last else None,
        "hash": last.hash if last else None,
        "head": {"seq": head.seq, "hash": head.hash},
    }
    yield json.dumps(footer) + "\n"


def _line(entry: Entry) -> str:
    texts = (f'"{name}":{_text(getattr(entry, name))}' for name in _TEXTS)
    return visible_json(f'{{"seq":{entry.seq},{",".join(texts)},"facts":{entry.facts}}}') + "\n"


_TEXTS = tuple(name for name in Entry._fields if name not in {"seq", "facts"})


def csv_lines(session: Session, selection: Selection) -> Generator[str, None, None]:
    """The lines of a table for people; no cell is a formula to a spreadsheet."""
    yield from spreadsheet.csv_lines(_rows(session, selection))


def _rows(session: Session, selection: Selection) -> Iterator[Sequence[Json]]:
    yield CSV_HEAD
    for entry in selection.streamed(session):
        try:
            facts = json.loads(entry.facts)
        except ValueError:
            facts = {}
        facts = facts if isinstance(facts, dict) else {}
        by = facts.get("actor_name") or ""
        some = (facts.get(key, "") for key in ("name", "outcome", "reason", "bytes"))
        yield (
            entry.seq,
            entry.at,
            entry.tag,
            entry.plan,
            entry.host,
            entry.actor,
            by,
            *some,
            entry.facts,
            entry.hash,
        )
