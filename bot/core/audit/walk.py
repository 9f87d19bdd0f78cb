"""Verifying a chain of audit events: whole, or the first event that is not, and what happened to it."""

from dataclasses import dataclass, field, replace

from bot.core.audit.breaks import (
    WORDS,
    Break,
    BreakKind,
    Diagnosis,
    Entries,
    UnreadableError,
    break_of,
    cut_off,
    fits,
    wrong_head,
)
from bot.core.audit.events import GENESIS
from bot.core.audit.format import KEYED, PLAIN, UNSEALED, AuditKeys, Entry, Hasher, Head, is_keyed
from bot.core.errors import UsageError

START = Head(seq=0, hash=GENESIS)
"""What the first event of all follows."""
GAPS_TOLD = 1_000


_NOT_KNOWN = "its hash is not the one that the known head names"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainVerdict:
    """What verifying found: up to ``last``, everything is as it was written."""

    events: int
    first: int | None
    last: Head
    keyed_from: int | None
    """The first event whose hash needs a key."""
    broken: Break | None
    complete: bool = True
    """Of a file: whether it says of itself that it leaves out nothing between its first event and its last."""
    gaps: tuple[tuple[int, int], ...] = ()
    """The first and last of the events that are left out between others; the first ``GAPS_TOLD`` of such stretches."""
    left_out: int = 0
    """Events in all such stretches."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing between the first event and the last is left out."""
        return self.complete and not self.left_out

    def but(self, broken: Break | None) -> "ChainVerdict":
        """The same, with what was found besides."""
        return replace(self, broken=broken)


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
    _gaps: list[tuple[int, int]] = field(default_factory=list)
    _left_out: int = 0

    def verify(self) -> ChainVerdict:
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
            kind = BreakKind.CUT_OFF if error.cut else BreakKind.CHANGED
            seq = self._at.seq + 1
            broken = Break(seq=seq, kind=kind, reason=f"event {seq} {WORDS[kind]}: {error.reason}")
        return ChainVerdict(
            events=self._count, first=self._first, last=self._at, keyed_from=self._keyed_from, broken=broken,
            gaps=tuple(self._gaps), left_out=self._left_out,
        )  # fmt: skip

    def _walk(self) -> Break | None:
        """The hot loop: what happens once per event has its names at hand."""
        seq, previous, before, seal = self._at.seq, self._at.hash, "", None
        hasher: Hasher | None = None
        ends, pinned = self._pins()
        first = None
        try:
            for entry in self.entries:
                if self.gaps and entry.seq > seq + 1:
                    self._leave_out(seq + 1, entry.seq - 1)
                    seq, previous = entry.seq - 1, entry.previous
                if seq == ends:
                    return self._beyond(entry, Head(seq=seq, hash=previous), before)
                if entry.seal != seal:
                    broken = self._new_seal(entry, seq + 1)
                    if broken is not None:
                        return self._diagnosis(Head(seq=seq, hash=previous), before).instead(entry) or broken
                    seal, hasher = entry.seal, self.keys.hasher(entry.seal)
                if (
                    entry.seq != seq + 1
                    or entry.previous != previous
                    or hasher is None
                    or not fits(entry, hasher)
                ):
                    return self._diagnosis(Head(seq=seq, hash=previous), before).of(entry)
                seq, before, previous = entry.seq, previous, entry.hash
                first = first or seq
                self._count += 1
                if seq == pinned and self.known is not None:
                    self._pinned = True
                    if previous != self.known.hash:
                        return break_of(BreakKind.CHANGED, seq, _NOT_KNOWN)
        finally:
            self._at, self._first = Head(seq=seq, hash=previous), first
        return None

    def _leave_out(self, first: int, last: int) -> None:
        self._left_out += last - first + 1
        if len(self._gaps) < GAPS_TOLD:
            self._gaps.append((first, last))

    def _diagnosis(self, at: Head, before: str) -> Diagnosis:
        return Diagnosis(self.entries, self.keys, self.end, at=at, before=before)

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
            return break_of(BreakKind.CHANGED, seq, "its hash was made in another way than it says")
        if not keyed:
            return break_of(
                BreakKind.UNKEYED if here else BreakKind.CHANGED, seq, f"its seal is {entry.seal!r}"
            )
        if here:
            return break_of(BreakKind.UNKEYED, seq, "its key had been given up for a newer one")
        key = entry.seal.removeprefix(KEYED)
        return break_of(BreakKind.KEY_NEEDED, seq, f"it is sealed with the key {key}; set DECKHAND_AUDIT_KEY")

    def _was_sealed(self, entry: Entry, seal: str) -> bool:
        hasher = self.keys.hasher(seal)
        return hasher is not None and seal != entry.seal and fits(entry._replace(seal=seal), hasher)

    def _beyond(self, entry: Entry, last: Head, before: str) -> Break:
        """An event after the one that the head names as the last."""
        if self.end is not None and last.hash == self.end.hash:
            return break_of(BreakKind.INSERTED, last.seq + 1, f"{entry.seq} stands behind the last event")
        return self._diagnosis(last, before).doubled(entry) or wrong_head(last.seq)

    def _ending(self) -> Break | None:
        """What is wrong with where the events end."""
        last, end, known = self._at, self.end, self.known
        if end is not None and end != last:
            if end.seq > last.seq and end.hash != last.hash:
                return cut_off(last.seq + 1, end.seq)
            return wrong_head(last.seq)
        if known is not None and known.seq > last.seq:
            return cut_off(last.seq + 1, known.seq)
        if known is not None and known.seq == self.start.seq and known.hash != self.start.hash:
            return break_of(BreakKind.CHANGED, known.seq, _NOT_KNOWN)
        if known is not None and known.seq > self.start.seq and not self._pinned:
            raise UsageError(f"Event {known.seq} is not in what is verified, so its hash cannot be compared.")
        if self.demand_key and self.keys and self._count and not is_keyed(self._seal or ""):
            return break_of(BreakKind.UNKEYED, last.seq, "it is the last one, and DECKHAND_AUDIT_KEY is set")
        return None
