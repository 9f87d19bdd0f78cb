"""The audit chain: ``append`` is the only function that writes events."""

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import cast

from sqlalchemy import ColumnElement, Text, insert, type_coerce, update
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from bot.core.audit.events import ChainedEvent, Event, Tag, time_text
from bot.core.audit.format import KEYED, AuditKeys, Entry, Head, facts_text, is_keyed, message
from bot.core.errors import StoreUnavailableError
from bot.core.json import Json, storable, storable_json
from bot.core.traces import trace
from bot.store.db.columns import read_moment
from bot.store.db.sessions import WRITTEN, DatabaseNow, audit_keys, now
from bot.store.models import EventRow, HeadRow

BATCH = 1000


def append(session: Session, events: Mapping[str, Event]) -> Head | None:
    """Add events to the chain, by the key under which each may happen once; known keys are left out.

    The new end of the chain, or None when all keys were known. The chain's head stays locked until the
    transaction ends, so call it after all other locks are taken.
    """
    if not events:
        return None
    head = locked_head(session)
    already = known(session, tuple(events))
    # Asked after the lock was had: the moment, and the seal of the event that is the last one now.
    last = select(EventRow.seal).where(col(EventRow.seq) == head.seq).scalar_subquery()
    at, last_seal = session.exec(select(DatabaseNow(), last)).one()
    keys = audit_keys(session)
    _must_go_on(keys, last_seal or "")
    rows = []
    for key, given in events.items():
        if storable(key) in already:
            continue
        entry = _sealed(head, time_text(at), storable(key), _with_trace(given), keys)
        head = Head(seq=entry.seq, hash=entry.hash)
        row = entry._asdict()
        rows.append({"key": row.pop("once"), **row, "at": at})
    if not rows:
        return None
    session.execute(insert(EventRow), rows)
    added = {row["key"] for row in rows}
    session.info.setdefault(WRITTEN, []).extend(one for key, one in events.items() if storable(key) in added)
    session.execute(
        update(HeadRow).values(seq=head.seq, hash=head.hash).execution_options(synchronize_session=False)
    )
    return head


def saying(event: Event, more: Mapping[str, Json]) -> Event:
    """The event, with what is written into rows beside it: the record must read without them."""
    return replace(event, facts={**event.facts, **more})


def _with_trace(event: Event) -> Event:
    """The event, with the id of the click that it comes of: the one that stands in the log's lines."""
    done = trace()
    return saying(event, {"trace": done}) if done else event


def record(session: Session, event: Event) -> None:
    """Add an event that changes no state."""
    append(session, {f"{event.plan}/record {uuid.uuid4()}": event})


def append_refusal(session: Session, event: Event) -> None:
    """Add a refused attempt, unless the same person was refused the same in this minute of the database's clock."""
    same = facts_text(
        {"tag": str(event.tag), "plan": event.plan, "host": event.host, "facts": dict(event.facts)}
    )
    digest = hashlib.sha256(storable(same).encode()).hexdigest()
    append(session, {f"refused/{event.actor}/{digest}/{now(session):%Y-%m-%dT%H:%M}": event})


def _sealed(previous: Head, at: str, once: str, event: Event, keys: AuditKeys) -> Entry:
    """The event as the database will give it back, with its hash."""
    entry = Entry(
        seq=previous.seq + 1,
        at=at,
        tag=str(event.tag),
        plan=storable(event.plan),
        host=storable(event.host),
        actor=storable(event.actor),
        facts=facts_text({storable(key): storable_json(value) for key, value in event.facts.items()}),
        previous=previous.hash,
        hash="",
        once=once,
        seal=keys.seal,
    )
    hasher = keys.hasher(entry.seal)
    assert hasher is not None  # noqa: S101 - it is the seal of our own newest key
    return entry._replace(hash=hasher(message(previous.hash, entry)))


def _must_go_on(keys: AuditKeys, last_seal: str) -> None:
    """A keyed chain is continued by whoever has its key, and by nobody else."""
    if is_keyed(last_seal) and keys.hasher(last_seal) is None:
        raise StoreUnavailableError(
            f"The audit is sealed with the key {last_seal.removeprefix(KEYED)}, which is not in DECKHAND_AUDIT_KEY. "
            "Nothing is removed until it is there; a new key goes before it, with a comma between them."
        )


