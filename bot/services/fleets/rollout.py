"""Rollout: begin the waves of approved fleets, hold them at trouble, and say when all of it has ended.

Every process asks; each step is one transaction, and the second to come decides on the first one's result.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.core.audit import fleets as told
from bot.core.errors import DeckhandError
from bot.core.life.fleets import FleetState
from bot.core.life.rollout import BeginWave, Hold, next_step
from bot.ports import FleetChange, Fleets

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    fleets: Fleets
    changed: Callable[[], None]

    def __call__(self) -> None:
        for fleet_id in self.fleets.open():
            try:
                self._step(fleet_id)
            except DeckhandError as error:
                LOG.warning("the rollout of fleet plan %s: %s", fleet_id, error)

    def _step(self, fleet_id: str) -> None:
        """Take the next step, where there is one by the rows; it is taken by what the audit says."""
        state = self.fleets.get(fleet_id)
        if state is None or next_step(state) is None:
            return
        if self.fleets.change(fleet_id, _decided).version != state.version:
            self.changed()


def _decided(state: FleetState, _now: datetime) -> FleetChange | None:
    step = next_step(state)
    if step is None:
        return None
    if isinstance(step, BeginWave):
        begun = told.wave(state, step.number, step.plans)
        return FleetChange(events=(begun,), wave=step.number, plans=step.plans)
    if isinstance(step, Hold):
        return FleetChange(events=(told.held(state, step.why, step.plans),), held=step.why)
    return FleetChange(events=(told.ended(state),), ended=True)
