"""A host that watches itself: an open alert of its disk asks for the plan that its policy approves, in its hours."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.audit.events import Tag
from bot.core.life.states import PlanState, Status
from bot.core.plan.target.target import Target
from bot.core.rules.alerting import Alerting
from bot.core.rules.hosts import Hosts
from bot.core.watch.pressure.alert import Kind, Measured
from bot.core.watch.pressure.lines import Bounds, Line, Lines
from bot.core.watch.pressure.machine import looked
from bot.services.watch.itself.relief import NAME, Relief
from tests.services.bench import HOST, Bench, UtcClock, hosts_at
from tests.services.decide.test_targets import ITSELF, closed_now, proposing, written
from tests.services.held import look

LINES = Lines(warn=Bounds(at=Line(share=0.4), clears=Line(share=0.3)), holds=timedelta())
WATCHED = replace(ITSELF, auto_on_pressure=True, auto_approve_to={"everything": Target(free=500_030_000)})
REQUESTER = f"schedule:{NAME}"


@pytest.fixture
def full(bench: Bench) -> Bench:
    """A host with an open alert, and two containers of which one is enough to end it."""
    bench.engine.base()
    written(bench, "one", 30_000)
    written(bench, "two", 20_000)
    seen = Measured(at=bench.store.ledger.now(), engine="E1", size=1_000, free=500)
    bench.store.alerts.look(
        HOST, Kind.PRESSURE, lambda before: looked(HOST, Kind.PRESSURE, before, seen, LINES)
    )
    bench.policy = WATCHED
    return bench


def relief(bench: Bench) -> Relief:
    def hosts() -> Hosts:
        host = hosts_at(bench.engine, bench.policy).find(HOST)
        return Hosts({HOST: replace(host, alerts=Alerting(channel="C0ALERTS", lines=LINES))})

    return Relief(
        hosts=hosts, alerts=bench.store.alerts, propose=proposing(bench), plans=bench.store.plans,
        trail=bench.store.trail, clock=UtcClock(), stopping=lambda: False,
    )  # fmt: skip


def asked(bench: Bench, *, times: int = 1) -> list[PlanState]:
    """What comes of a host that was sampled so often."""
    asks = relief(bench)
    for _ in range(times):
        asks(HOST)
        assert asks.lane.join(60)
    found = [bench.store.plans.get(plan) for plan in bench.store.plans.open_of(REQUESTER, HOST)]
    return [state for state in found if state is not None]


def test_an_open_alert_asks_once_for_what_its_policy_approves_and_that_alone_is_removed(full: Bench) -> None:
    (state,) = asked(full, times=3)
    assert (state.status, state.plan.requester.id) == (Status.APPROVED, REQUESTER)
    assert [each.id for each in state.approvers] == ["policy:itself"]
    assert (state.message and state.message.channel) == "C0ALERTS"
    assert [each.item.name for each in state.items] == ["one"]
    before = look(full.engine)
    assert full.run(state.plan).status is Status.DONE
    assert before.gone(look(full.engine)) == {(state.items[0].item.kind, state.items[0].item.id)}
    assert full.store.chain.verify().broken is None


@pytest.mark.parametrize(
    "policy",
    [
        replace(WATCHED, auto_on_pressure=False),
        replace(WATCHED, auto_approve_to={}),
        replace(WATCHED, auto_windows=closed_now()),
    ],
    ids=["not wanted", "nothing is approved", "not at this time"],
)
def test_where_the_policy_does_not_want_it_nothing_is_asked_for(full: Bench, policy: object) -> None:
    full.policy = policy  # type: ignore[assignment] # of the parameters
    assert asked(full) == []


def test_beyond_a_limit_of_the_policy_the_plan_waits_for_people(full: Bench) -> None:
    full.policy = replace(WATCHED, max_bytes=10, quorum_above=2)
    assert [state.status for state in asked(full, times=2)] == [Status.PROPOSED]


def test_without_an_alert_nothing_is_asked_for(full: Bench) -> None:
    seen = Measured(at=full.store.ledger.now() + timedelta(seconds=1), engine="E1", size=1_000, free=999)
    clears = replace(LINES, clears=timedelta())
    full.store.alerts.look(
        HOST, Kind.PRESSURE, lambda before: looked(HOST, Kind.PRESSURE, before, seen, clears)
    )
    assert asked(full) == []


def test_where_nothing_may_go_the_audit_says_so_once(full: Bench) -> None:
    full.everywhere = replace(full.everywhere, names=("*",), images=("*",))
    assert asked(full, times=3) == []
    events = [link.event for link in full.store.audit.events("") if link.event.tag is Tag.SCHEDULE_NOTHING]
    assert [event.actor for event in events] == [REQUESTER]
