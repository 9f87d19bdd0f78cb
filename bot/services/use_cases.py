"""What people ask for, of one process, and what all of it stands on."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.core.rules.hosts import Hosts
from bot.core.rules.rules import Rules
from bot.ports import NO_METRICS, Engines, Metrics, Store
from bot.services.audit.review import Review
from bot.services.clocks import Clocks
from bot.services.decide.decide import Decide
from bot.services.decide.handing import HandOver
from bot.services.decide.propose import Propose
from bot.services.fleets.deciding import DecideFleet
from bot.services.fleets.propose import ProposeFleet
from bot.services.home.gather import GatherHome
from bot.services.leases import Leases
from bot.services.look.fleet import Fleet
from bot.services.look.offered import Offered
from bot.services.look.planning import Planning
from bot.services.rules.rights import Rights
from bot.services.run.restore import SILENCE, Restore
from bot.services.run.stop import Stop
from bot.services.watch.acting import Acting
from bot.services.watch.histories import Histories
from bot.services.watch.whole import WhyFull
from bot.services.work.worker import Signals


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What the services of one process stand on."""

    store: Store
    engines: Engines
    rules: Callable[[], Rules]
    """Those in force."""
    rights: Rights
    clock: Clocks
    signals: Signals
    owner: str
    """Names this process in leases, and no other one."""
    ticks: Callable[[], float]
    """Seconds of a clock that never jumps, and that goes on while the process is stopped."""
    metrics: Metrics = NO_METRICS

    def hosts(self) -> Hosts:
        """Those registered now."""
        return self.rules().hosts


@dataclass(frozen=True, slots=True, kw_only=True)
class UseCases:
    """The services behind commands, buttons and forms."""

    rights: Rights
    planning: Planning
    propose: Propose
    decide: Decide
    hand_over: HandOver
    propose_fleet: ProposeFleet
    decide_fleet: DecideFleet
    stop: Stop
    restore: Restore
    review: Review
    fleet: Fleet
    home: GatherHome
    histories: Histories
    why_full: WhyFull
    acting: Acting


def open_use_cases(base: Base, fleet: Fleet, new_id: Callable[[], str]) -> UseCases:
    """Make them; ``new_id`` makes the ids of plans."""
    hosts, rights, clock, changed = base.hosts, base.rights, base.clock, base.signals.changed
    plans, trail, audit, ledger = base.store.plans, base.store.trail, base.store.audit, base.store.ledger
    planning = Planning(
        engines=base.engines,
        ledger=ledger,
        rules=base.rules,
        clocks=clock,
        metrics=base.metrics,
        offered=Offered(ticks=base.ticks),
    )
    leases = Leases(claims=base.store.restores, owner=base.owner, ticks=base.ticks, silence=SILENCE)
    histories = Histories(samples=base.store.samples, audit=audit, clock=clock)
    propose = Propose(
        hosts=hosts, rights=rights, planning=planning, plans=plans, trail=trail, clock=clock,
        new_id=new_id, changed=changed,
    )  # fmt: skip
    return UseCases(
        why_full=WhyFull(planning=planning, engines=base.engines, histories=histories),
        rights=rights, planning=planning, fleet=fleet, propose=propose,
        propose_fleet=ProposeFleet(
            propose=propose, fleets=base.store.fleets, pool=fleet.pool, clock=fleet.clock,
            waves=lambda: base.rules().waves,
        ),
        decide_fleet=DecideFleet(
            fleets=base.store.fleets, hosts=hosts, rights=rights, trail=trail, changed=changed
        ),
        decide=Decide(hosts=hosts, rights=rights, plans=plans, trail=trail, changed=changed),
        hand_over=HandOver(
            hosts=hosts, rights=rights, plans=plans, trail=trail, changed=changed, audit=audit,
            notices=base.store.notices,
        ),
        stop=Stop(hosts=hosts, rights=rights, plans=plans, trail=trail, changed=changed),
        restore=Restore(
            hosts=hosts, rights=rights, plans=plans, trail=trail, changed=changed,
            restores=base.store.restores, engines=base.engines, leases=leases, stopping=base.signals.ending,
        ),
        review=Review(hosts=hosts, rights=rights, audit=audit, clock=clock),
        home=GatherHome(
            hosts=hosts, rights=rights, plans=plans, timers=base.store.timers, ledger=ledger, audit=audit,
            histories=histories, people=base.store.people, clock=clock,
        ),
        histories=histories,
        acting=Acting(hosts=hosts, rights=rights, alerts=base.store.alerts, clock=clock, changed=changed),
    )  # fmt: skip
