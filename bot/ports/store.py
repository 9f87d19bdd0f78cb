"""What the services need of the database."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

from bot.core.audit.events import ChainedEvent, Event
from bot.core.audit.format import Head
from bot.core.docker.usage import DiskUsage
from bot.core.life.states import ItemState, MessageRef, PlanState, Status
from bot.core.plan.plan import Plan
from bot.ports.audit import Audit, Ledger, Restores
from bot.ports.records import Change, OpenPlan, Replaced, Run, Tick, Timer, Trouble


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

        It is created now and expires that much later, by the database's clock: of its own moments only the span
        between them counts. The plan of the answer has the ones that count.

        Those of the plans ``instead_of`` that are still proposed become superseded with it, each with its
        PLAN_SUPERSEDED; what was decided meanwhile stays as it is.
        """
        ...

    def replace_plan(
        self, plan: Plan, quorum: int, message: MessageRef, event: Event, old: Replaced
    ) -> PlanState:
        """Write a proposed plan in the place of one that still waits, which becomes superseded with it.

        RefusedError, and nothing is written, where that was decided meanwhile, or has votes that the new one may
        not do away with; a second time changes nothing.
        """
        ...

    def plan(self, plan_id: str) -> PlanState | None: ...

    def held_against_audit(self, plan_id: str) -> PlanState | None:
        """The plan, with a doubt where votes, approval or the state of a run differ from its events, too."""
        ...

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

    def going_on(self) -> tuple[OpenPlan, ...]:
        """Every plan that has not ended, but for proposed ones whose time is up; who expires first comes first."""
        ...

    def ended(self, requester_id: str, limit: int) -> tuple[str, ...]:
        """Ids of the plans of a requester that have ended, the one asked for last before the others."""
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
        ago, when it was taken up so often in vain that it is parked now, and when its rows say otherwise than
        the audit: then it is closed. Writes CLEANUP_STARTED (facts:
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

    def running(self) -> frozenset[str]:
        """Ids of the cleanups that run, without those that need a person's attention."""
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

    def untold(self, plan_id: str) -> tuple[ChainedEvent, ...]:
        """What happened to a plan since ``told``, oldest first; not what became of single objects."""
        ...

    def told(self, plan_id: str, seq: int) -> None:
        """Remember that everything up to this event was written into the plan's thread."""
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

    def troubles(self, hosts: Collection[str]) -> Mapping[str, Trouble]:
        """What was in the way of a schedule on each of these hosts the last time that it came; the newest each."""
        ...

    # --- audit ----------------------------------------------------------------------------------

    def announce_head(self, day: date, channel: str) -> Head | None:
        """Claim the post of a day's head, with an event; where the chain ends then. None when it was claimed before."""
        ...

    def broken_link(self) -> str | None:
        """Walk the whole audit chain: None when whole, else what is wrong with which event."""
        ...
