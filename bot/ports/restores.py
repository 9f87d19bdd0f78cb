"""Removed images, asked for again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.core.audit.events import Event
from bot.core.life.restoring import ImageRestored
from bot.core.life.states import PlanState
from bot.core.plan.plan import Person


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


class Restores(Protocol):
    """Who asked for removed images again, and what came of it; one restoring of a plan at a time."""

    def ask(self, plan_id: str, person: Person, decide: Callable[[PlanState, datetime], Event]) -> PlanState:
        """Write that a plan's images are wanted again, with the event that ``decide`` gives.

        What ``decide`` raises is passed on and nothing is written. RefusedError when there is no such plan.
        """
        ...

    def due(self) -> tuple[str, ...]:
        """Ids of plans whose images wait to be restored, or whose restoring lost its process."""
        ...

    def claim(self, plan_id: str, owner: str, lease: timedelta) -> RestoreRun | None:
        """Take one up; None when somebody else has it."""
        ...

    def renew(self, run: RestoreRun, lease: timedelta) -> None: ...

    def record(self, run: RestoreRun, image: ImageRestored, event: Event) -> None:
        """Write how one image ended, with its event. Fenced."""
        ...

    def end(self, run: RestoreRun, event: Event) -> PlanState:
        """Write that all images were tried. Fenced."""
        ...
