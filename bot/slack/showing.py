"""All that is shown and told without being asked: messages that follow what they tell of, Homes, calls and alerts."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.core.rules.policy import Tell
from bot.ports import Clock
from bot.services.background import tell_alerts
from bot.services.fleets.show import ShowFleets
from bot.services.use_cases import Base, UseCases
from bot.services.watch.alerting import LOOP_SECONDS as ALERTS_SECONDS
from bot.services.watch.digests import LOOP_SECONDS as DIGEST_SECONDS
from bot.services.watch.digests import Digests
from bot.services.watch.telling import LOOP_SECONDS as TELLING_SECONDS
from bot.services.watch.telling import Once, Telling
from bot.services.watch.whom import Whom
from bot.services.work.batches import ShowBatches
from bot.services.work.budget import Budget
from bot.services.work.show import Show
from bot.services.work.worker import POLL_SECONDS, Worker
from bot.slack.alerts.showing import ShownAlerts
from bot.slack.api import SlackApi
from bot.slack.fleet.showing import ShownFleets
from bot.slack.home.showing import LOOP_SECONDS as HOME_SECONDS
from bot.slack.home.showing import HomeShow
from bot.slack.plan.batches.shown import ShownBatches
from bot.slack.plan.calling import Calls
from bot.slack.plan.showing import ShownPlans


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    plans: Show
    batches: ShowBatches
    fleets: ShowFleets
    homes: HomeShow
    telling: Telling
    digests: Digests
    alerts: Callable[[], None]

    def work_in(self, worker: Worker) -> None:
        """Have it done from the worker's start on."""
        worker.whenever("messages", self.plans, POLL_SECONDS, at_last=True)
        worker.whenever("messages of schedules", self.batches, POLL_SECONDS, at_last=True)
        worker.whenever("messages of fleets", self.fleets, POLL_SECONDS, at_last=True)
        worker.whenever("homes", self.homes, HOME_SECONDS)
        worker.whenever("alerts", self.alerts, ALERTS_SECONDS)
        worker.every(TELLING_SECONDS, "telling", self.telling)
        worker.every(DIGEST_SECONDS, "digests", self.digests)

    def again(self) -> None:
        """Bring the messages of plans and fleets up to date now."""
        self.plans()
        self.fleets()


def open_showing(  # noqa: PLR0913 - one of each part
    base: Base, uses: UseCases, slack: SlackApi, *, steady: Clock, budget: Budget, everywhere: Tell,
    remind_after: float, new_id: Callable[[], str],
) -> Showing:  # fmt: skip
    """``everywhere`` says who is told where no policy does, ``remind_after`` when, as a share of a plan's time."""
    store, chat = base.store, slack.impatient
    whom = Whom(rules=base.rules, rights=base.rights, people=store.people, everywhere=everywhere)
    once, calls = Once(notices=store.notices, clock=base.clock, owner=base.owner), Calls(chat=chat)
    return Showing(
        plans=Show(
            plans=store.plans, messages=store.messages, audit=store.audit, clock=steady, budget=budget,
            chat=ShownPlans(chat=chat, hosts=base.hosts, mentioned=whom.mentioned),
        ),
        batches=ShowBatches(
            plans=store.plans, batches=store.batches, audit=store.audit, clock=steady, budget=budget,
            chat=ShownBatches(chat=chat, hosts=base.hosts, mentioned=whom.mentioned),
        ),
        fleets=ShowFleets(
            fleets=store.fleets, plans=store.plans, clock=steady, budget=budget,
            chat=ShownFleets(
                chat=chat, hosts=base.hosts, now=base.clock.now, plans=store.plans, mentioned=whom.mentioned
            ),
        ),
        homes=HomeShow(
            gather=uses.home, audit=store.audit, chat=chat, clock=steady, wake=base.signals.changed
        ),
        telling=Telling(
            plans=store.plans, audit=store.audit, ledger=store.ledger, batches=store.batches,
            fleets=store.fleets, whom=whom, once=once, chat=calls, remind_after=remind_after,
        ),
        digests=Digests(plans=store.plans, whom=whom, once=once, chat=calls),
        alerts=tell_alerts(base, uses, ShownAlerts(chat=chat, hosts=base.hosts), new_id),
    )  # fmt: skip
