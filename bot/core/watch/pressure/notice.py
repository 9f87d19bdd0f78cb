"""A notice: one message about alerts that opened together, and what of them people were told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.core.watch.pressure.alert import Kind
from bot.core.watch.pressure.lines import Level


class Step(StrEnum):
    """What is told next, beside that the message is brought up to date in place."""

    POST = "posted"  # the message itself
    JOINED = "joined"  # another host has joined it
    WORSE = "worse"
    REPEAT = "repeated"
    ESCALATE = "escalated"
    OVER = "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What people were told of an alert the last time."""

    level: Level
    """The worst that they were told."""
    permille: int = 0
    """Of the disk that was used then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    id: str
    channel: str
    kind: Kind
    made_at: datetime
    ts: str = ""
    """Its message; empty until it is posted."""
    permalink: str = ""
    tried: bool = False
    """Whether a message may stand in the channel already."""
    first_told_at: datetime | None = None
    told_at: datetime | None = None
    told: Mapping[str, Told] = field(default_factory=dict)
    """By the id of the alert."""
    escalated_at: datetime | None = None
    over_at: datetime | None = None
    """When people were told that it is over."""
