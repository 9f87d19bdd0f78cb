"""What the services need from the world, as Protocols. The adapters implement them; ``app`` wires them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from bot.core.audit import ChainedEvent, Event
from bot.core.audit_filter import EVERYTHING, AuditFilter
from bot.core.audit_format import Head
from bot.core.inventory import CacheRecord, Container, EngineInfo, Image, Network, Volume
from bot.core.lifecycle import ItemState, MessageRef, PlanState, Status, Vote
from bot.core.plans import Person, Plan
from bot.core.restoring import ImageRestored
from bot.core.review import Place, RecordedItem, Statistics, Totals
from bot.core.sightings import KnownEngine, Sighting
from bot.core.usage import DiskSpace, DiskUsage, Glance, Survey

CACHE_BATCH = 1_000
"""Build cache records that one call removes: each id becomes part of the request's URL."""


class Clock(Protocol):
    def now(self) -> datetime:
        """The current moment, in UTC."""
        ...


class Engine(Protocol):
    """One host's Docker Engine. Every method may raise HostError."""

    def info(self) -> EngineInfo: ...

    def disk_usage(self) -> DiskUsage:
        """``docker system df``, with the figures of that engine's own CLI."""
        ...

    def disk_space(self) -> DiskSpace | None:
        """The disk behind the engine's data root; None where there is no way to tell."""
        ...

    def glance(self, seconds: float) -> Glance:
        """Disk usage and disk for a list of hosts; callers at the same moment share one answer.

        EngineTimeoutError when the engine has not counted after ``seconds``.
        """
        ...

    def survey(self) -> Survey:
        """All that a plan needs, and the table of disk usage that goes with it."""
        ...

    def container(self, container_id: str) -> Container:
        """The container as it is now; NotFoundError when it is gone."""
        ...

    def containers(self) -> tuple[Container, ...]:
        """All containers, stopped ones too."""
        ...

    def image(self, reference: str) -> Image:
        """The image that an id or a reference names now; NotFoundError when none."""
        ...

    def refreshed(self, images: Sequence[Image]) -> tuple[Image, ...]:
        """The same images with their names and last tag time as they are now; without those that are gone.

        ``survey`` may have asked for these once and remembered: the engine tells a new tag of an old name to
        nobody who does not ask for that image.
        """
        ...

    def has_children(self, image_id: str) -> bool:
        """Whether another image names this one as its parent, as legacy builds and commits do."""
        ...

    def network(self, network_id: str) -> Network: ...

    def volume(self, name: str) -> Volume: ...

    def cache_records(self) -> tuple[CacheRecord, ...]: ...

    def remove_container(self, container_id: str) -> None:
        """Remove a stopped container, and not its anonymous volumes. ConflictError, NotFoundError."""
        ...

    def untag(self, reference: str) -> None:
        """Take one reference off an image that has others. ConflictError, NotFoundError."""
        ...

    def tag(self, image_id: str, reference: str) -> None:
        """Put a name (``repository:tag``) on an image; it is taken off any other. NotFoundError."""
        ...

    def remove_image(self, image_id: str) -> tuple[str, ...]:
        """Delete an image by id, never forced, without its parents; the ids that the engine deleted.

        Layers appear by their chain ids. ConflictError, NotFoundError.
        """
        ...

    def pull(self, reference: str) -> None:
        """Pull the image of a digest reference, without credentials; back when it is there.

        EngineRequestError with what the registry said, EngineTimeoutError when it takes too long.
        """
        ...

    def remove_network(self, network_id: str) -> None: ...

    def remove_volume(self, name: str) -> None: ...

    def prune_cache(self, record_ids: Sequence[str]) -> frozenset[str]:
        """Remove exactly these build cache records where nothing holds them; the ids that went.

        At most ``CACHE_BATCH`` in one call.
        """
        ...


class Engines(Protocol):
    def connect(self, host: str) -> Engine:
        """The engine of a registered host; HostError when it cannot be reached."""
        ...


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
    resume: bool = False
    """Whether a parked cleanup is to be taken up again, by whichever process comes first."""


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


class Ledger(Protocol):
    """What Docker does not remember: when images were seen in use, and which engine a host was."""

    def identify(self, host: str, engine: EngineInfo) -> KnownEngine:
        """The engine that the host is known to be: the one first seen there, which may be this one.

        StoreUnavailableError.
        """
        ...

    def known_engines(self) -> Mapping[str, KnownEngine]:
        """The engine of each host that was ever looked at. StoreUnavailableError."""
        ...

    def accept_engine(self, host: str, engine: EngineInfo, actor: str) -> None:
        """Let the host be this engine from now on, and write who said so into the audit."""
        ...

    def look(
        self, engine_id: str, present: Collection[str], used: Collection[str], at: datetime
    ) -> Mapping[str, Sighting]:
        """Remember that these images were there at ``at`` (the engine's clock), and which were in use.

        What is known of each since its first sight; images that are gone are forgotten. StoreUnavailableError.
        """
        ...


