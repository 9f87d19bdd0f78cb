"""The life of a plan: its states, the legal transitions, and the values that record where it stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from bot.core.docker.usage import DiskUsage
from bot.core.life.restoring import Restoring, digests
from bot.core.plan.plan import Item, Person, Plan


class Status(StrEnum):
    PROPOSED = "proposed"  # waits for votes
    APPROVED = "approved"  # waits for a process to take it up
    REJECTED = "rejected"  # a person said no
    EXPIRED = "expired"  # nobody decided in time
    CANCELLED = "cancelled"  # withdrawn, or refused at its start
    SUPERSEDED = "superseded"  # a newer plan took its place
    RUNNING = "running"  # a process removes items
    DONE = "done"  # every item was removed, or was gone already
    PARTIAL = "partial"  # some items were kept or failed
    STOPPED = "stopped"  # ended by a person before its last object
    FAILED = "failed"  # ended by an error, with items left over


TRANSITIONS: Mapping[Status, frozenset[Status]] = MappingProxyType({
    Status.PROPOSED: frozenset({
        Status.APPROVED, Status.REJECTED, Status.EXPIRED, Status.CANCELLED, Status.SUPERSEDED,
    }),
    Status.APPROVED: frozenset({Status.RUNNING, Status.CANCELLED}),
    Status.RUNNING: frozenset({Status.DONE, Status.PARTIAL, Status.STOPPED, Status.FAILED}),
})  # fmt: skip

ENDED = frozenset(Status) - TRANSITIONS.keys()
CLEANUP_OUTCOMES = frozenset({Status.DONE, Status.PARTIAL, Status.STOPPED, Status.FAILED})

ATTEMPTS_IN_VAIN = 5
"""How often in a row a run may be taken up and end without an item's outcome, before it waits for a person."""


def may_become(before: Status, after: Status) -> bool:
    """Whether the transition is legal; the one table that every change of a plan's state is held to."""
    return after in TRANSITIONS.get(before, frozenset())


WENT_WITH = "it went with plan "
"""Begins why an object was gone that another cleanup had removed; that plan's id follows."""


class Outcome(StrEnum):
    """Where one item of a plan stands."""

    PLANNED = "planned"
    REMOVING = "removing"  # the intent is written; the engine may or may not have been called
    REMOVED = "removed"
    GONE = "gone"  # no longer there when we looked: gone, not confirmed by us
    KEPT = "kept"
    FAILED = "failed"


ITEM_TRANSITIONS: Mapping[Outcome, frozenset[Outcome]] = MappingProxyType({
    Outcome.PLANNED: frozenset({Outcome.REMOVING, Outcome.FAILED}),  # failed: the run ended before it
    Outcome.REMOVING: frozenset({Outcome.REMOVED, Outcome.GONE, Outcome.KEPT, Outcome.FAILED}),
})  # fmt: skip

OPEN = frozenset(ITEM_TRANSITIONS)


def item_may_become(before: Outcome, after: Outcome) -> bool:
    """The same table for the items of a plan: nothing ends as removed without its intent before."""
    return after in ITEM_TRANSITIONS.get(before, frozenset())


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    person: Person
    approve: bool
    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemState:
    """An item and where it stands; ``bytes`` is what the engine reports as reclaimed."""

    position: int
    item: Item
    outcome: Outcome = Outcome.PLANNED
    reason: str = ""
    bytes: int = 0
    untagging: tuple[str, ...] = ()
    """Names that somebody of us began to take off an image: put back when the image stays after all."""
    reconciled: bool = False
    """Whether an attempt at it was cut short, so that its outcome comes from looking at the engine again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRef:
    """Where a plan's message stands in Slack."""

    channel: str
    ts: str = ""
    """Empty until it has been posted."""
    permalink: str = ""
    """Where a browser finds it; empty when Slack did not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopAsked:
    """Who asked that a running cleanup end before its next few objects."""

    person: Person
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanState:
    """A plan and all that has happened to it; ``version`` grows with every change."""

    plan: Plan
    status: Status
    version: int
    quorum: int
    """Approvals needed, as the policy said when the plan was proposed; for display only."""
    votes: tuple[Vote, ...] = ()
    items: tuple[ItemState, ...] = ()
    message: MessageRef | None = None
    reason: str = ""
    """Why it ended, where there is something to say."""
    decided_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    starts_at: datetime | None = None
    """Approved plans: when the next window of the policy opens; None where nothing has to be waited for."""
    usage_before: DiskUsage | None = None
    usage_after: DiskUsage | None = None
    attempt: int = 0
    """How often a process took the run up; the first start counts."""
    stop: StopAsked | None = None
    """Set while the run goes on to its next item, and kept when it has ended there."""
    attention: str = ""
    """Why nobody goes on with a running cleanup until a person says so; empty when somebody does."""
    waits_for: str = ""
    """Of an approved plan: the plan of the same host that comes before it. For display only."""
    went_with: Mapping[int, str] = field(default_factory=dict)
    """Of a plan that has not ended: which of its objects another cleanup removed since it was made, by position, and
    that cleanup's plan. For display only: what is there is asked of the engine."""
    restoring: Restoring | None = None
    """When somebody asked for its images again."""
    batch: str = ""
    """The message of its schedule that has a line for it; empty where none has. For display only."""
    doubt: str = ""
    """What its rows say otherwise than its proposal in the audit; empty when nothing. Nothing is done with a plan
    that has one."""
    fleet: str = ""
    """The fleet plan that it is of; empty when it was asked for alone."""
    wave: int = 0
    """Of a fleet's plan: the wave of the rollout that it begins with; 0 while it waits for one."""

    @property
    def together(self) -> str:
        """The batch or the fleet whose message has a line for it; empty where none has."""
        return self.batch or self.fleet

    def is_overdue(self, now: datetime) -> bool:
        """Whether nobody decided in time; ``now`` is the database's."""
        return self.status is Status.PROPOSED and now >= self.plan.expires_at

    @property
    def restorable(self) -> tuple[ItemState, ...]:
        """Removed images whose registry can be asked for them again."""
        return tuple(state for state in self.with_outcome(Outcome.REMOVED) if digests(state.item))

    @property
    def measured(self) -> int | None:
        """Bytes that the disk had more free after the run; others write there too. None where it was not read."""
        before, after = (usage.free if usage else None for usage in (self.usage_before, self.usage_after))
        return None if before is None or after is None else after - before

    @property
    def reclaimed(self) -> int:
        return sum(state.bytes for state in self.items)

    @property
    def approvers(self) -> tuple[Person, ...]:
        return tuple(vote.person for vote in self.votes if vote.approve)

    def with_outcome(self, *outcomes: Outcome) -> tuple[ItemState, ...]:
        return tuple(state for state in self.items if state.outcome in outcomes)


def outcome_of_run(items: tuple[ItemState, ...]) -> Status:
    """How a run that came to its end ends: done when nothing was kept and nothing failed."""
    return Status.PARTIAL if any(i.outcome in {Outcome.KEPT, Outcome.FAILED} for i in items) else Status.DONE
