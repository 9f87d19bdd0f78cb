"""Exports of the audit: written as a stream, read back and verified without a database.

``bot.core.audit_format`` describes the lines.
"""

import hashlib
import io
import json
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

from sqlalchemy import ColumnElement, func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col

from bot.core import spreadsheet
from bot.core.audit import Json
from bot.core.audit_format import VERSION, AuditKeys, Entry, Head, facts_text
from bot.core.errors import UsageError
from bot.core.verifying import Break, Kind, UnreadableError, Verdict, Verification
from bot.core.visible import visible_json
from bot.store import chain
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
_TAIL_BYTES = 4096
"""More than the last line ever needs."""

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


# --- reading ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Footer:
    """What the last line of an export says of the others."""

    events: int
    first: int | None
    last: Head | None
    head: Head


class FileEntries:
    """The events of an export, in the order of its lines."""

    def __init__(self, path: Path) -> None:
        """UsageError when this is no export that can be read."""
        self._path = path
        try:
            with path.open("rb") as file:
                header = _parsed(file.readline())
                file.seek(0, io.SEEK_END)
                file.seek(max(0, file.tell() - _TAIL_BYTES))
                tail = file.read()
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
        if not isinstance(header, dict) or (header.get("audit"), header.get("version")) != (
            "deckhand",
            VERSION,
        ):
            raise UsageError(f"{path} is no export of Deckhand's audit; `deckhand audit export` writes one.")
        self.complete = header.get("complete") is True
        self.footer = _footer(_parsed(tail.splitlines()[-1])) if tail.endswith(b"\n") else None

    def __iter__(self) -> Iterator[Entry]:
        with self._path.open("rb") as file:
            file.readline()
            for number, line in enumerate(file, 2):
                read = _parsed(line)
                if isinstance(read, dict) and "seq" not in read and _footer(read) is not None:
                    if file.readline():
                        _unreadable(number + 1, line)
                    return
                yield _entry(read, number, line)
        raise UnreadableError("the export ends without its last line", cut=True)

    def following(self, previous: str) -> Iterator[Entry]:
        return (entry for entry in self._holding(previous) if entry.previous == previous)

    def with_hash(self, wanted: str) -> Iterator[Entry]:
        return (entry for entry in self._holding(wanted) if entry.hash == wanted)

    def _holding(self, text: str) -> Iterator[Entry]:
        wanted = text.encode(errors="replace")
        with self._path.open("rb") as file:
            for number, line in enumerate(file, 1):
                read = _parsed(line) if wanted in line else None
                if isinstance(read, dict) and "seq" in read:
                    yield _entry(read, number, line)


def _unreadable(number: int, line: bytes) -> NoReturn:
    raise UnreadableError(f"line {number} is no event", cut=not line.endswith(b"\n"))


def _entry(read: Json, number: int, line: bytes) -> Entry:
    try:
        if not isinstance(read, dict) or not isinstance(read["facts"], dict) or type(read["seq"]) is not int:
            _unreadable(number, line)
        values: dict[str, Any] = {name: read[name] for name in Entry._fields}
        return Entry(**{**values, "facts": facts_text(read["facts"])})
    except (KeyError, ValueError):
        _unreadable(number, line)


def _parsed(line: bytes) -> Json:
    """The value of a line; None when it is not JSON, or says the same thing twice."""
    try:
        value: Json = json.loads(line, object_pairs_hook=_without_doubles, parse_constant=_refused)
    except (ValueError, RecursionError):
        return None
    return value


def _without_doubles(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise ValueError("a key stands there twice")
    return read


def _refused(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number of JSON")


def _footer(read: Json) -> Footer | None:
    try:
        line: Any = read
        last = None if line["last"] is None else Head(seq=int(line["last"]), hash=str(line["hash"]))
        head = Head(seq=int(line["head"]["seq"]), hash=str(line["head"]["hash"]))
        first = None if line["first"] is None else int(line["first"])
        return Footer(events=int(line["events"]), first=first, last=last, head=head)
    except (TypeError, ValueError, KeyError):
        return None


# --- verifying ----------------------------------------------------------------------------------


def verify_file(
    path: Path, keys: AuditKeys, known: Head | None = None, *, demand_key: bool = True
) -> Verdict:
    """Verify an export or an archive on its own; UsageError when it is neither."""
    entries = FileEntries(path)
    footer = entries.footer
    start = _start_of(entries)
    verdict = Verification(
        entries=entries,
        start=start,
        end=(footer.last or start) if footer else None,
        known=known,
        keys=keys,
        gaps=not entries.complete,
        demand_key=demand_key,
    ).verify()
    if verdict.broken is None and footer is not None:
        verdict = verdict.but(_contradiction(verdict, footer))
    return verdict


def file_end(path: Path) -> Head | None:
    """The event that a file says is its last; UsageError when it is no export."""
    footer = FileEntries(path).footer
    return footer.last if footer else None


def sha256_of(path: Path) -> str:
    """The SHA-256 of a whole file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _start_of(entries: FileEntries) -> Head:
    """What the first event of an export follows; of a complete one, the first that its last line names."""
    wanted = entries.footer.first if entries.footer and entries.complete else None
    first = None
    try:
        for entry in entries:
            first = first or entry
            if wanted is None or entry.seq == wanted:
                first = entry
                break
    except UnreadableError:
        pass
    if first is None:
        return Head(seq=(wanted or 1) - 1, hash="")
    return Head(seq=(wanted or first.seq) - 1, hash=first.previous)


def _contradiction(verdict: Verdict, footer: Footer) -> Break | None:
    """Where the last line of an export says something else than the others."""
    last = verdict.last
    if verdict.events != footer.events:
        reason = f"the last line speaks of {footer.events} events, and {verdict.events} are there"
        return Break(seq=last.seq, kind=Kind.MISSING, reason=reason)
    if verdict.first is None:
        return None
    if verdict.first != footer.first or (last.seq == footer.head.seq and last.hash != footer.head.hash):
        return Break(
            seq=last.seq, kind=Kind.CHANGED, reason="the last line names other events than those before it"
        )
    return None
