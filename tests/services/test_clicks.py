"""Clicks: whatever a person asks of a plan goes one way, and what is refused is in the audit."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from bot.core.audit.events import Event, Tag
from bot.core.errors import RefusedError
from bot.core.plan.plan import Person
from bot.core.rules.hosts import ContextAddress, Host, Hosts
from bot.core.rules.people import Known, Standing
from bot.core.rules.policy import Policy
from bot.engines.registry import DockerEngines
from bot.services.decide.decide import Decide
from bot.services.leases import Leases
from bot.services.rules.rights import Rights
from bot.services.run.restore import Restore
from bot.services.run.stop import Stop
from bot.store.opening import Store
from tests.store.samples import BEN, propose, the
from tests.support.people import NoGroups

pytestmark = pytest.mark.parametrize("url", ["sqlite"], indirect=True)


@dataclass
class Desk:
    """One host, a proposed plan on it, and what was refused."""

    store: Store
    policy: Policy = field(default_factory=lambda: Policy(name="strict", look=("*",)))
    registered: bool = True
    standing: Standing = Standing.MEMBER
    changes: list[None] = field(default_factory=list)

    def hosts(self) -> Hosts:
        host = Host(name="prod-3", address=ContextAddress(context="x"), policy=self.policy)
        return Hosts({"prod-3": host} if self.registered else {})

    members = staticmethod(NoGroups.members)

    def person(self, user_id: str) -> Known:
        return replace(NoGroups.person(user_id), standing=self.standing)

    def changed(self) -> None:
        self.changes.append(None)

    def refused(self, way: str, plan_id: str) -> str:
        """The sentence with which a click was refused; the same stands in the audit, once, and nothing is woken."""
        propose(self.store)
        with pytest.raises(RefusedError) as refused:
            CLICKS[way](self, plan_id, BEN)
        tag = {"stop": Tag.STOP_REFUSED, "restore": Tag.RESTORE_REFUSED}.get(way, Tag.PLAN_REFUSED)
        (event,) = [link for link in self._events(plan_id) if link.tag is tag]
        assert (event.actor, event.facts["attempted"]) == (BEN.id, way.removesuffix(" at all"))
        assert event.facts["reason"] == str(refused.value)
        assert the(self.store).votes == ()
        assert self.changes == []
        return str(refused.value)

    def _events(self, plan_id: str) -> list[Event]:
        return [link.event for link in self.store.audit.events(plan_id)]

    def decide(self) -> Decide:
        return Decide(
            hosts=self.hosts,
            rights=Rights(directory=self),
            plans=self.store.plans,
            trail=self.store.trail,
            changed=self.changed,
        )

    def stop(self) -> Stop:
        return Stop(
            hosts=self.hosts,
            rights=Rights(directory=self),
            plans=self.store.plans,
            trail=self.store.trail,
            changed=self.changed,
        )

    def restore(self) -> Restore:
        return Restore(
            hosts=self.hosts,
            rights=Rights(directory=self),
            plans=self.store.plans,
            trail=self.store.trail,
            restores=self.store.restores,
            changed=self.changed,
            engines=DockerEngines({}),
            leases=Leases(claims=self.store.restores, owner="replica-1", ticks=time.monotonic),
            stopping=lambda: False,
        )


CLICKS: dict[str, Callable[[Desk, str, Person], object]] = {
    "approve": lambda desk, plan, person: desk.decide()(plan, person, approve=True),
    "reject": lambda desk, plan, person: desk.decide()(plan, person, approve=False),
    "reject at all": lambda desk, plan, person: desk.decide().check_rejection(plan, person),
    "withdraw": lambda desk, plan, person: desk.decide().withdraw(plan, person),
    "stop": lambda desk, plan, person: desk.stop()(plan, person),
    "resume": lambda desk, plan, person: desk.stop().resume(plan, person),
    "restore": lambda desk, plan, person: desk.restore().ask(plan, person),
}
on_a_host = [way for way in CLICKS if way != "withdraw"]


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


@pytest.mark.parametrize("way", CLICKS)
def test_a_click_on_a_plan_that_is_not_there_is_refused_and_recorded(desk: Desk, way: str) -> None:
    assert desk.refused(way, "nowhere").startswith("This plan is not in the database of this Deckhand.")


@pytest.mark.parametrize("way", on_a_host)
def test_a_click_on_a_plan_of_a_host_that_is_gone_is_refused_and_recorded(desk: Desk, way: str) -> None:
    desk.registered = False
    assert desk.refused(way, "p1").startswith("prod-3 is no longer registered, so no")


@pytest.mark.parametrize("way", on_a_host)
def test_a_click_of_somebody_without_the_right_is_refused_and_recorded(desk: Desk, way: str) -> None:
    assert desk.refused(way, "p1").startswith("You may not ")


@pytest.mark.parametrize("way", CLICKS)
def test_a_click_of_a_bot_is_refused_and_recorded_whatever_it_asks_for(desk: Desk, way: str) -> None:
    desk.policy = Policy(name="open", approve=("*",), stop=("*",), restore=("*",))
    desk.standing = Standing.BOT
    assert desk.refused(way, "p1").startswith("Bots have no rights in Deckhand")
