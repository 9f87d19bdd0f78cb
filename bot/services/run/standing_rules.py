"""The rules in force while a plan waits and runs: what was tightened since it was made counts."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.core.docker.inventory import Kind
from bot.core.plan.plan import Item, Plan
from bot.core.rules.policy import plan_objection
from bot.core.rules.rules import Rules
from bot.ports import Engine
from bot.services.look.planning import Planning


def objection(rules: Rules, plan: Plan) -> str | None:
    """Why nothing of the plan may go by these rules, whatever it lists; None when something may."""
    host = rules.hosts.by_name.get(plan.host)
    if host is None:
        return f"{plan.host} is no longer registered"
    return plan_objection(host.policy, plan.draft)


@dataclass(slots=True)
class OfRun:
    """Why an object of one run may not go any more; the host is looked at afresh when the rules changed, not else."""

    planning: Planning
    plan: Plan
    engine: Engine
    _asked: Rules | None = None
    _named: str = ""
    """Names those that the plan was made by, or that were asked since."""
    _objection: str | None = None
    _kept: Mapping[tuple[Kind, str], str] = field(default_factory=dict)

    def __call__(self, item: Item) -> str | None:
        """None when it may go; HostError."""
        rules = self.planning.rules()
        if rules is not self._asked:
            self._ask(rules)
        return self._objection or self._kept.get((item.kind, item.id))

    def _ask(self, rules: Rules) -> None:
        self._objection = objection(rules, self.plan)
        if not self._objection:
            draft = self.plan.draft
            named = rules.named(self.plan.host, draft.profile)
            if named != (self._named or draft.rules):
                self._kept = self.planning.kept_now(rules, self.plan, self.engine)
                self._named = named
        self._asked = rules
