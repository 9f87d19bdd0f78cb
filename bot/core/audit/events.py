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
    """Somebody asked for a plan: the whole list, what it frees, and the rules under which it was made."""
    PLAN_VOTED = "slack:plan:voted"
    """Somebody approved or rejected, under which policy."""
    PLAN_APPROVED = "slack:plan:approved"
    """The plan has all approvals that it needs, or its policy approved it itself."""
    PLAN_REJECTED = "slack:plan:rejected"
    """Rejected for good, with the reason."""
    PLAN_REFUSED = "slack:plan:refused"
    """A click on a plan that did not count, and why."""
    PLAN_WITHDRAWN = "slack:plan:withdrawn"
    """An approval was taken back."""
    PLAN_EXPIRED = "deckhand:plan:expired"
    """Nobody decided in time."""
    PLAN_CANCELLED = "deckhand:plan:cancelled"
    """Ended before it began, and why."""
    PLAN_SUPERSEDED = "deckhand:plan:superseded"
    """A newer plan took its place."""
    PLAN_WAITS = "deckhand:plan:waits"
    """Approved, and waits until a window of its policy opens."""
    PLAN_RULES_CHANGED = "deckhand:plan:rules_changed"
    """Rules were tightened while it waited: what of it has to stay."""
    PLAN_CALLED = "deckhand:plan:called"
    """Who may decide was told of it: who in person, and whom its thread mentions."""
    PLAN_REMINDED = "deckhand:plan:reminded"
    """Who may still decide was reminded."""
    PLAN_ESCALATED = "deckhand:plan:escalated"
    """Nobody had decided, and others were told: who."""
    PLAN_HANDED = "slack:plan:handed"
    """Somebody asked another, who may decide, to do so."""
    PLAN_DIFFERS = "deckhand:plan:differs"
    """The rows of the plan said otherwise than its events, and it was closed."""
    PLAN_RELEASED = "deckhand:plan:released"
    """The wave of its fleet's rollout began with which it may run."""
    CLEANUP_STARTED = "deckhand:cleanup:started"
    """A cleanup began, with the host's disk usage before."""
    CLEANUP_TAKEN_UP = "deckhand:cleanup:taken_up"
    """Another process, or the same after its restart, went on with it."""
    CLEANUP_STOP_ASKED = "slack:cleanup:stop_asked"
    """Somebody pressed Stop."""
    CLEANUP_PARKED = "deckhand:cleanup:parked"
    """It needs attention: nobody goes on by itself."""
    CLEANUP_RESUMED = "slack:cleanup:resumed"
    """Somebody told it to go on."""
    CLEANUP_FINISHED = "deckhand:cleanup:finished"
    """How it ended, what was reclaimed and measured, and the disk usage after."""
    ITEM_REMOVING = "deckhand:item:removing"
    """An object is about to be removed: written before the engine is asked."""
    ITEM_UNTAGGING = "deckhand:item:untagging"
    """Names are about to be taken off an image."""
    ITEM_ENDED = "deckhand:item:ended"
    """What became of an object, and why."""
    SCHEDULE_FIRED = "deckhand:schedule:fired"
    """A schedule's time came."""
    SCHEDULE_SKIPPED = "deckhand:schedule:skipped"
    """A schedule's time was left out: too late, or its last plan has not ended."""
    SCHEDULE_NOTHING = "deckhand:schedule:nothing_to_free"
    """A schedule found nothing to free on a host."""
    SCHEDULE_UNREACHABLE = "deckhand:schedule:unreachable"
    """A schedule could not reach a host."""
    SCHEDULE_REFUSED = "deckhand:schedule:refused"
    """A schedule could make no plan for a host, and why."""
    PLAN_POSTED = "deckhand:plan:posted"
    """The plan's message is in Slack: where."""
    FLEET_PROPOSED = "slack:fleet:proposed"
    """Somebody asked for many hosts at once: each host's plan by its digest, who was left out, and the waves."""
    FLEET_VOTED = "slack:fleet:voted"
    """Somebody decided about all of them: on which hosts that counted, and where it did not and why."""
    FLEET_NARROWED = "slack:fleet:narrowed"
    """Somebody left hosts out."""
    FLEET_WAVE = "deckhand:fleet:wave"
    """A wave of the rollout began: on which hosts."""
    FLEET_HELD = "deckhand:fleet:held"
    """No further host begins until a person says so, and why."""
    FLEET_WENT_ON = "slack:fleet:went_on"
    """Somebody said go on, and about which trouble."""
    FLEET_STOP_ASKED = "slack:fleet:stop_asked"
    """Somebody pressed Stop for all of them."""
    FLEET_POSTED = "deckhand:fleet:posted"
    """The message of the fleet is in Slack: where."""
    FLEET_ENDED = "deckhand:fleet:ended"
    """How it ended on every host, and what was reclaimed in all."""
    LOOK_REFUSED = "slack:look:refused"
    """Somebody may not look at a host."""
    REQUEST_REFUSED = "slack:request:refused"
    """Somebody may not ask for a cleanup."""
    STOP_REFUSED = "slack:stop:refused"
    """Somebody may not stop a cleanup, or too late."""
    RESTORE_REFUSED = "slack:restore:refused"
    """Somebody may not restore images, or there are none."""
    AUDIT_REFUSED = "slack:audit:refused"
    """Somebody may not read the audit of a host."""
    AUDIT_KEYED = "deckhand:audit:keyed"
    """From here on events are sealed with this key."""
    AUDIT_HEAD_POSTED = "deckhand:audit:head_posted"
    """Where the chain ended was posted to a channel."""
    AUDIT_ARCHIVED = "shell:audit:archived"
    """Older events were moved to a file: the checkpoint that stands for them."""
    RESTORE_ASKED = "slack:restore:asked"
    """Somebody asked for removed images to be pulled again."""
    RESTORE_IMAGE = "deckhand:restore:image"
    """What became of one of these images."""
    RESTORE_ENDED = "deckhand:restore:ended"
    """How many of these images came back."""
    ALERT_OPENED = "deckhand:alert:opened"
    """A disk is too full, or a host does not answer: what was seen, and which lines it reached."""
    ALERT_CHANGED = "deckhand:alert:changed"
    """An open alert became worse, or eased."""
    ALERT_ENDED = "deckhand:alert:ended"
    """An alert is over, and why."""
    ALERT_TOLD = "deckhand:alert:told"
    """People were told of alerts: how, and where."""
    ALERT_ESCALATED = "deckhand:alert:escalated"
    """Nobody acted on alerts: who else was told."""
    ALERT_SNOOZED = "slack:alert:snoozed"
    """Somebody wants to hear nothing more of an alert for a while: until when, and why."""
    ALERT_WOKEN = "slack:alert:woken"
    """Somebody ended that."""
    ALERT_ANSWERED = "slack:alert:answered"
    """Somebody acted on an alert: they asked for its plan."""
    HOST_SEEN = "deckhand:host:seen"
    """The engine of a host was seen for the first time."""
    HOST_ACCEPTED = "shell:host:accepted"
    """Somebody said that another engine is the host's from now on."""


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
