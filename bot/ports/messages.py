"""Messages of plans, and of schedules for many of them: what they show, and what their threads say."""

from datetime import timedelta
from typing import Protocol

from bot.core.audit.events import ChainedEvent
from bot.core.life.batches import Batch, Line
from bot.core.life.states import MessageRef


class Messages(Protocol):
    """Where each plan's message stands, and how far behind the plan it is."""

    def unshown(self) -> tuple[str, ...]:
        """Ids of plans whose message shows an older version than the plan has; oldest change first.

        Without those of which the message of their schedule has a line, and that nobody has opened.
        """
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


class Batches(Protocol):
    """Which plans are lines of one message, and how far behind them it is."""

    def begin(self, batch_id: str, schedule: str, channel: str, wait: timedelta) -> None:
        """Let plans be made as lines of it; it is posted when it is complete, or after that time."""
        ...

    def complete(self, batch_id: str) -> None:
        """No more plans are waited for; one that comes all the same is a line of it too."""
        ...

    def behind(self) -> tuple[Batch, ...]:
        """Those that may be posted and do not show their lines as they are."""
        ...

    def lines(self, batch_id: str) -> tuple[Line, ...]:
        """Its plans, in no order."""
        ...

    def begin_showing(self, batch: Batch, lease: timedelta) -> bool:
        """Keep other processes from showing it for that long; False when one of them is at it, or has been."""
        ...

    def leave_unshown(self, batch_id: str) -> None:
        """End what ``begin_showing`` began, without success."""
        ...

    def shown(self, batch_id: str, seen: int, place: MessageRef) -> None:
        """Remember where it stands and what it shows."""
        ...

    def open_plan(self, plan_id: str) -> bool:
        """Have a plan that is a line so far posted as a message of its own; False where it is not one."""
        ...

    def of_plan(self, plan_id: str) -> Batch | None:
        """The batch in which a plan has a line, whether somebody has opened it or not."""
        ...