class Audit(Protocol):
    """What was done, to read. ``hosts`` are those that are meant, or all; a filter's own hosts mean nothing here."""

    def cleanups(
        self,
        *,
        hosts: Sequence[str] | None = None,
        matching: AuditFilter = EVERYTHING,
        limit: int = 20,
        beyond: Place | None = None,
    ) -> tuple[Cleanup, ...]:
        """A page of cleanups, newest first: the newest of all, or those beyond a place."""
        ...

    def totals(self, *, hosts: Sequence[str] | None = None, matching: AuditFilter = EVERYTHING) -> Totals: ...

    def statistics(
        self, *, hosts: Sequence[str] | None = None, matching: AuditFilter = EVERYTHING
    ) -> Statistics: ...

    def hosts_of_cleanups(self) -> frozenset[str]:
        """Every host that was ever cleaned, registered or not."""
        ...

    def recorded_items(self, plan_ids: Sequence[str]) -> tuple[RecordedItem, ...]:
        """What became of every object of these plans; grouped by plan, in the plans' order of removal."""
        ...

    def events(self, plan_id: str) -> tuple[ChainedEvent, ...]:
        """All events of a plan, oldest first."""
        ...


class Restores(Protocol):
    """Who asked for removed images again, and what came of it; one restoring of a plan at a time."""

    def ask_restore(
        self, plan_id: str, person: Person, decide: Callable[[PlanState, datetime], Event]
    ) -> PlanState:
        """Write that a plan's images are wanted again, with the event that ``decide`` gives.

        What ``decide`` raises is passed on and nothing is written. RefusedError when there is no such plan.
        """
        ...

    def due_restores(self) -> tuple[str, ...]:
        """Ids of plans whose images wait to be restored, or whose restoring lost its process."""
        ...

    def claim_restore(self, plan_id: str, owner: str, lease: timedelta) -> RestoreRun | None:
        """Take one up; None when somebody else has it."""
        ...

    def renew_restore(self, run: RestoreRun, lease: timedelta) -> None: ...

    def record_restored(self, run: RestoreRun, image: ImageRestored, event: Event) -> None:
        """Write how one image ended, with its event. Fenced."""
        ...

    def end_restore(self, run: RestoreRun, event: Event) -> PlanState:
        """Write that all images were tried. Fenced."""
        ...


