"""Relief: where a policy wants that, an open alert of a disk asks by itself for the plan that ends it.

Whoever samples a host is the only one at it, so no two processes ask at once. What the policy does not approve itself
by then waits for people, as every plan does.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from bot.core.audit import facts
from bot.core.audit.events import Tag
from bot.core.errors import DeckhandError, NothingToRemoveError
from bot.core.plan.arguments import parse_arguments
from bot.core.plan.target.target import Target
from bot.core.rules.hosts import Host, Hosts
from bot.core.rules.schedules import Schedule
from bot.core.watch.pressure.alert import Kind
from bot.ports import Alerts, Clock, Plans, Trail
from bot.services.decide.propose import Propose
from bot.services.lanes import Lane

LOG = logging.getLogger(__name__)

THREADS = 8
NAME = "disk pressure"
"""Of who asks; no schedule of the configuration can have a name with a space."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relief:
    """Call it when a host was sampled; it waits for nothing."""

    hosts: Callable[[], Hosts]
    alerts: Alerts
    propose: Propose
    plans: Plans
    trail: Trail
    clock: Clock
    stopping: Callable[[], bool]
    _told: set[str] = field(default_factory=set)
    """Alerts of which the audit knows that nothing may go by itself."""
    lane: Lane = field(default_factory=lambda: Lane("relief", THREADS))

    def __call__(self, host_name: str) -> None:
        """StoreUnavailableError."""
        host = self.hosts().by_name.get(host_name)
        if host is None or not host.policy.auto_on_pressure or not host.policy.auto_approve_to:
            return
        if not host.policy.auto_windows.open_at(self.clock.now()):
            return
        alert = next((one for _, one in self.alerts.open_on(host_name) if one.kind is Kind.PRESSURE), None)
        if alert is not None:
            self.lane.submit(partial(self._guarded, host, alert.id), same=host_name)

    def _guarded(self, host: Host, alert: str) -> None:
        try:
            if not self.stopping():
                self._ask(host, alert)
        except DeckhandError as error:
            LOG.warning("the alert of %s made no plan: %s", host.name, error)
        except Exception:
            LOG.exception("asking for the plan that ends the alert of %s failed", host.name)

    def _ask(self, host: Host, alert: str) -> None:
        profile, target = next(iter(host.policy.auto_approve_to.items()))
        asks = _asking(host, profile, target)
        if self.plans.open_of(asks.requester.id, host.name):
            return  # it waits, or runs
        try:
            self.propose.by_schedule(asks, host)
        except NothingToRemoveError as nothing:
            if alert not in self._told:
                self._told.add(alert)
                self.trail.record(
                    facts.of_schedule(Tag.SCHEDULE_NOTHING, asks, host.name, reason=str(nothing))
                )
        else:
            self._told.discard(alert)


def _asking(host: Host, profile: str, target: Target) -> Schedule:
    """Who asks: nobody's clock, but as a schedule does, in the channel of the host's alerts."""
    return Schedule(
        name=NAME, hosts=(host.name,), arguments=parse_arguments([profile, *str(target).split()]), cron="* * * * *",
        channel=host.alerts.channel,
    )  # fmt: skip
