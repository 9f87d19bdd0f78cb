"""Which events of the table belong to the chain: the triggers let nobody change one, but anybody may add some."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sqlmodel import Session, col, select

from bot.core.audit.events import Tag
from bot.core.audit.format import Entry, message
from bot.store.db.sessions import audit_keys
from bot.store.events.chain import streamed
from bot.store.events.walking import cut_of
from bot.store.models import EventRow, HeadRow


class InChain:
    """Tells a session's events of the chain from what stands beside it.

    That is what stands behind its head, or before what was archived, or has a hash that its own text does not have.
    To whoever has no key at all, a keyed hash says nothing.
    `bot.store.events.walking` alone proves that a whole chain is as it was written; this is what can be told of
    one event.
    """

    def __init__(self, session: Session) -> None:
        head = session.exec(select(HeadRow)).one_or_none()
        self._keys = audit_keys(session)
        self._last = head.seq if head else 0
        self._first, self._before = 1, ""
        checkpoints = streamed(session, col(EventRow.tag) == str(Tag.AUDIT_ARCHIVED))
        for checkpoint in [each for each in checkpoints if self.has(each)]:
            cut = cut_of(checkpoint)
            if cut is not None and cut.seq < checkpoint.seq:
                self._first, self._before = cut.seq + 1, _before(checkpoint)

    @property
    def is_archived(self) -> bool:
        """Whether the chain's first events were moved to a file."""
        return self._first > 1

    def was_archived(self, row: Mapping[str, Any] | None) -> bool:
        """Whether the events of a plan that was made when its row says may have been moved to a file."""
        return self.is_archived and row is not None and str(row["created_at"]) < self._before

    def stands_in_it(self, seq: int) -> bool:
        """Whether there is an event of that number in the chain."""
        return self._first <= seq <= self._last

    def has(self, entry: Entry) -> bool:
        """Whether this is one of its events, as far as one event tells."""
        if not self.stands_in_it(entry.seq):
            return False
        hasher = self._keys.hasher(entry.seal)
        if hasher is None:
            return not self._keys
        try:
            return hasher(message(entry.previous, entry)) == entry.hash
        except (TypeError, ValueError):  # what is no text at all
            return False

    def split(self, entries: Iterable[Entry]) -> tuple[list[Entry], list[Entry]]:
        """Those that belong to it, and those that do not."""
        own: list[Entry] = []
        strange: list[Entry] = []
        for entry in entries:
            (own if self.has(entry) else strange).append(entry)
        return own, strange


def _before(checkpoint: Entry) -> str:
    """Up to which moment events were archived."""
    return str(json.loads(checkpoint.facts).get("before", checkpoint.at))
