"""Fleet plans: many hosts' plans that are made, decided on and shown together."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.core.audit.events import ChainedEvent, Event
from bot.core.life.fleets import Fleet, FleetState
from bot.core.life.states import MessageRef, PlanState
from bot.core.plan.plan import Plan
from bot.ports.plans import Change


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPlan:
    """One host's plan of a fleet, as ``Plans.create`` takes it."""

    plan: Plan
    quorum: int
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetChange:
    """What one change of a fleet does, beside what it does to its plans."""

    events: tuple[Event, ...]
    held: str | None = None
    """Why no further host begins, or empty that they do; None leaves that as it is."""
    excused: Collection[str] | None = None
    wave: int = 0
    """The wave that begins, with these plans."""
    plans: Sequence[str] = ()
    ended: bool = False


Each = Callable[[PlanState, datetime], Change]
Then = Callable[[FleetState, Collection[str], Mapping[str, str]], FleetChange]
"""Of the fleet after the change: on which plans it counted, and on which not and why."""


class Fleets(Protocol):
    """Fleet plans as they stand. A change and its events are written together or not at all."""

    def create(
        self, fleet: Fleet, plans: Sequence[NewPlan], message: MessageRef, event: Callable[[Fleet], Event]
    ) -> FleetState:
        """Write a fleet and its plans, all proposed; one of the same id a second time changes nothing.

        It and its plans begin now, by the database's clock; the digests of its plans are those of what was stored.
        ``event`` tells of it as it is read back.
        """
        ...

    def get(self, fleet_id: str) -> FleetState | None: ...

    def open(self) -> tuple[str, ...]:
        """Ids of the fleets that have not ended, the oldest first."""
        ...

    def change(
        self, fleet_id: str, decide: Callable[[FleetState, datetime], FleetChange | None]
    ) -> FleetState:
        """Let ``decide`` say what becomes of a fleet, and write that; None changes nothing.

        Of two callers at once, the second decides on the first one's result, and where its waves stand is told by
        the audit. RefusedError where there is no such fleet, or its row says otherwise than the audit.
        """
        ...

    def change_each(self, fleet_id: str, each: Mapping[str, Each], then: Then) -> FleetState:
        """Change these plans of a fleet, as ``Plans.change`` would one by one, in one transaction.

        What is refused for one plan leaves that one as it is and keeps nothing from the others. RefusedError with
        all of the reasons where it counts on none.
        """
        ...

    def show_alone(self, plan_id: str) -> None:
        """Have a fleet's plan shown in a message of its own, too."""
        ...

    def unshown(self) -> tuple[str, ...]:
        """Ids of the fleets whose message is behind."""
        ...

    def begin_showing(self, fleet_id: str, lease: timedelta) -> bool:
        """Keep other processes from showing the same fleet for that long; False when one of them is at it."""
        ...

    def leave_unshown(self, fleet_id: str) -> None:
        """End what ``begin_showing`` began, without success."""
        ...

    def untold(self, fleet_id: str) -> tuple[ChainedEvent, ...]:
        """What happened to a fleet since ``told``, oldest first; not what happened to its plans."""
        ...

    def told(self, fleet_id: str, seq: int) -> None:
        """Remember that everything up to this event was written into the thread."""
        ...

    def shown(self, state: FleetState, message: MessageRef) -> None:
        """Remember where the message stands, and that it shows the fleet as it was in this state."""
        ...
