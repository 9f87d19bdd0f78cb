"""Removed images, asked for again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.core.audit.events import Event
from bot.core.life.restoring import ImageRestored
from bot.core.life.states import PlanState
from bot.core.plan.plan import Person
from bot.ports.claims import Claim, Claims


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreRun(Claim):
    """A claim on restoring a plan's images."""

    what = "restoring"
    number: int
    channel: str = ""
    """Where it was asked for, by the audit."""


class Restores(Claims[RestoreRun], Protocol):
    """Who asked for removed images again, and what came of it; one restoring of a plan at a time."""

    def ask(self, plan_id: str, person: Person, decide: Callable[[PlanState, datetime], Event]) -> PlanState:
        """Write that a plan's images are wanted again, with the event that ``decide`` gives.

        What ``decide`` raises is passed on and nothing is written. RefusedError when there is no such plan.
        """
        ...

    def record(self, run: RestoreRun, image: ImageRestored, event: Event) -> None:
        """Write how one image ended, with its event. Fenced."""
        ...

    def end(self, run: RestoreRun, event: Event) -> PlanState:
        """Write that all images were tried. Fenced."""
        ...