class Store(Ledger, Audit, Restores, Protocol):
    """Plans, runs and the audit chain. Every method may raise StoreUnavailableError.

    Each method is one transaction; a change of state and its events are written together or not at all.
    """

    def create_plan(
        self,
        plan: Plan,
        quorum: int,
        message: MessageRef,
        event: Event,
        instead_of: Sequence[str] = (),
    ) -> PlanState:
        """Write a proposed plan; the same one a second time changes nothing. PlanExistsError for another.

        Those of the plans ``instead_of`` that are still proposed become superseded with it, each with its
        PLAN_SUPERSEDED; what was decided meanwhile stays as it is.
        """
        ...

    def plan(self, plan_id: str) -> PlanState | None: ...

    def change(self, plan_id: str, decide: Callable[[PlanState, datetime], Change]) -> PlanState:
        """Load the plan, let ``decide`` (given the database's clock) say what changes, and write it.

        One compare-and-set on status and version: of two callers at once, the second decides on the
        first one's result. What ``decide`` raises is passed on and nothing is written. An illegal
        transition raises ValueError. A vote without a change of status is a change too, and so is one taken
        back, an approved plan's later start, and asking a running cleanup to stop or to be taken up again.
        RefusedError when there is no such plan.
        """
        ...

    def record(self, event: Event) -> None:
        """Append an event that changes no state (a refused attempt)."""
        ...

    def record_refusal(self, event: Event) -> None:
        """Append a refused attempt. The same person's same attempt is written once a minute at most.

        So nobody can flood the audit: how often a person may be refused is bounded by what there is to refuse.
        """
        ...

    def due(self) -> tuple[str, ...]:
        """Ids of the proposed plans whose time is up by the database's clock."""
        ...

    def open_plans(self, requester_id: str, host: str) -> Mapping[str, Status]:
        """The plans of a requester on a host that have not ended, by id; oldest first."""
        ...

    # --- runs -----------------------------------------------------------------------------------

    def claimable(self) -> tuple[str, ...]:
        """Ids of what ``claim`` takes now, the one approved first before the others.

        Of each host whose engine no cleanup has, the approved plan whose turn it is; and running ones whose
        lease has run out, unless they are parked.
        """
        ...

    def claim(self, plan_id: str, owner: str, lease: timedelta) -> Run | None:
        """Take up one cleanup: approved → running, or a running one whose lease is past.

        None when somebody else has it, when it is not its turn on its host, when it was approved too long
        ago, and when it was taken up so often in vain that it is parked now. Writes CLEANUP_STARTED (facts:
        the plan's snapshot), CLEANUP_TAKEN_UP (facts: attempt) or CLEANUP_PARKED.
        """
        ...

    def renew(self, run: Run, lease: timedelta) -> None:
        """Extend the lease; LeaseLostError when the run is no longer ours."""
        ...

    def release(self, run: Run) -> None:
        """Let the lease end now, so that the next process may take the run up at once."""
        ...

    def park(self, run: Run, attention: str) -> None:
        """Let go until a person says how it goes on; CLEANUP_PARKED. The host stays taken. Fenced."""
        ...

    def start_items(self, run: Run, positions: Sequence[int]) -> bool:
        """Write the intent (planned → removing, ITEM_REMOVING) of one item, or of one batch. Fenced.

        False, and no intent is written, when somebody asked the run to stop.
        """
        ...

    def untag_item(self, run: Run, position: int, names: Sequence[str]) -> None:
        """Write which names are about to be taken off an image (ITEM_UNTAGGING). Fenced."""
        ...

    def end_items(self, run: Run, ended: Sequence[ItemState]) -> None:
        """Write outcomes, reasons and bytes, with one ITEM_ENDED each. Fenced."""
        ...

    def set_usage(self, run: Run, *, before: DiskUsage | None = None, after: DiskUsage | None = None) -> None:
        """Keep what ``system df`` said at the start or the end of the run. Fenced."""
        ...

    def finish(self, run: Run, status: Status, event: Event, reason: str = "") -> PlanState:
        """running → its end, with the event; the host is free again. Fenced."""
        ...

    # --- messages -------------------------------------------------------------------------------

    def unshown(self) -> tuple[str, ...]:
        """Ids of plans whose message shows an older version than the plan has; oldest change first."""
        ...

    def begin_showing(self, plan_id: str, lease: timedelta) -> bool:
        """Keep other processes from showing the same plan for that long; False when one of them is at it."""
        ...

    def leave_unshown(self, plan_id: str) -> None:
        """End what ``begin_showing`` began, without success."""
        ...

    def shown(self, plan_id: str, version: int, message: MessageRef) -> None:
        """Remember where the message stands and which version of the plan it shows."""
        ...

    # --- schedules ------------------------------------------------------------------------------

    def schedules(self) -> tuple[Timer, ...]:
        """Where every schedule stands that was ever configured, by name."""
        ...

    def set_timer(self, name: str, definition: str, after: Callable[[datetime], datetime]) -> None:
        """Begin a schedule, or begin it anew when its definition is another; else nothing is changed.

        ``after`` gives the next moment, given the database's clock.
        """
        ...

    def tick(self, timer: Timer, decide: Callable[[datetime], Tick]) -> bool:
        """Move a schedule that is due on, with an event, by compare-and-set on its moment.

        ``decide`` is given the database's clock. False when it is not due by that clock, when somebody
        else was faster, or when its definition has changed: then nothing is written.
        """
        ...

    def note(self, schedule: str, host: str, trouble: str, event: Event | None = None) -> bool:
        """Remember what is in the way of a schedule on a host (empty: nothing), and append the event.

        True when it is something, and another thing than the last time.
        """
        ...

    # --- audit ----------------------------------------------------------------------------------

    def announce_head(self, day: date, channel: str) -> Head | None:
        """Claim the post of a day's head, with an event; where the chain ends then. None when it was claimed before."""
        ...

    def broken_link(self) -> str | None:
        """Walk the whole audit chain: None when whole, else what is wrong with which event."""
        ...


class Directory(Protocol):
    """Slack's user groups."""

    def members(self, group_id: str) -> frozenset[str]:
        """User ids of a group's members; empty when they cannot be known (closed, never open)."""
        ...


class Chat(Protocol):
    """Where plans are shown."""

    def post_plan(self, state: PlanState) -> MessageRef:
        """Post a plan's message and say where it stands."""
        ...

    def update_plan(self, state: PlanState) -> None:
        """Bring a plan's message up to date, in place."""
        ...

    def tell(self, channel: str, sentence: str) -> None:
        """Post one line of plain text for everyone in the channel."""

    def post_head(self, channel: str, head: Head) -> None:
        """Tell a channel where the audit's chain ends."""
        ...
