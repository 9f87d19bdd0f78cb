"""What the store takes and gives, beside the core's own values."""

from dataclasses import dataclass
from datetime import datetime

from bot.core.audit.events import Event
from bot.core.audit.states import Basis
from bot.core.life.states import Status, Vote
from bot.core.plan.plan import Person


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
    """Who asks a running cleanup to end before its next item."""
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
class Run:
    """A claim on a cleanup: every write names the attempt, and is refused when another process took over."""

    plan_id: str
    host: str
    owner: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreRun:
    """A claim on restoring a plan's images: as with a run, every write names it and is refused when it is lost."""

    plan_id: str
    host: str
    number: int
    owner: str
    attempt: int
    channel: str = ""
    """Where it was asked for, by the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleanup:
    """One line of the audit list: a plan that was run, or is running."""

    id: str
    plan: str
    host: str
    engine_id: str
    profile: str
    requested_by: str
    approved_by: tuple[str, ...]
    outcome: str
    predicted_bytes: int
    reclaimed_bytes: int
    started_at: datetime
    finished_at: datetime | None
    basis: Basis = Basis.EVENTS
    differs: bool = False
    """Whether somebody has changed a row of it: the line is what its events say."""
    found_at: datetime
    """Where it stands in the list, which is made of rows: its start, unless somebody has changed that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPlan:
    """A plan that has not ended, in the few words that a list is chosen by."""

    id: str
    host: str
    status: Status
    requester_id: str
    approver_ids: frozenset[str]
    needs_attention: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What was in the way of a schedule on a host; for display, and it steers nothing."""

    schedule: str
    what: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """Where a schedule stands."""

    name: str
    definition: str
    """What its moments follow from."""
    next_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """What becomes of a schedule that is due."""

    next_at: datetime
    event: Event
