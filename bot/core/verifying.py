"""Verifying a chain of audit events: whole, or the first event that is not, and what happened to it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from bot.core.audit import GENESIS
from bot.core.audit_format import KEYED, PLAIN, UNSEALED, AuditKeys, Entry, Hasher, Head, is_keyed, message
from bot.core.errors import UsageError

START = Head(seq=0, hash=GENESIS)
"""What the first event of all follows."""


class Kind(StrEnum):
    """What happened to the first event that is not as it was written."""

    CHANGED = "changed"
    MISSING = "missing"
    REORDERED = "reordered"
    INSERTED = "inserted"
    CUT_OFF = "cut_off"  # at the end, against a known head
    UNKEYED = "unkeyed"  # without a keyed hash, where one belongs
    KEY_NEEDED = "key_needed"  # nobody knows: its key is not here


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """The first place where a chain does not hold."""

    seq: int
    kind: Kind
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What verifying found: up to ``last``, everything is as it was written."""

    events: int
    first: int | None
    last: Head
    keyed_from: int | None
    """The first event whose hash needs a key."""
    broken: Break | None

    def but(self, broken: Break | None) -> "Verdict":
        """The same, with what was found besides."""
        return replace(self, broken=broken)


class Entries(Protocol):
    """Where events stand, in the order in which they stand there."""

    def __iter__(self) -> Iterator[Entry]:
        """Every event; UnreadableError for one that cannot be read as one."""
        ...

    def following(self, previous: str) -> Iterable[Entry]:
        """The events that name this hash as the one before."""
        ...

    def with_hash(self, wanted: str) -> Iterable[Entry]: ...


class UnreadableError(Exception):
    """Something stands there that is no event; ``cut`` when it ends in the middle of one."""

    def __init__(self, reason: str, *, cut: bool = False) -> None:
        self.reason, self.cut = reason, cut
        super().__init__(reason)


