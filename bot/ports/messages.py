"""Messages of plans: what they show, and what their threads say."""

from datetime import timedelta
from typing import Protocol

from bot.core.audit.events import ChainedEvent
from bot.core.life.states import MessageRef


class Messages(Protocol):
    """Where each plan's message stands, and how far behind the plan it is."""

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
