"""Where a policy wants reasons no vote counts without one, however it comes; and a reason that was given stays."""

from collections.abc import Callable
from types import MappingProxyType

import pytest

from bot.core.audit import facts
from bot.core.errors import RefusedError
from bot.core.life.states import MessageRef, Status
from bot.core.plan.plan import Person
from bot.core.rules.hosts import Host, Hosts, SocketAddress
from bot.core.rules.policy import Policy
from bot.services.decide.decide import Decide
from bot.services.rules.rights import Rights
from bot.store.opening import Store
from tests.slack.states import proposed
from tests.support.people import NoGroups

BOB, CYD = Person(id="U0BOB", name="bob"), Person(id="U0CYD", name="cyd")
PLAN = proposed().plan


@pytest.fixture
def decide(store: Store) -> Decide:
    policy = Policy(name="careful", approve=("*",), quorum=2, reasons=True)
    host = Host(name=PLAN.host, address=SocketAddress(url="unix:///x"), policy=policy)
    store.plans.create(PLAN, 2, MessageRef(channel="C0OPS", ts="1.2"), facts.proposed(PLAN, {}))
    return Decide(
        hosts=lambda: Hosts(MappingProxyType({host.name: host})), rights=Rights(directory=NoGroups()),
        plans=store.plans, trail=store.trail, changed=lambda: None,
    )  # fmt: skip


@pytest.mark.parametrize("approve", [True, False])
def test_a_vote_without_a_reason_does_not_count(decide: Decide, *, approve: bool) -> None:
    with pytest.raises(RefusedError, match=r"wants to know why: press .* again, and write a few words"):
        decide(PLAN.id, BOB, approve=approve)
    state = decide.plans.get(PLAN.id)
    assert state is not None
    assert (state.status, state.votes) == (Status.PROPOSED, ())


def test_each_vote_keeps_its_reason(decide: Decide) -> None:
    decide(PLAN.id, BOB, approve=True, reason="the disk is full")
    state = decide(PLAN.id, CYD, approve=True, reason="looked at web-1")
    assert state.status is Status.APPROVED
    assert [vote.reason for vote in state.votes] == ["the disk is full", "looked at web-1"]


def test_a_plan_whose_reasons_somebody_changed_in_the_database_is_closed(
    decide: Decide, sql: Callable[[str], None]
) -> None:
    decide(PLAN.id, BOB, approve=True, reason="only if web-1 stays")
    sql("UPDATE vote SET reason = 'all of it is old'")
    with pytest.raises(RefusedError, match="why it was approved is not what was said"):
        decide(PLAN.id, CYD, approve=True, reason="as bob says")
    state = decide.plans.get(PLAN.id)
    assert state is not None
    assert state.status is Status.CANCELLED