@dataclass(slots=True, kw_only=True)
class Verification:
    """One walk along a chain; call ``verify`` once."""

    entries: Entries
    start: Head = START
    """The event before the first."""
    end: Head | None = None
    """Where the chain says that it ends."""
    known: Head | None = None
    """An event that somebody remembers, from outside the database."""
    keys: AuditKeys
    gaps: bool = False
    """Whether events may be left out."""
    demand_key: bool = True
    """Whether the last event must be keyed when there are keys."""
    _at: Head = START
    """The last event that holds."""
    _count: int = 0
    _first: int | None = None
    _keyed_from: int | None = None
    _seal: str | None = None
    _pinned: bool = False
    """Whether the known head was passed."""

    def verify(self) -> Verdict:
        """UsageError when the known head is an event before the first that is there."""
        self._at = self.start
        if self.known is not None and self.known.seq < self.start.seq:
            raise UsageError(
                f"Event {self.known.seq} is not in what is verified, which begins at event {self.start.seq + 1}: "
                "verify the archive that holds it."
            )
        try:
            broken = self._walk() or self._ending()
        except UnreadableError as error:
            kind = Kind.CUT_OFF if error.cut else Kind.CHANGED
            seq = self._at.seq + 1
            broken = Break(seq=seq, kind=kind, reason=f"event {seq} {_WORDS[kind]}: {error.reason}")
        return Verdict(
            events=self._count, first=self._first, last=self._at, keyed_from=self._keyed_from, broken=broken
        )

    def _walk(self) -> Break | None:
        """The hot loop: what happens once per event has its names at hand."""
        seq, previous, before, seal = self._at.seq, self._at.hash, "", None
        hasher: Hasher | None = None
        ends, pinned = self._pins()
        first = None
        try:
            for entry in self.entries:
                if self.gaps and entry.seq > seq + 1:
                    seq, previous = entry.seq - 1, entry.previous
                if seq == ends:
                    return self._beyond(entry, Head(seq=seq, hash=previous), before)
                if entry.seal != seal:
                    broken = self._new_seal(entry, seq + 1)
                    if broken is not None:
                        return _Diagnosis(self, Head(seq=seq, hash=previous), before).instead(entry) or broken
                    seal, hasher = entry.seal, self.keys.hasher(entry.seal)
                if (
                    entry.seq != seq + 1
                    or entry.previous != previous
                    or hasher is None
                    or not _fits(entry, hasher)
                ):
                    return _Diagnosis(self, Head(seq=seq, hash=previous), before).of(entry)
                seq, before, previous = entry.seq, previous, entry.hash
                first = first or seq
                self._count += 1
                if seq == pinned and self.known is not None:
                    self._pinned = True
                    if previous != self.known.hash:
                        return _broken(Kind.CHANGED, seq, _NOT_KNOWN)
        finally:
            self._at, self._first = Head(seq=seq, hash=previous), first
        return None

    def _pins(self) -> tuple[int, int]:
        return self.end.seq if self.end else -1, self.known.seq if self.known else -1

    def _new_seal(self, entry: Entry, seq: int) -> Break | None:
        """What is wrong with the change from one seal to another; a chain never goes back from keyed."""
        before, self._seal = self._seal or UNSEALED, entry.seal
        here = self.keys.hasher(entry.seal) is not None
        was_keyed, keyed = is_keyed(before), is_keyed(entry.seal)
        if keyed and self._keyed_from is None:
            self._keyed_from = seq
        if here and keyed and was_keyed and self.keys.age(entry.seal) <= self.keys.age(before):
            return None
        if here and not was_keyed:
            return None
        if any(self._was_sealed(entry, seal) for seal in (PLAIN, *self.keys.seals)):
            return _broken(Kind.CHANGED, seq, "its hash was made in another way than it says")
        if not keyed:
            return _broken(Kind.UNKEYED if here else Kind.CHANGED, seq, f"its seal is {entry.seal!r}")
        if here:
            return _broken(Kind.UNKEYED, seq, "its key had been given up for a newer one")
        key = entry.seal.removeprefix(KEYED)
        return _broken(Kind.KEY_NEEDED, seq, f"it is sealed with the key {key}; set DECKHAND_AUDIT_KEY")

    def _was_sealed(self, entry: Entry, seal: str) -> bool:
        hasher = self.keys.hasher(seal)
        return hasher is not None and seal != entry.seal and _fits(entry._replace(seal=seal), hasher)

    def _beyond(self, entry: Entry, last: Head, before: str) -> Break:
        """An event after the one that the head names as the last."""
        if self.end is not None and last.hash == self.end.hash:
            return _broken(Kind.INSERTED, last.seq + 1, f"{entry.seq} stands behind the last event")
        return _Diagnosis(self, last, before).doubled(entry) or _wrong_head(last.seq)

    def _ending(self) -> Break | None:
        """What is wrong with where the events end."""
        last, end, known = self._at, self.end, self.known
        if end is not None and end != last:
            if end.seq > last.seq and end.hash != last.hash:
                return _cut_off(last.seq + 1, end.seq)
            return _wrong_head(last.seq)
        if known is not None and known.seq > last.seq:
            return _cut_off(last.seq + 1, known.seq)
        if known is not None and known.seq == self.start.seq and known.hash != self.start.hash:
            return _broken(Kind.CHANGED, known.seq, _NOT_KNOWN)
        if known is not None and known.seq > self.start.seq and not self._pinned:
            raise UsageError(f"Event {known.seq} is not in what is verified, so its hash cannot be compared.")
        if self.demand_key and self.keys and self._count and not is_keyed(self._seal or ""):
            return _broken(Kind.UNKEYED, last.seq, "it is the last one, and DECKHAND_AUDIT_KEY is set")
        return None


_NOT_KNOWN = "its hash is not the one that the known head names"
_WORDS = {
    Kind.CHANGED: "was changed after it was written",
    Kind.MISSING: "is missing",
    Kind.REORDERED: "is not in its place",
    Kind.INSERTED: "was inserted",
    Kind.CUT_OFF: "is cut off",
    Kind.UNKEYED: "is not sealed with a key",
    Kind.KEY_NEEDED: "cannot be verified without its key",
}


def _broken(kind: Kind, seq: int, why: str = "") -> Break:
    return Break(seq=seq, kind=kind, reason=f"event {seq} {_WORDS[kind]}" + (f": {why}" if why else ""))


def _cut_off(seq: int, head: int) -> Break:
    return _broken(Kind.CUT_OFF, seq, f"the chain went on to event {head}")


def _wrong_head(seq: int) -> Break:
    reason = f"event {seq} or the head of the chain was changed: the head names another event as the last"
    return Break(seq=seq, kind=Kind.CHANGED, reason=reason)


