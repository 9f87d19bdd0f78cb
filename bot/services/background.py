"""What happens without a click, of one process."""

from collections.abc import Callable
from functools import partial

from bot.ports import AlertChat, Teller
from bot.services.clocks import CHECK_SECONDS
from bot.services.decide.decide import EXPIRE_SECONDS
from bot.services.fleets.rollout import Rollout
from bot.services.leases import Leases
from bot.services.run.execute import Execute
from bot.services.run.standing_rules import OfRun
from bot.services.run.starting import Starting
from bot.services.run.waiting_rules import LOOP_SECONDS as RULES_SECONDS
from bot.services.run.waiting_rules import WaitingRules
from bot.services.use_cases import Base, UseCases
from bot.services.watch.alerting import TellAlerts
from bot.services.watch.itself.fullness import Fullness
from bot.services.watch.itself.relief import Relief
from bot.services.watch.pressure import Pressure
from bot.services.watch.sampling import SAMPLING_SECONDS, Sampling
from bot.services.watch.schedules import Schedules
from bot.services.watch.streams import STREAMS_SECONDS, Streams
from bot.services.work.worker import PATIENCE, POLL_SECONDS, Worker


def background(base: Base, uses: UseCases, chat: Teller) -> Worker:
    """A worker that runs cleanups and restores, looks at what is due, and follows the hosts; ``chat`` is told."""
    store, signals, worker = base.store, base.signals, Worker(base.signals, metrics=base.metrics)
    execute = Execute(
        plans=store.plans, runs=store.runs, audit=store.audit, engines=base.engines,
        leases=Leases(claims=store.runs, owner=base.owner, ticks=base.ticks),
        changed=signals.changed, stopping=signals.ending, pause=signals.pause,
        starting=Starting(
            hosts=base.hosts, rights=base.rights, plans=store.plans, clock=base.clock, changed=signals.changed
        ),
        rules=partial(OfRun, uses.planning), looked=uses.planning.remember,
    )  # fmt: skip
    schedules = Schedules(
        rules=base.rules, propose=uses.propose, plans=store.plans, timers=store.timers, batches=store.batches,
        trail=store.trail,
        chat=chat, clock=base.clock, stopping=signals.ending,
        fullness=Fullness(
            hosts=base.hosts, engines=base.engines, samples=store.samples, ledger=store.ledger, clock=base.clock
        ),
    )  # fmt: skip
    waiting = WaitingRules(
        planning=uses.planning,
        engines=base.engines,
        plans=store.plans,
        clock=base.clock,
        changed=signals.changed,
    )
    streams = Streams(
        hosts=base.hosts, engines=base.engines, ledger=store.ledger, owner=base.owner, clock=base.ticks,
        stopping=signals.ending,
    )  # fmt: skip
    sampling = Sampling(
        hosts=base.hosts, engines=base.engines, histories=uses.histories, samples=store.samples,
        ledger=store.ledger, clock=base.clock,
        owner=base.owner, ticks=base.ticks, stopping=signals.ending, metrics=base.metrics,
        pressure=_pressure(base, uses),
        relief=Relief(
            hosts=base.hosts, alerts=store.alerts, propose=uses.propose, plans=store.plans, trail=store.trail,
            clock=base.clock, stopping=signals.ending,
        ),
    )  # fmt: skip
    worker.take_up("cleanup", execute.leases, execute)
    worker.whenever("rollouts", Rollout(fleets=store.fleets, changed=signals.changed), POLL_SECONDS)
    worker.take_up("restore", uses.restore.leases, uses.restore, PATIENCE)
    worker.every(EXPIRE_SECONDS, "expiry", uses.decide.expire_due)
    worker.every(POLL_SECONDS, "schedules", schedules)
    worker.every(RULES_SECONDS, "rules of waiting plans", waiting)
    worker.every(CHECK_SECONDS, "clocks", base.clock.check)
    worker.every(STREAMS_SECONDS, "events", streams)
    worker.every(SAMPLING_SECONDS, "samples", sampling)
    return worker


def tell_alerts(base: Base, uses: UseCases, chat: AlertChat, new_id: Callable[[], str]) -> TellAlerts:
    """What tells of alerts in ``chat``; ``new_id`` makes the ids of its messages."""
    return TellAlerts(
        hosts=base.hosts, alerts=base.store.alerts, chat=chat, clock=base.clock, owner=base.owner, new_id=new_id,
        forget_unwatched=_pressure(base, uses).forget_unwatched, stopping=base.signals.ending,
    )  # fmt: skip


def _pressure(base: Base, uses: UseCases) -> Pressure:
    return Pressure(hosts=base.hosts, alerts=base.store.alerts, histories=uses.histories)
