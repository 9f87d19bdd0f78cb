"""What a database says of the end of an export: the same event, or the checkpoint that stands for it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from sqlmodel import Session, col

from bot.core.audit.breaks import Break, BreakKind
from bot.core.audit.events import Tag
from bot.core.audit.format import AuditKeys, Entry, Head, is_keyed, message
from bot.store.db.sessions import audit_keys
from bot.store.events import chain, walking
from bot.store.models import EventRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """What stands in the database for one event."""

    seq: int
    """The event that says so."""
    hash: str
    """The hash that the event in question has by this."""
    sha256: str
    """Of the file that it was archived to; empty when the event itself is still there."""
    keyed: bool
    """Whether it is sealed with a key of ours, and fits: then nobody without the key has written it."""

    def vouches_for(self, last: Head) -> bool:
        """Whether somebody with the key has said that this is the event."""
        return self.keyed and self.hash == last.hash

    def contradicts(self, last: Head) -> Break | None:
        if self.hash == last.hash:
            return None
        reason = (
            f"event {last.seq} was changed after it was written: event {self.seq} of the database says so"
        )
        return Break(seq=last.seq, kind=BreakKind.CHANGED, reason=reason)


def witness(session: Session, seq: int) -> Witness | None:
    """The witness of an event; None when the database knows nothing of it."""
    keys = audit_keys(session)
    there = next(chain.streamed(session, col(EventRow.seq) == seq), None)
    if there is not None:
        return Witness(seq=seq, hash=there.hash, sha256="", keyed=_is_keyed(there, keys))
    for checkpoint in _checkpoints(session):
        cut = walking.cut_of(checkpoint)
        if cut is not None and cut.seq == seq:
            sha256 = str(json.loads(checkpoint.facts).get("sha256", ""))
            return Witness(
                seq=checkpoint.seq, hash=cut.hash, sha256=sha256, keyed=_is_keyed(checkpoint, keys)
            )
    return None


def _checkpoints(session: Session) -> Iterator[Entry]:
    return chain.streamed(session, col(EventRow.tag) == str(Tag.AUDIT_ARCHIVED))


def _is_keyed(entry: Entry, keys: AuditKeys) -> bool:
    hasher = keys.hasher(entry.seal)
    return (
        hasher is not None and is_keyed(entry.seal) and hasher(message(entry.previous, entry)) == entry.hash
    )
