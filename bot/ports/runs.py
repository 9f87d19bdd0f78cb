"""Cleanups: taken up by one process at a time, and written down object by object."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from bot.core.audit.events import Event
from bot.core.docker.usage import DiskUsage
from bot.core.life.states import ItemState, PlanState, Status
from bot.ports.claims import Claim, Claims


class Run(Claim):
    """A claim on a cleanup."""

    __slots__ = ()
    what = "cleanup"


class Runs(Claims[Run], Protocol):
    """Runs of approved plans; every write of one is fenced by its attempt."""

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

    def held_against_audit(self, plan_id: str) -> PlanState | None:
        """The plan, with a doubt where votes, approval or the state of a run differ from its events, too."""
        ...

    def finish(self, run: Run, status: Status, event: Event, reason: str = "") -> PlanState:
        """running → its end, with the event; the host is free again. Fenced."""
        ...
