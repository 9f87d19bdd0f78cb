"""What the services need of Slack, and of the clock."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.core.audit.events import ChainedEvent
from bot.core.audit.format import Head
from bot.core.life.batches import Batch, Entry, Line
from bot.core.life.fleets import FleetState
from bot.core.life.states import MessageRef, PlanState
from bot.core.rules.people import Known
from bot.core.rules.telling import Notice


class Clock(Protocol):
    def now(self) -> datetime:
        """The current moment, in UTC: the database's, where it is compared with a stored one. StoreUnavailableError."""
        ...


class Directory(Protocol):
    """Slack's people and user groups."""

    def members(self, group_id: str) -> frozenset[str]:
        """User ids of a group's members; empty when they cannot be known (closed, never open)."""
        ...

    def person(self, user_id: str) -> Known:
        """Who has this id (U… or W…); of unknown standing when that cannot be known."""
        ...


class Chat(Protocol):
    """Where plans are shown. Every method may raise ChatError, which says how long Slack wants to be left alone."""

    def post_plan(self, state: PlanState) -> MessageRef:
        """Post a plan's message and say where it stands."""
        ...

    def update_plan(self, state: PlanState) -> None:
        """Bring a plan's message up to date, in place; MessageGoneError when somebody deleted it."""
        ...

    def list_plan(self, state: PlanState, events: Sequence[ChainedEvent]) -> None:
        """Write into the plan's thread all that it lists, where it was proposed just now."""
        ...

    def log_plan(self, state: PlanState, events: Sequence[ChainedEvent]) -> None:
        """Write what happened to a plan into its thread."""
        ...

    def tell_requester(self, state: PlanState, events: Sequence[ChainedEvent]) -> None:
        """Tell in person what the requester should know of: the decision of somebody else, and the end."""
        ...


class BatchChat(Protocol):
    """Where the plans of a schedule are shown in one message. Every method may raise ChatError."""

    def post_batch(self, batch: Batch, shown: Sequence[Entry], rest: Sequence[Line]) -> MessageRef:
        """Post it, call those who may decide where they want that, and say where it stands."""
        ...

    def update_batch(self, batch: Batch, shown: Sequence[Entry], rest: Sequence[Line]) -> None:
        """Bring it up to date, in place; MessageGoneError when somebody deleted it."""
        ...


class FleetChat(Protocol):
    """Where fleets are shown. Every method may raise ChatError, as of ``Chat``."""

    def post_fleet(self, state: FleetState) -> MessageRef:
        """Post a fleet's message and say where it stands."""
        ...

    def update_fleet(self, state: FleetState) -> None:
        """Bring a fleet's message up to date, in place; MessageGoneError when somebody deleted it."""
        ...

    def list_fleet(
        self, state: FleetState, events: Sequence[ChainedEvent], plans: Sequence[PlanState]
    ) -> None:
        """Write into its thread all that its plans list where it was proposed just now, and how all of it ended."""
        ...

    def log_fleet(self, state: FleetState, events: Sequence[ChainedEvent]) -> None:
        """Write what happened to a fleet into its thread."""
        ...

    def tell_fleet_requester(self, state: FleetState, events: Sequence[ChainedEvent]) -> None:
        """Tell in person what the requester should know of: that it is held, and the end."""
        ...


class Callers(Protocol):
    """Where people are told of plans that wait for a decision. Each method may raise ChatError."""

    def call_person(self, state: PlanState, notice: Notice, person: str, by: str = "") -> None:
        """Tell one person in person; ``by`` is the id of who asked for them."""
        ...

    def call_in_thread(self, state: PlanState, notice: Notice, mentioned: Sequence[str]) -> None:
        """Tell it in the plan's thread, and mention these people and user groups there."""
        ...

    def call_channel(self, state: PlanState, notice: Notice, channel: str) -> None:
        """Tell everyone in a channel."""
        ...

    def send_digest(self, person: str, states: Sequence[PlanState]) -> None:
        """Tell one person in person of all that waits for them."""
        ...


class Teller(Protocol):
    """Where channels are told what belongs to no plan. Its method may raise ChatError."""

    def tell(self, channel: str, sentence: str) -> None:
        """Post one line of plain text for everyone in the channel."""
        ...


class Heads(Protocol):
    """Where the audit's head is kept outside the database. Its method may raise ChatError."""

    def post_head(self, channel: str, head: Head) -> None:
        """Tell a channel where the audit's chain ends."""
        ...
