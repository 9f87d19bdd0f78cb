"""What the services need from the world, as Protocols. The adapters implement them; ``app`` wires them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.core.audit import ChainedEvent, Event
from bot.core.inventory import CacheRecord, Container, EngineInfo, Image, Network, Volume
from bot.core.lifecycle import ItemState, MessageRef, PlanState, Status, Vote
from bot.core.plans import Plan
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
    reason: str = ""
    decided: bool = False
    """Whether this is the deciding moment, whose time is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A claim on a cleanup: every write names the attempt, and is refused when another process took over."""

    plan_id: str
    host: str
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


class Store(Ledger, Protocol):
    """Plans, runs and the audit chain. Every method may raise StoreUnavailableError.

    Each method is one transaction; a change of state and its events are written together or not at all.
    """

    def create_plan(self, plan: Plan, quorum: int, message: MessageRef, event: Event) -> PlanState: ...

    def plan(self, plan_id: str) -> PlanState | None: ...

    def change(self, plan_id: str, decide: Callable[[PlanState, datetime], Change]) -> PlanState:
        """Load the plan, let ``decide`` (given the database's clock) say what changes, and write it.

        One compare-and-set on status and version: of two callers at once, the second decides on the
        first one's result. What ``decide`` raises is passed on and nothing is written. An illegal
        transition raises ValueError. A vote without a change of status is a change too.
        RefusedError when there is no such plan.
        """
        ...

    def record(self, event: Event) -> None:
        """Append an event that changes no state (a refused attempt)."""
        ...

    def due(self) -> tuple[str, ...]:
        """Ids of the proposed plans whose time is up by the database's clock."""
        ...

    # --- runs -----------------------------------------------------------------------------------

    def claimable(self) -> tuple[str, ...]:
        """Ids of approved plans, and of running ones whose lease has run out; oldest first."""
        ...

    def claim(self, plan_id: str, owner: str, lease: timedelta) -> Run | None:
        """Take up one cleanup: approved → running, or a running one whose lease is past.

        None when somebody else has it, or when another cleanup runs on its host. Writes
        CLEANUP_STARTED (facts: the plan's snapshot) or CLEANUP_TAKEN_UP (facts: attempt).
        """
        ...

    def renew(self, run: Run, lease: timedelta) -> None:
        """Extend the lease; LeaseLostError when the run is no longer ours."""
        ...

    def release(self, run: Run) -> None:
        """Let the lease end now, so that the next process may take the run up at once."""
        ...

    def start_items(self, run: Run, positions: Sequence[int]) -> None:
        """Write the intent (planned → removing, ITEM_REMOVING) of one item, or of one batch. Fenced."""
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

    def shown(self, plan_id: str, version: int, message: MessageRef) -> None:
        """Remember where the message stands and which version of the plan it shows."""
        ...

    # --- audit ----------------------------------------------------------------------------------

    def cleanups(self, *, hosts: Sequence[str] | None = None, limit: int = 20) -> tuple[Cleanup, ...]:
        """Cleanups, newest first; on these hosts only, when given."""
        ...

    def events(self, plan_id: str) -> tuple[ChainedEvent, ...]:
        """All events of a plan, oldest first."""
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
