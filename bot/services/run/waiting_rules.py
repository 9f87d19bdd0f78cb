"""Waiting plans and the rules in force: one that they forbid by now says so, or ends where nothing of it may go.

So does one whose approval holds no longer, whatever keeps it from its start: a plan before it, a rollout that is held.
"""

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.audit import facts
from bot.core.audit.events import Tag
from bot.core.docker.inventory import Kind
from bot.core.errors import DeckhandError, RefusedError
from bot.core.json import Json
from bot.core.life.states import PlanState, Status
from bot.core.plan.plan import Plan
from bot.core.rules.rules import Rules
from bot.ports import Change, Clock, Engines, OpenPlan, Plans
from bot.services.look.planning import Planning
from bot.services.run.standing_rules import objection
from bot.services.run.starting import stale

LOG = logging.getLogger(__name__)

LOOP_SECONDS = 5.0
"""How long a plan waits before it says that the rules have changed."""
_WAITING = frozenset({Status.PROPOSED, Status.APPROVED})
_NAMED = 3
"""Objects that the sentence names; the event has all."""
ALLOWED_AGAIN = "The rules changed once more since this plan was made, and allow all of it again."


@dataclass(slots=True, kw_only=True)
class _Asked:
    """A waiting plan, and the rules that were asked about it last; None: none since it was made."""

    plan: Plan
    named: str
    rules: Rules | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRules:
    """Call it often: a host is looked at only when the rules of one of its waiting plans have changed."""

    planning: Planning
    engines: Engines
    plans: Plans
    clock: Clock
    changed: Callable[[], None]
    _asked: dict[str, _Asked] = field(default_factory=dict)

    def __call__(self) -> None:
        waiting = [each for each in self.plans.going_on() if each.status in _WAITING]
        for gone in self._asked.keys() - {each.id for each in waiting}:
            del self._asked[gone]
        for each in waiting:
            try:
                if not self._ended(each):
                    self._ask(each.id)
            except DeckhandError as error:
                LOG.warning("whether the rules still allow plan %s: %s", each.id, error)

    def _ended(self, waiting: OpenPlan) -> bool:
        """End a plan that was approved too long ago; False where it was not."""
        host = self.planning.rules().hosts.by_name.get(waiting.host)
        if waiting.status is not Status.APPROVED or host is None:
            return False
        why = stale(host.policy, waiting.decided_at, self.clock.now())
        state = self.plans.get(waiting.id) if why else None
        if not why or state is None or state.doubt:
            return False
        self._cancel(state.plan, why)
        return True

    def _ask(self, plan_id: str) -> None:
        asked = self._asked.get(plan_id)
        if asked is None:
            state = self.plans.get(plan_id)
            if state is None or state.doubt or state.status not in _WAITING:
                return
            asked = _Asked(plan=state.plan, named=state.plan.draft.rules)
        rules = self.planning.rules()
        if rules is not asked.rules:
            named = self._judge(asked, rules)
            self._asked[plan_id] = _Asked(plan=asked.plan, named=named, rules=rules)

    def _judge(self, asked: _Asked, rules: Rules) -> str:
        """What there is to say of a plan by other rules than before; names what they protect and take of it."""
        plan, objected = asked.plan, objection(rules, asked.plan)
        if objected:
            self._cancel(plan, objected)
            return asked.named
        named = rules.named(plan.host, plan.draft.profile)
        if named != asked.named:
            self._look(plan, rules)
        return named

    def _look(self, plan: Plan, rules: Rules) -> None:
        kept = self.planning.kept_now(rules, plan, self.engines.connect(plan.host))
        if len(kept) == len(plan.draft.items):
            self._cancel(plan, f"by the rules as they are now nothing of it may go ({_examples(plan, kept)})")
        elif kept:
            self._note(plan, kept, (
                f"The rules changed since this plan was made: {len(kept):,} of its {len(plan.draft.items):,} objects "
                f"will stay ({_examples(plan, kept)})."
            ))  # fmt: skip
        else:
            self._note(plan, {}, ALLOWED_AGAIN)

    def _cancel(self, plan: Plan, why: str) -> None:
        reason = f"{plan.host}: {why}. Nothing was removed."

        def cancel(state: PlanState, _now: datetime) -> Change:
            _must_wait(state)
            cancelled = facts.event(Tag.PLAN_CANCELLED, state.plan, reason=reason)
            return Change(status=Status.CANCELLED, events=(cancelled,), reason=reason, decided=True)

        self._change(plan, cancel)

    def _note(self, plan: Plan, kept: Mapping[tuple[Kind, str], str], reason: str) -> None:
        listed: list[Json] = [
            {"kind": str(item.kind), "id": item.id, "name": item.name, "rule": kept[item.kind, item.id]}
            for item in plan.draft.items
            if (item.kind, item.id) in kept
        ]

        def note(state: PlanState, _now: datetime) -> Change:
            _must_wait(state)
            if state.reason == reason or not (kept or state.reason):
                raise RefusedError("It says so already.")
            noted = facts.event(Tag.PLAN_RULES_CHANGED, state.plan, reason=reason, kept=listed)
            return Change(status=state.status, events=(noted,), reason=reason, noted=True)

        self._change(plan, note)

    def _change(self, plan: Plan, decide: Callable[[PlanState, datetime], Change]) -> None:
        with suppress(RefusedError):  # another process was faster
            self.plans.change(plan.id, decide)
            self.changed()


def _must_wait(state: PlanState) -> None:
    if state.status not in _WAITING:
        raise RefusedError("The plan no longer waits.")


def _examples(plan: Plan, kept: Mapping[tuple[Kind, str], str]) -> str:
    named = [
        f"{item.name}: {kept[item.kind, item.id]}"
        for item in plan.draft.items
        if (item.kind, item.id) in kept
    ]
    more = f", and {len(named) - _NAMED:,} more" if len(named) > _NAMED else ""
    return "; ".join(named[:_NAMED]) + more
