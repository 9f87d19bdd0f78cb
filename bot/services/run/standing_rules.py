"""The rules in force while a plan waits and runs: what was tightened since it was made counts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.core.docker.inventory import Kind
from bot.core.plan.plan import Item, Plan
from bot.core.rules.hosts import Hosts
from bot.core.rules.policy import Policy, plan_objection
from bot.ports import Engine
from bot.services.look.planning import Planning


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingRules:
    """Protection, policies and profiles as they are configured at the moment of the question."""

    hosts: Callable[[], Hosts]
    planning: Planning

    def of_run(self, plan: Plan, engine: Engine) -> "OfRun":
        """What to ask before each object of a run."""
        return OfRun(standing=self, plan=plan, engine=engine, asked=plan.draft.rules)

    def objection(self, plan: Plan) -> str | None:
        """Why nothing of the plan may go, whatever it lists; None when something may."""
        host = self.hosts().by_name.get(plan.host)
        if host is None:
            return f"{plan.host} is no longer registered"
        return plan_objection(host.policy, plan.draft)

    def named(self, plan: Plan) -> str:
        """Names the rules in force for the plan, as its draft names those that it was made by."""
        return self.planning.rules(plan.host, plan.draft.profile)

    def policy(self, plan: Plan) -> Policy | None:
        host = self.hosts().by_name.get(plan.host)
        return host.policy if host else None


@dataclass(slots=True, kw_only=True)
class OfRun:
    """Why an object of one run may not go any more; the host is looked at afresh when the rules changed, not else."""

    standing: StandingRules
    plan: Plan
    engine: Engine
    asked: str
    """Names the rules that were asked last."""
    _policy: Policy | None = None
    _objection: str | None = None
    _kept: Mapping[tuple[Kind, str], str] = field(default_factory=dict)

    def __call__(self, item: Item) -> str | None:
        """None when it may go; HostError."""
        policy = self.standing.policy(self.plan)
        if policy is None or policy is not self._policy:
            self._policy, self._objection = policy, self.standing.objection(self.plan)
        if self._objection:
            return self._objection
        named = self.standing.named(self.plan)
        if named != self.asked:
            self._kept = self.standing.planning.kept_now(self.plan, self.engine)
            self.asked = named
        return self._kept.get((item.kind, item.id))
