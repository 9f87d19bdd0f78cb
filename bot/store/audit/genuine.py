"""Events of a plan that are as they were written: what steers is read from these alone."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlmodel import Session, col

from bot.core.audit.events import ChainedEvent
from bot.core.audit.format import KEYED, Entry, is_keyed, message
from bot.core.errors import StoreUnavailableError
from bot.store.audit.chain import ENTRIES, link
from bot.store.db.sessions import audit_keys
from bot.store.models import EventRow


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


def _keyed_from(session: Session) -> int | None:
    """The number of the first event with a key."""
    first = select(col(EventRow.seq)).where(col(EventRow.seal).like(f"{KEYED}%")).order_by(col(EventRow.seq))
    return session.scalar(first.limit(1))
