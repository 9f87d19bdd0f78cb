"""Plans: proposed, decided, listed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.core.audit.events import Event
from bot.core.life.states import MessageRef, PlanState, Status, Vote
from bot.core.plan.plan import Person, Plan
from bot.ports.metrics import Counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one transition of a plan does; the store applies it whole or not at all."""

    status: Status
    events: tuple[Event, ...]
    vote: Vote | None = None
    withdrawn: str = ""
    """Id of the person whose vote is taken back."""
    starts_at: datetime | None = None
    """When an approved plan may start at the earliest; None means at once."""
    reason: str = ""
    decided: bool = False
    """Whether this is the deciding moment, whose time is kept."""
    stop: Person | None = None
    """Who asks a running cleanup to end before its next few objects."""
    noted: bool = False
    """Whether a waiting plan gets no more than a new reason: what there is to say about it."""
    resume: bool = False
    """Whether a parked cleanup is to be taken up again, by whichever process comes first."""


HAS_VOTES = (
    "This plan is somebody else's and has votes already, so only who may decide about it can put another in its "
    "place. Nothing was changed; ask for a plan of your own, or for their votes to be withdrawn."
)
"""What somebody reads whose new plan may not take the place of one that others have voted on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """The plan whose place another takes."""

    id: str
    even_with_votes: bool
    """Whether it may when somebody has voted on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPlan:
    """A plan that has not ended, in the few words that a list is chosen by."""

    id: str
    host: str
    status: Status
    requester_id: str
    approver_ids: frozenset[str]
    needs_attention: bool
    decided_at: datetime | None = None
    """When it was approved."""


class Plans(Protocol):
    """Plans as they stand. A change of state and its events are written together or not at all."""

    def create(  # noqa: PLR0913, PLR0917 - one transaction writes all of it
        self,
        plan: Plan,
        quorum: int,
        message: MessageRef,
        event: Event,
        instead_of: Sequence[str] = (),
        batch: str = "",
    ) -> PlanState:
        """Write a proposed plan; the same one a second time changes nothing. PlanExistsError for another.

        It is created now and expires that much later, by the database's clock: of its own moments only the span
        between them counts. The plan of the answer has the ones that count.

        Those of the plans ``instead_of`` that are still proposed become superseded with it, each with its
        PLAN_SUPERSEDED; what was decided meanwhile stays as it is. It becomes a line of the ``batch``, where one
        was begun under this id (``bot.ports.Batches``).
        """
        ...

    def replace(self, plan: Plan, quorum: int, message: MessageRef, event: Event, old: Replaced) -> PlanState:
        """Write a proposed plan in the place of one that still waits, which becomes superseded with it.

        RefusedError, and nothing is written, where that was decided meanwhile, or has votes that the new one may
        not do away with; a second time changes nothing.
        """
        ...

    def get(self, plan_id: str) -> PlanState | None: ...

    def change(self, plan_id: str, decide: Callable[[PlanState, datetime], Change]) -> PlanState:
        """Load the plan, let ``decide`` (given the database's clock) say what changes, and write it.

        One compare-and-set on status and version: of two callers at once, the second decides on the
        first one's result. What ``decide`` raises is passed on and nothing is written. An illegal
        transition raises ValueError. A vote without a change of status is a change too, and so is one taken
        back, an approved plan's later start, and asking a running cleanup to stop or to be taken up again.
        RefusedError when there is no such plan. PlanDiffersError when its rows say otherwise than the audit:
        then it is closed.
        """
        ...

    def due(self) -> tuple[str, ...]:
        """Ids of the proposed plans whose time is up by the database's clock."""
        ...

    def open_of(self, requester_id: str, host: str) -> Mapping[str, Status]:
        """The plans of a requester on a host that have not ended, by id; oldest first."""
        ...

    def going_on(self) -> tuple[OpenPlan, ...]:
        """Every plan that has not ended, but for proposed ones whose time is up; who expires first comes first."""
        ...

    def counted(self) -> Counted:
        """How many plans are in each state, and where the audit ends. StoreUnavailableError."""
        ...

    def ended(self, requester_id: str, limit: int) -> tuple[str, ...]:
        """Ids of the plans of a requester that have ended, the one asked for last before the others."""
        ...
