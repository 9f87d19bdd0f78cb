"""Reminding: who may decide about a plan hears once that it is about to expire, and never twice."""

import logging
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.audit import facts
from bot.core.audit.events import Tag
from bot.core.errors import ChatError, ChatRefusedError, NewerReleaseError, PlanDiffersError
from bot.core.life.states import PlanState, Status
from bot.ports import Clock, Plans, Reminders, Trail

LOG = logging.getLogger(__name__)

LOOP_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminding:
    """Call it often. Of all replicas one reminds of a plan: it is claimed in the audit before anything is sent.

    While Slack cannot be reached the claimant tries again; when it dies meanwhile, nobody is reminded.
    """

    plans: Plans
    trail: Trail
    chat: Reminders
    clock: Clock
    after: float
    """The share of a plan's time after which it is due, above 0; 1 means never."""
    _due: dict[str, datetime] = field(default_factory=dict)
    """When, of the plans that wait for their decision and were not reminded of by this process."""
    _over: set[str] = field(default_factory=set)
    _claimed: set[str] = field(default_factory=set)

    def __call__(self) -> None:
        if self.after >= 1:
            return
        waiting = {each.id for each in self.plans.going_on() if each.status is Status.PROPOSED}
        for gone in (self._due.keys() | self._over | self._claimed) - waiting:
            self._due.pop(gone, None)
            self._over.discard(gone)
            self._claimed.discard(gone)
        now = self.clock.now()
        for plan_id in waiting - self._over:
            if self._due.get(plan_id, now) <= now:
                self._look(plan_id, now)

    def _look(self, plan_id: str, now: datetime) -> None:
        try:
            state = self.plans.get(plan_id)
        except (NewerReleaseError, PlanDiffersError):
            return
        if state is None or state.status is not Status.PROPOSED or not (state.message and state.message.ts):
            return
        plan = state.plan
        self._due[plan_id] = plan.created_at + (plan.expires_at - plan.created_at) * self.after
        if self._due[plan_id] <= now and self._may(state) and self._sent(state):
            self._over.add(plan_id)

    def _may(self, state: PlanState) -> bool:
        plan_id = state.plan.id
        if plan_id not in self._claimed:
            if not self.trail.claim(facts.event(Tag.PLAN_REMINDED, state.plan), f"{plan_id}/reminded"):
                self._over.add(plan_id)
                return False
            self._claimed.add(plan_id)
        return True

    def _sent(self, state: PlanState) -> bool:
        try:
            self.chat.remind(state)
        except ChatRefusedError as refused:
            LOG.warning("plan %s: nobody can be reminded: %s", state.plan.id, refused)
        except ChatError:
            return False  # once more at the next call
        return True
