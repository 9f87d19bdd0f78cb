"""Events of a plan that are as they were written: what steers is read from these alone."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlmodel import Session, col

from bot.core.audit.events import ChainedEvent
from bot.core.audit.format import KEYED, Entry, is_keyed, message
from bot.core.errors import StoreUnavailableError
from bot.store.db.sessions import audit_keys
from bot.store.events.chain import ENTRIES, link, streamed
from bot.store.models import EventRow, HeadRow


def event(session: Session, once: str) -> ChainedEvent | None:
    """The event of what happened once; None when there is none, or it is not as it was written."""
    rows = session.execute(ENTRIES.where(col(EventRow.key) == once))
    return next(_genuine(session, map(Entry._make, rows)), None)


def events(session: Session, plan_id: str) -> Iterator[ChainedEvent]:
    """The events of a plan, oldest first, without those that are not as they were written."""
    rows = session.execute(ENTRIES.where(col(EventRow.plan) == plan_id).order_by(col(EventRow.seq)))
    return _genuine(session, map(Entry._make, rows))


def _genuine(session: Session, entries: Iterator[Entry]) -> Iterator[ChainedEvent]:
    keys, keyed_from = audit_keys(session), None
    for entry in entries:
        hasher = keys.hasher(entry.seal)
        try:
            fits = hasher is not None and hasher(message(entry.previous, entry)) == entry.hash
        except (TypeError, ValueError):  # what is no text at all
            continue
        if fits and keys and not is_keyed(entry.seal):
            # Anybody can make the hash of one without a key: it counts where it stands before the first with one.
            keyed_from = keyed_from or _keyed_from(session)
            fits = keyed_from is None or entry.seq < keyed_from
        if not fits:
            continue
        try:
            yield link(entry, entry.plan)
        except StoreUnavailableError:
            continue


def is_whole(session: Session, since: int) -> bool:
    """Whether all events from that number to the chain's head are there, each as it was written and in its place.

    What was written of a plan may be taken away: the triggers let go of what a checkpoint names, and anybody may
    write something that looks like one.
    """
    keys, keyed = audit_keys(session), False
    head = session.execute(select(col(HeadRow.seq), col(HeadRow.hash))).one_or_none()
    if head is None:
        return False
    seq, found = since, ""
    for entry in streamed(session, col(EventRow.seq) >= since, col(EventRow.seq) <= head.seq):
        hasher = keys.hasher(entry.seal)
        try:
            fits = hasher is not None and hasher(message(entry.previous, entry)) == entry.hash
        except (TypeError, ValueError):  # what is no text at all
            return False
        follows = entry.seq == seq and found in {"", entry.previous}
        if not fits or not follows or (keyed and not is_keyed(entry.seal)):
            return False
        seq, found, keyed = entry.seq + 1, entry.hash, is_keyed(entry.seal)
    return bool(seq == head.seq + 1 and found == head.hash)


def _keyed_from(session: Session) -> int | None:
    """The number of the first event with a key."""
    first = select(col(EventRow.seq)).where(col(EventRow.seal).like(f"{KEYED}%")).order_by(col(EventRow.seq))
    return session.scalar(first.limit(1))
