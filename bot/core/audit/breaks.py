"""Where a chain of audit events does not hold, and what happened there, told from the events that follow."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bot.core.audit.format import AuditKeys, Entry, Hasher, Head, message


class BreakKind(StrEnum):
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
    kind: BreakKind
    reason: str


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


WORDS = {
    BreakKind.CHANGED: "was changed after it was written",
    BreakKind.MISSING: "is missing",
    BreakKind.REORDERED: "is not in its place",
    BreakKind.INSERTED: "was inserted",
    BreakKind.CUT_OFF: "is cut off",
    BreakKind.UNKEYED: "is not sealed with a key",
    BreakKind.KEY_NEEDED: "cannot be verified without its key",
}


def break_of(kind: BreakKind, seq: int, why: str = "") -> Break:
    return Break(seq=seq, kind=kind, reason=f"event {seq} {WORDS[kind]}" + (f": {why}" if why else ""))


def cut_off(seq: int, head: int) -> Break:
    return break_of(BreakKind.CUT_OFF, seq, f"the chain went on to event {head}")


def wrong_head(seq: int) -> Break:
    reason = f"event {seq} or the head of the chain was changed: the head names another event as the last"
    return Break(seq=seq, kind=BreakKind.CHANGED, reason=reason)


def fits(entry: Entry, hasher: Hasher) -> bool:
    """Whether the hash is the one of this event after the one that it names."""
    try:
        return hasher(message(entry.previous, entry)) == entry.hash
    except (TypeError, ValueError):  # what is no text at all
        return False


class Diagnosis:
    """What happened at the first place where a chain does not hold, told from the events that follow."""

    def __init__(self, entries: Entries, keys: AuditKeys, end: Head | None, *, at: Head, before: str) -> None:
        """``end`` is where the chain says that it ends, ``at`` the last event that holds, which follows ``before``."""
        self._entries, self._keys, self._end = entries, keys, end
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
            return break_of(BreakKind.INSERTED, self._seq - 1, "what follows belongs to the event before it")
        return None

    def _misplaced(self, entry: Entry) -> Break | None:
        """The expected event, with another number or another previous hash on it."""
        seq = self._seq
        if self._is(entry, seq, self._at.hash):
            if entry.seq == seq:
                return break_of(BreakKind.CHANGED, seq, "it names another hash as the previous one")
            return break_of(BreakKind.REORDERED, seq, f"it carries the number {entry.seq}")
        return None

    def _elsewhere(self, entry: Entry) -> Break | None:
        """When the expected event stands in another place: is this one a true event too."""
        seq, previous = self._seq, self._at.hash
        others = (each for each in self._following(previous) if each != entry)
        true = next((each for each in others if self._is(each, seq, previous)), None)
        if true is None:
            return None
        if self._belongs_elsewhere(entry):
            return break_of(
                BreakKind.REORDERED, seq, f"another event stands there, and it stands at {true.seq}"
            )
        return break_of(BreakKind.INSERTED, entry.seq, f"it stands where event {seq} belongs")

    def _not_there(self, entry: Entry) -> Break:
        """The expected event stands nowhere as it was written."""
        if entry.seq > self._seq:
            return break_of(BreakKind.MISSING, self._seq, f"event {entry.seq} stands in its place")
        if entry.seq < self._seq:
            return break_of(BreakKind.INSERTED, entry.seq, f"it stands where event {self._seq} belongs")
        return self._changed(entry)

    def _changed(self, entry: Entry) -> Break:
        """The event in the right place, which does not follow; another one may have been changed with its hash."""
        seq = self._seq
        follows_another = entry.previous != self._at.hash and self._is(entry, seq, entry.previous)
        if follows_another and self._before and self._is_followed(entry):
            return break_of(BreakKind.CHANGED, seq - 1, f"event {seq} follows another one")
        return break_of(BreakKind.CHANGED, seq)

    def _is_followed(self, entry: Entry) -> bool:
        is_end = self._end is not None and self._end.hash == entry.hash
        return is_end or any(self._following(entry.hash))

    def _belongs_elsewhere(self, entry: Entry) -> bool:
        """Whether this is a true event of the chain, in another place than its own."""
        numbers = {self._seq + 1, entry.seq} | {e.seq + 1 for e in self._with_hash(entry.previous)}
        return entry.previous != self._at.hash and any(
            self._is(entry, number, entry.previous) and any(self._with_hash(entry.previous))
            for number in numbers
        )

    def _is(self, entry: Entry, seq: int, previous: str) -> bool:
        hasher = self._keys.hasher(entry.seal)
        return hasher is not None and fits(entry._replace(seq=seq, previous=previous), hasher)

    def _following(self, previous: str) -> Iterator[Entry]:
        return _as_far_as_readable(self._entries.following(previous))

    def _with_hash(self, wanted: str) -> Iterator[Entry]:
        return _as_far_as_readable(self._entries.with_hash(wanted))


def _as_far_as_readable(entries: Iterable[Entry]) -> Iterator[Entry]:
    try:
        yield from entries
    except UnreadableError:
        return
