"""Audit events: what happened, who did it, and the facts of that moment, in a chain of hashes.

``bot.core.audit.format`` says how the hashes are made, and ``bot.core.audit.walk`` checks them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from bot.core.json import Json

GENESIS = "0" * 64


class Tag(StrEnum):
    """What an event says: ``source:subject:action``."""

    PLAN_PROPOSED = "slack:plan:proposed"
    PLAN_VOTED = "slack:plan:voted"
    PLAN_APPROVED = "slack:plan:approved"
    PLAN_REJECTED = "slack:plan:rejected"
    PLAN_REFUSED = "slack:plan:refused"
    PLAN_WITHDRAWN = "slack:plan:withdrawn"
    PLAN_EXPIRED = "deckhand:plan:expired"
    PLAN_CANCELLED = "deckhand:plan:cancelled"
    PLAN_SUPERSEDED = "deckhand:plan:superseded"
    PLAN_WAITS = "deckhand:plan:waits"
    PLAN_RULES_CHANGED = "deckhand:plan:rules_changed"
    PLAN_REMINDED = "deckhand:plan:reminded"
    PLAN_DIFFERS = "deckhand:plan:differs"
    CLEANUP_STARTED = "deckhand:cleanup:started"
    CLEANUP_TAKEN_UP = "deckhand:cleanup:taken_up"
    CLEANUP_STOP_ASKED = "slack:cleanup:stop_asked"
    CLEANUP_PARKED = "deckhand:cleanup:parked"
    CLEANUP_RESUMED = "slack:cleanup:resumed"
    CLEANUP_FINISHED = "deckhand:cleanup:finished"
    ITEM_REMOVING = "deckhand:item:removing"
    ITEM_UNTAGGING = "deckhand:item:untagging"
    ITEM_ENDED = "deckhand:item:ended"
    SCHEDULE_FIRED = "deckhand:schedule:fired"
    SCHEDULE_SKIPPED = "deckhand:schedule:skipped"
    SCHEDULE_NOTHING = "deckhand:schedule:nothing_to_free"
    SCHEDULE_UNREACHABLE = "deckhand:schedule:unreachable"
    SCHEDULE_REFUSED = "deckhand:schedule:refused"
    PLAN_POSTED = "deckhand:plan:posted"
    LOOK_REFUSED = "slack:look:refused"
    REQUEST_REFUSED = "slack:request:refused"
    STOP_REFUSED = "slack:stop:refused"
    RESTORE_REFUSED = "slack:restore:refused"
    AUDIT_REFUSED = "slack:audit:refused"
    AUDIT_KEYED = "deckhand:audit:keyed"
    AUDIT_HEAD_POSTED = "deckhand:audit:head_posted"
    AUDIT_ARCHIVED = "shell:audit:archived"
    RESTORE_ASKED = "slack:restore:asked"
    RESTORE_IMAGE = "deckhand:restore:image"
    RESTORE_ENDED = "deckhand:restore:ended"
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
    once: str = ""
    """Names what happened once: of two events with the same text, the second was never written."""
    seal: str = ""
    """How the hash was made; empty in the events of the first releases."""


def time_text(moment: datetime) -> str:
    """A moment as the database and the canonical form hold it: UTC, microseconds, sortable as text."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