def locked_head(session: Session) -> Head:
    """The end of the chain, locked until the transaction ends."""
    row = session.exec(
        select(HeadRow).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise StoreUnavailableError(
            "The audit database has lost the head of its chain: someone has changed it. "
            "Nothing is removed until it is restored; `deckhand audit verify` says more."
        )
    return Head(seq=row.seq, hash=row.hash)


def begin_sealing(session: Session) -> None:
    """Say in the chain that a key is used from here on, when it is not the one of the last event.

    StoreUnavailableError when the last event has a key that is not here.
    """
    keys, head = audit_keys(session), locked_head(session)
    last = session.exec(select(EventRow.seal).where(col(EventRow.seq) == head.seq)).one_or_none()
    _must_go_on(keys, last or "")
    if keys and keys.seal != last:
        facts: dict[str, Json] = {"key": keys.seal.removeprefix(KEYED), "follows": head.seq}
        append(session, {f"audit/{keys.seal} after {head.seq}": Event(tag=Tag.AUDIT_KEYED, facts=facts)})


def announce(session: Session, day: date, channel: str) -> Head | None:
    """Write that the head of a day is posted to a channel; None when somebody has written it before."""
    facts: dict[str, Json] = {"day": day.isoformat(), "channel": channel}
    return append(session, {f"audit/head of {day}": Event(tag=Tag.AUDIT_HEAD_POSTED, facts=facts)})


def claim(session: Session, event: Event, once: str) -> bool:
    """Write what may happen once; False when somebody has written it before."""
    return append(session, {once: event}) is not None


def head(session: Session) -> Head:
    """Where the chain ends."""
    row = session.exec(select(HeadRow)).one_or_none()
    if row is None:
        raise StoreUnavailableError("The head of the chain is missing; `deckhand audit verify` says more.")
    return Head(seq=row.seq, hash=row.hash)


def of_plan(session: Session, plan_id: str) -> tuple[ChainedEvent, ...]:
    """All events of a plan, oldest first; StoreUnavailableError when one of them was tampered with."""
    return tuple(link(entry, plan_id) for entry in of_plan_unread(session, plan_id))


def of_plan_unread(session: Session, plan_id: str) -> Iterator[Entry]:
    """All events of a plan as they stand there, oldest first."""
    rows = session.execute(ENTRIES.where(col(EventRow.plan) == plan_id).order_by(col(EventRow.seq)))
    return map(Entry._make, rows)


def of_plan_since(session: Session, plan_id: str, seq: int, but: Sequence[Tag]) -> list[Entry]:
    """The events of a plan after one of them as they stand there, without some tags."""
    wanted = ENTRIES.where(
        col(EventRow.plan) == plan_id,
        col(EventRow.seq) > seq,
        col(EventRow.tag).not_in([str(tag) for tag in but]),
    )
    return list(map(Entry._make, session.execute(wanted.order_by(col(EventRow.seq)))))


_EVENT = EventRow.metadata.tables["event"].c
ENTRIES = select_columns(
    # The table's own columns, not the row's: the ORM would look at each value again.
    _EVENT.seq,
    # As text, since someone may have left there what is no moment.
    type_coerce(_EVENT.at, Text),
    _EVENT.tag,
    _EVENT.plan,
    _EVENT.host,
    _EVENT.actor,
    _EVENT.facts,
    _EVENT.previous,
    _EVENT.hash,
    _EVENT.key,
    _EVENT.seal,
)
"""The columns of ``bot.core.audit.format.Entry``."""


def streamed(session: Session, *where: ColumnElement[bool]) -> Iterator[Entry]:
    """Entries in ascending order, read as they are asked for: constant memory, one snapshot."""
    rows = session.execute(ENTRIES.where(*where).order_by(_EVENT.seq), execution_options={"yield_per": BATCH})
    with rows:  # the cursor stays on the server until it is closed, also when nobody reads to the end
        for part in rows.partitions():
            yield from map(Entry._make, part)


def link(entry: Entry, plan_id: str) -> ChainedEvent:
    """An event as it is read; StoreUnavailableError when it is not one as we write them."""
    try:
        facts = json.loads(entry.facts)
        if not isinstance(facts, dict) or facts_text(facts) != entry.facts:
            raise ValueError("the facts are not in the form in which they were written")  # noqa: TRY301 - one way out
        at = read_moment(entry.at)
    except (ValueError, TypeError, RecursionError) as error:
        raise StoreUnavailableError(
            f"The audit of plan {plan_id} is damaged: event {entry.seq} was changed after it was written: "
            "it can no longer be read."
        ) from error
    event = Event(tag=_tag(entry.tag), plan=entry.plan, host=entry.host, actor=entry.actor, facts=facts)
    return ChainedEvent(
        seq=entry.seq, at=at, event=event, previous=entry.previous, hash=entry.hash, once=entry.once,
        seal=entry.seal,
    )  # fmt: skip


def _tag(text: str) -> Tag:
    """The tag, or its bare text when a newer release wrote it: the chain holds all the same."""
    try:
        return Tag(text)
    except ValueError:
        return cast("Tag", text)


def known(session: Session, keys: Sequence[str]) -> set[str]:
    """Those of the keys that the chain has already; asked in parts, since parameters are limited."""
    found: set[str] = set()
    for start in range(0, len(keys), BATCH):
        part = keys[start : start + BATCH]
        found.update(session.exec(select(EventRow.key).where(col(EventRow.key).in_(part))))
    return found
