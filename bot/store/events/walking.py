"""Walking the chain of a database from its start to its head, and the checkpoints that stand for what was archived."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import func
from sqlalchemy import select as select_columns
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, select

from bot.core.audit.breaks import Break, BreakKind
from bot.core.audit.events import Tag
from bot.core.audit.format import AuditKeys, Entry, Head, message
from bot.core.audit.walk import START, ChainVerdict, Verification
from bot.store.db.sessions import audit_keys
from bot.store.events.chain import streamed
from bot.store.models import EventRow, HeadRow, PlanRow

T = TypeVar("T")


class StoredEntries:
    """The events of a database, in the order of their numbers."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __iter__(self) -> Iterator[Entry]:
        return streamed(self._session)

    def following(self, previous: str) -> Iterator[Entry]:
        return streamed(self._session, col(EventRow.previous) == previous)

    def with_hash(self, wanted: str) -> Iterator[Entry]:
        return streamed(self._session, col(EventRow.hash) == wanted)


def verify(session: Session, known: Head | None = None) -> ChainVerdict:
    """Walk the chain from its first event, or from the checkpoint that stands for those before, to its head."""
    return tolerantly(session, lambda: _verify(session, known))


def tolerantly(session: Session, work: Callable[[], T]) -> T:
    """Do it also where a column of texts holds what is no text."""
    try:
        return work()
    except OperationalError:
        if session.get_bind().dialect.name != "sqlite":
            raise
        # SQLite keeps bytes that are no text in a column of texts, and the driver gives up at them.
        with _any_text(session):
            return work()


@contextmanager
def _any_text(session: Session) -> Iterator[None]:
    """Read what is no text too, as something that was never hashed."""
    driver: Any = session.connection().connection.dbapi_connection
    driver.text_factory = lambda data: data.decode(errors="surrogateescape")
    try:
        yield
    finally:
        driver.text_factory = str


def _verify(session: Session, known: Head | None) -> ChainVerdict:
    keys = audit_keys(session)
    start, vouched = _start(session, keys)
    head = session.exec(select(HeadRow)).one_or_none()
    verdict = Verification(
        entries=StoredEntries(session),
        start=start,
        end=None if head is None else Head(seq=head.seq, hash=head.hash),
        known=known,
        keys=keys,
    ).verify()
    if verdict.broken is not None:
        return verdict
    broken = None
    if not verdict.events and keys and not _is_new(session):
        reason = "the chain is empty, and the database is not: there are plans, and DECKHAND_AUDIT_KEY is set"
        broken = Break(seq=1, kind=BreakKind.MISSING, reason=reason)
    elif not vouched:
        reason = f"event 1 is missing: the first that is there is {verdict.first}, and no checkpoint names those before"
        broken = Break(seq=1, kind=BreakKind.MISSING, reason=reason)
    elif head is None:
        seq = verdict.last.seq
        reason = f"the head of the chain is missing; event {seq} is the last that is there"
        broken = Break(seq=seq, kind=BreakKind.MISSING, reason=reason)
    return verdict.but(broken)


def _start(session: Session, keys: AuditKeys) -> tuple[Head, bool]:
    """What the first event that is there follows, and whether something says so that itself holds."""
    checkpoint = newest_checkpoint(session)
    cut = cut_of(checkpoint) if checkpoint else None
    if checkpoint is not None and cut is not None and _was_written(session, keys, checkpoint, cut):
        return cut, True
    first = next(streamed(session, col(EventRow.seq) == lowest(session)), None)
    if first is None or first.seq <= 1:
        return START, True
    return Head(seq=first.seq - 1, hash=first.previous), False


def _is_new(session: Session) -> bool:
    """Whether nothing was ever planned here: then there was nothing to write into the chain."""
    return session.execute(select_columns(col(PlanRow.id)).limit(1)).first() is None


def _was_written(session: Session, keys: AuditKeys, checkpoint: Entry, cut: Head) -> bool:
    """Whether a checkpoint is as it was written, whatever number it carries now: where it stands, the walk says."""
    hasher = keys.hasher(checkpoint.seal)
    before = streamed(session, col(EventRow.hash) == checkpoint.previous)
    numbers = {checkpoint.seq, cut.seq + 1, *(entry.seq + 1 for entry in before)}
    return hasher is not None and any(
        hasher(message(checkpoint.previous, checkpoint._replace(seq=number))) == checkpoint.hash
        for number in numbers
    )


def lowest(session: Session) -> int:
    """The number of the first event that is there; 0 when there is none."""
    return session.execute(select_columns(func.min(col(EventRow.seq)))).scalar() or 0


def newest_checkpoint(session: Session) -> Entry | None:
    """The event that stands for all that was archived."""
    newest = select_columns(func.max(col(EventRow.seq))).where(col(EventRow.tag) == str(Tag.AUDIT_ARCHIVED))
    seq = session.execute(newest).scalar()
    return None if seq is None else next(streamed(session, col(EventRow.seq) == seq), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedTo:
    """Where events went, as a checkpoint says."""

    checkpoint: int
    first: int
    last: int
    file: str
    sha256: str


def archives(session: Session) -> tuple[ArchivedTo, ...]:
    """What was archived, and to which files; of the checkpoints that are still there."""
    found = []
    for checkpoint in streamed(session, col(EventRow.tag) == str(Tag.AUDIT_ARCHIVED)):
        cut = cut_of(checkpoint)
        if cut is not None:
            facts = json.loads(checkpoint.facts)
            found.append(
                ArchivedTo(
                    checkpoint=checkpoint.seq, first=int(facts.get("first", 1)), last=cut.seq,
                    file=str(facts.get("file", "a file")), sha256=str(facts.get("sha256", "")),
                )
            )  # fmt: skip
    return tuple(found)


def cut_of(checkpoint: Entry) -> Head | None:
    """The last event that a checkpoint stands for; None when it cannot be read."""
    try:
        facts = json.loads(checkpoint.facts)
        return Head(seq=int(facts["last"]), hash=str(facts["hash"]))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
