"""Audit events: what happened, who did it, and the facts of that moment, in a chain of hashes.

The hash of an event is the SHA-256, in lower-case hexadecimal, of the previous hash, a line feed and the
canonical form, as UTF-8. That is JSON with sorted keys, no white space, no escapes beyond those JSON demands,
integers only (no floats), and times as ``YYYY-MM-DDTHH:MM:SS.ffffffZ``. Its keys are ``seq``, ``at``,
``tag``, ``plan``, ``host``, ``actor`` and ``facts``. The first event follows 64 zeros.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeAlias

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"

GENESIS = "0" * 64


class Tag(StrEnum):
    """What an event says: ``source:subject:action``."""

    PLAN_PROPOSED = "slack:plan:proposed"
    PLAN_VOTED = "slack:plan:voted"
    PLAN_APPROVED = "slack:plan:approved"
    PLAN_REJECTED = "slack:plan:rejected"
    PLAN_REFUSED = "slack:plan:refused"
    PLAN_EXPIRED = "deckhand:plan:expired"
    PLAN_CANCELLED = "deckhand:plan:cancelled"
    CLEANUP_STARTED = "deckhand:cleanup:started"
    CLEANUP_TAKEN_UP = "deckhand:cleanup:taken_up"
    CLEANUP_FINISHED = "deckhand:cleanup:finished"
    ITEM_REMOVING = "deckhand:item:removing"
    ITEM_ENDED = "deckhand:item:ended"
    HOST_SEEN = "deckhand:host:seen"
    HOST_ACCEPTED = "shell:host:accepted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event before it is written; ``facts`` are copied in and never joined from elsewhere."""

    tag: Tag
    plan: str = ""
    host: str = ""
    actor: str = ""
    """Slack user id, or empty when Deckhand itself acted."""
    facts: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainedEvent:
    """One event as it stands in the chain; ``seq`` counts from 1 without gaps."""

    seq: int
    at: datetime
    event: Event
    previous: str
    hash: str


def time_text(moment: datetime) -> str:
    """A moment as the database and the canonical form hold it: UTC, microseconds, sortable as text."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def canonical(seq: int, at: datetime, event: Event) -> str:
    """The text over which an event's hash is computed."""
    return json.dumps(
        {
            "seq": seq,
            "at": time_text(at),
            "tag": str(event.tag),
            "plan": event.plan,
            "host": event.host,
            "actor": event.actor,
            "facts": dict(event.facts),
        },
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    )


def chain_hash(previous: str, seq: int, at: datetime, event: Event) -> str:
    """The hash that ties an event to the one before it."""
    return hashlib.sha256(f"{previous}\n{canonical(seq, at, event)}".encode()).hexdigest()


def first_break(events: "list[ChainedEvent]", previous: str = GENESIS, seq: int = 1) -> str | None:
    """Walk a stretch of the chain that should start at ``seq``; None when whole, else what is wrong where."""
    for link in events:
        if link.seq != seq:
            return f"event {seq} is missing (event {link.seq} stands in its place)"
        if link.previous != previous:
            return f"event {seq} does not follow the event before it: one of them was changed or replaced"
        if chain_hash(previous, link.seq, link.at, link.event) != link.hash:
            return f"event {seq} was changed after it was written"
        previous, seq = link.hash, seq + 1
    return None
