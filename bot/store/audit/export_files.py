"""Exports and archives of the audit, read back and verified without a database."""

import hashlib
import io
import json
from array import array
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

from bot.core.audit.breaks import Break, BreakKind, UnreadableError
from bot.core.audit.format import VERSION, AuditKeys, Entry, Head, facts_text
from bot.core.audit.walk import ChainVerdict, Verification
from bot.core.errors import UsageError
from bot.core.json import Json

_TAIL_BYTES = 4096
"""More than the last line ever needs."""


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
) -> ChainVerdict:
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
    verdict = replace(verdict, complete=entries.complete)
    if verdict.broken is None and footer is not None:
        empty = _empty(footer) if keys and demand_key and not verdict.events else None
        verdict = verdict.but(empty or _contradiction(verdict, footer))
    return verdict


def file_footer(path: Path) -> Footer | None:
    """What a file says of its own end; None when that was cut off. UsageError when it is no export."""
    return FileEntries(path).footer


class EventsOfFile:
    """The events of single plans in a file that was verified, which may be longer than fits into memory."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._places: dict[str, array[int]] = defaultdict(lambda: array("Q"))
        with path.open("rb") as file:
            place = len(file.readline())
            for line in file:
                read = _parsed(line)
                if isinstance(read, dict) and "seq" in read:
                    self._places[str(read["plan"])].append(place)
                place += len(line)

    @property
    def plans(self) -> frozenset[str]:
        return frozenset(self._places)

    def __call__(self, plan_ids: Sequence[str]) -> Iterator[Entry]:
        """All events of these plans, grouped by plan, each plan's in their order."""
        with self._path.open("rb") as file:
            for plan_id in plan_ids:
                for place in self._places.get(plan_id, ()):
                    file.seek(place)
                    line = file.readline()
                    yield _entry(_parsed(line), place, line)


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


def _empty(footer: Footer) -> Break | None:
    """A chain that is sealed begins with the event that says so: none that was ever sealed is empty."""
    if footer.head.seq:
        return None
    return Break(seq=1, kind=BreakKind.UNKEYED, reason="the chain is empty, and DECKHAND_AUDIT_KEY is set")


def _contradiction(verdict: ChainVerdict, footer: Footer) -> Break | None:
    """Where the last line of an export says something else than the others."""
    last = verdict.last
    if verdict.events != footer.events:
        reason = f"the last line speaks of {footer.events} events, and {verdict.events} are there"
        return Break(seq=last.seq, kind=BreakKind.MISSING, reason=reason)
    if verdict.first is None:
        return None
    if verdict.first != footer.first or (last.seq == footer.head.seq and last.hash != footer.head.hash):
        return Break(
            seq=last.seq,
            kind=BreakKind.CHANGED,
            reason="the last line names other events than those before it",
        )
    return None
