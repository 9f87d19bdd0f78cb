"""The audit chain: ``append`` is the only function that writes events."""

import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias, cast

from sqlalchemy import Row, Text, func, insert, type_coerce, update
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from bot.core.audit import GENESIS, ChainedEvent, Event, Json, Tag, chain_hash, first_break
from bot.core.errors import StoreUnavailableError
from bot.store.columns import read_moment, storable, storable_json
from bot.store.models import EventRow, HeadRow
from bot.store.sessions import now

BATCH = 1000

_Columns: TypeAlias = Row[int, str, str, str, str, str, str, str, str]


def append(session: Session, events: Mapping[str, Event]) -> None:
    """Add events to the chain, by the key under which each may happen once; known keys are left out.

    The chain's head stays locked until the transaction ends, so call it after all other locks are taken.
    """
    if not events:
        return
    head = _locked_head(session)
    known = _known(session, tuple(events))
    at, seq, previous = now(session), head.seq, head.hash
    rows = []
    for key, given in events.items():
        if storable(key) in known:
            continue
        event, seq = _storable_event(given), seq + 1
        digest = chain_hash(previous, seq, at, event)
        rows.append(
            {
                "seq": seq,
                "at": at,
                "tag": str(event.tag),
                "plan": event.plan,
                "host": event.host,
                "actor": event.actor,
                "facts": _facts_text(event.facts),
                "previous": previous,
                "hash": digest,
                "key": key,
            }
        )
        previous = digest
    if rows:
        session.execute(insert(EventRow), rows)
        session.execute(
            update(HeadRow).values(seq=seq, hash=previous).execution_options(synchronize_session=False)
        )


def _locked_head(session: Session) -> HeadRow:
    head = session.exec(
        select(HeadRow).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if head is None:
        raise StoreUnavailableError(
            "The audit database has lost the head of its chain: someone has changed it. "
            "Nothing is removed until it is restored; `deckhand audit verify` says more."
        )
    return head


def of_plan(session: Session, plan_id: str) -> tuple[ChainedEvent, ...]:
    """All events of a plan, oldest first; StoreUnavailableError when one of them was tampered with."""
    rows = session.execute(_LINKS.where(col(EventRow.plan) == plan_id).order_by(col(EventRow.seq))).all()
    links, unreadable = _readable(rows)
    if unreadable:
        raise StoreUnavailableError(f"The audit of plan {plan_id} is damaged: {unreadable}.")
    return tuple(links)


def broken_link(session: Session) -> str | None:
    """Walk the chain from its first event to its head; None when whole, else what is wrong where."""
    previous, seq = GENESIS, 1
    # From the very first row: someone may have put one before event 1.
    first = session.scalar(select_columns(func.min(col(EventRow.seq))))
    start = seq if first is None else min(first, seq)
    while True:
        batch = session.execute(
            _LINKS.where(col(EventRow.seq) >= start).order_by(col(EventRow.seq)).limit(BATCH)
        ).all()
        links, unreadable = _readable(batch)
        broken = first_break(links, previous, seq) or unreadable
        if broken is not None:
            return broken
        if links:
            previous, seq = links[-1].hash, links[-1].seq + 1
            start = seq
        if len(batch) < BATCH:
            return _wrong_head(session.exec(select(HeadRow)).one_or_none(), seq - 1, previous)


_LINKS = select_columns(
    # As text, since someone may have left there what is no moment.
    col(EventRow.seq),
    type_coerce(col(EventRow.at), Text),
    col(EventRow.tag),
    col(EventRow.plan),
    col(EventRow.host),
    col(EventRow.actor),
    col(EventRow.facts),
    col(EventRow.previous),
    col(EventRow.hash),
)


def _readable(rows: Sequence[_Columns]) -> tuple[list[ChainedEvent], str | None]:
    """The events up to the first that cannot be read, and what to say about that one."""
    links: list[ChainedEvent] = []
    for row in rows:
        try:
            links.append(_link(row))
        except (ValueError, TypeError, RecursionError):
            return links, f"event {row[0]} was changed after it was written: it can no longer be read"
    return links, None


def _link(row: _Columns) -> ChainedEvent:
    seq, at, tag, plan, host, actor, text, previous, digest = row
    facts = json.loads(text)
    if not isinstance(facts, dict) or _facts_text(facts) != text:
        raise ValueError(f"the facts of event {seq} are not in the form in which they were written")
    event = Event(tag=_tag(tag), plan=plan, host=host, actor=actor, facts=facts)
    return ChainedEvent(seq=seq, at=read_moment(at), event=event, previous=previous, hash=digest)


def _tag(text: str) -> Tag:
    """The tag, or its bare text when a newer release wrote it: the chain holds all the same."""
    try:
        return Tag(text)
    except ValueError:
        return cast("Tag", text)


def _wrong_head(head: HeadRow | None, seq: int, digest: str) -> str | None:
    if head is None:
        return f"the head of the chain is missing; event {seq} is the last that is there"
    if head.seq > seq:
        return f"event {seq + 1} is missing: the head of the chain stands at event {head.seq}"
    if head.seq != seq or head.hash != digest:
        return (
            f"event {seq} is the last that is there, and the head of the chain was changed: it names another"
        )
    return None


def _known(session: Session, keys: Sequence[str]) -> set[str]:
    """Those of the keys that the chain has already; asked in parts, since parameters are limited."""
    known: set[str] = set()
    for start in range(0, len(keys), BATCH):
        part = keys[start : start + BATCH]
        known.update(session.exec(select(EventRow.key).where(col(EventRow.key).in_(part))))
    return known


def _storable_event(event: Event) -> Event:
    """The event as the database will give it back: this is what is hashed."""
    return Event(
        tag=event.tag,
        plan=storable(event.plan),
        host=storable(event.host),
        actor=storable(event.actor),
        facts={storable(key): storable_json(value) for key, value in event.facts.items()},
    )


def _facts_text(facts: Mapping[str, Json]) -> str:
    return json.dumps(dict(facts), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