def _fits(entry: Entry, hasher: Hasher) -> bool:
    """Whether the hash is the one of this event after the one that it names."""
    try:
        return hasher(message(entry.previous, entry)) == entry.hash
    except (TypeError, ValueError):  # what is no text at all
        return False


class _Diagnosis:
    """What happened at the first place where a chain does not hold, told from the events that follow."""

    def __init__(self, walk: Verification, at: Head, before: str) -> None:
        self._walk, self._entries, self._keys = walk, walk.entries, walk.keys
        self._at, self._before = at, before
        self._seq = at.seq + 1

    def of(self, entry: Entry) -> Break:
        """``entry`` stands where event ``seq`` was expected, and is not it as it was written."""
        return (
            self.doubled(entry) or self._misplaced(entry) or self._elsewhere(entry) or self._not_there(entry)
        )

    def instead(self, entry: Entry) -> Break | None:
        """What a seal that does not belong there is a sign of, when the event with the right one is still there."""
        return self.doubled(entry) or self._elsewhere(entry)

    def doubled(self, entry: Entry) -> Break | None:
        """Whether this event follows the same one as the last that seemed to hold."""
        if self._before and self._is(entry, self._seq - 1, self._before):
            return _broken(Kind.INSERTED, self._seq - 1, "what follows belongs to the event before it")
        return None

    def _misplaced(self, entry: Entry) -> Break | None:
        """The expected event, with another number or another previous hash on it."""
        seq = self._seq
        if self._is(entry, seq, self._at.hash):
            if entry.seq == seq:
                return _broken(Kind.CHANGED, seq, "it names another hash as the previous one")
            return _broken(Kind.REORDERED, seq, f"it carries the number {entry.seq}")
        return None

    def _elsewhere(self, entry: Entry) -> Break | None:
        """When the expected event stands in another place: is this one a true event too."""
        seq, previous = self._seq, self._at.hash
        others = (each for each in self._following(previous) if each != entry)
        true = next((each for each in others if self._is(each, seq, previous)), None)
        if true is None:
            return None
        if self._belongs_elsewhere(entry):
            return _broken(Kind.REORDERED, seq, f"another event stands there, and it stands at {true.seq}")
        return _broken(Kind.INSERTED, entry.seq, f"it stands where event {seq} belongs")

    def _not_there(self, entry: Entry) -> Break:
        """The expected event stands nowhere as it was written."""
        if entry.seq > self._seq:
            return _broken(Kind.MISSING, self._seq, f"event {entry.seq} stands in its place")
        if entry.seq < self._seq:
            return _broken(Kind.INSERTED, entry.seq, f"it stands where event {self._seq} belongs")
        return self._changed(entry)

    def _changed(self, entry: Entry) -> Break:
        """The event in the right place, which does not follow; another one may have been changed with its hash."""
        seq = self._seq
        follows_another = entry.previous != self._at.hash and self._is(entry, seq, entry.previous)
        if follows_another and self._before and self._is_followed(entry):
            return _broken(Kind.CHANGED, seq - 1, f"event {seq} follows another one")
        return _broken(Kind.CHANGED, seq)

    def _is_followed(self, entry: Entry) -> bool:
        end = self._walk.end
        return (end is not None and end.hash == entry.hash) or any(self._following(entry.hash))

    def _belongs_elsewhere(self, entry: Entry) -> bool:
        """Whether this is a true event of the chain, in another place than its own."""
        numbers = {self._seq + 1, entry.seq} | {e.seq + 1 for e in self._with_hash(entry.previous)}
        return entry.previous != self._at.hash and any(
            self._is(entry, number, entry.previous) and any(self._with_hash(entry.previous))
            for number in numbers
        )

    def _is(self, entry: Entry, seq: int, previous: str) -> bool:
        hasher = self._keys.hasher(entry.seal)
        return hasher is not None and _fits(entry._replace(seq=seq, previous=previous), hasher)

    def _following(self, previous: str) -> Iterator[Entry]:
        return _as_far_as_readable(self._entries.following(previous))

    def _with_hash(self, wanted: str) -> Iterator[Entry]:
        return _as_far_as_readable(self._entries.with_hash(wanted))


def _as_far_as_readable(entries: Iterable[Entry]) -> Iterator[Entry]:
    try:
        yield from entries
    except UnreadableError:
        return
