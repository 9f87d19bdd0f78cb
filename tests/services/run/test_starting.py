"""Before a run the policy in force is asked again: who approved, what is allowed, how much, and when."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.audit.events import Tag
from bot.core.life.states import PlanState, Status
from bot.core.plan.plan import Person
from bot.core.rules.hosts import ContextAddress, Host, Hosts
from bot.core.rules.people import Known, Standing
from bot.core.rules.policy import Policy, Volumes
from bot.core.rules.windows import Windows, parse_window
from bot.ports import Change
from bot.services.decide.approving import approve_by_policy
from bot.services.decide.decide import Decide
from bot.services.rules.rights import Rights
from bot.services.run.starting import Starting
from bot.store.opening import Store
from tests.store.samples import ANNA, BEN, propose, tags, the
from tests.support.people import guest, member, outsider

CYD = Person(id="U0CYD", name="Cyd")
HOUR = timedelta(hours=1)
AGAIN = "Nothing was removed. The same can be planned afresh."
pytestmark = pytest.mark.parametrize(
    "url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)


def policy(**more: object) -> Policy:
    return replace(Policy(name="p", approve=("*",)), **more)  # type: ignore[arg-type] # the tests' own keywords


@dataclass
class Desk:
    """One host whose policy a test changes, groups whose members leave, and a clock that it moves."""

    store: Store
    policy: Policy
    groups: Mapping[str, frozenset[str]] = field(default_factory=dict)
    people: dict[str, Known] = field(default_factory=dict)
    """Those who are no members, or no longer."""
    registered: bool = True
    ahead: timedelta = timedelta()
    changes: int = 0

    def hosts(self) -> Hosts:
        host = Host(name="prod-3", address=ContextAddress(context="x"), policy=self.policy)
        return Hosts({"prod-3": host} if self.registered else {})

    def members(self, group_id: str) -> frozenset[str]:
        return self.groups.get(group_id, frozenset())

    def person(self, user_id: str) -> Known:
        return self.people.get(user_id, member(user_id))

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def changed(self) -> None:
        self.changes += 1

    def approve(self, *people: Person) -> PlanState:
        propose(self.store)
        decide = Decide(
            hosts=self.hosts,
            rights=Rights(directory=self),
            plans=self.store.plans,
            trail=self.store.trail,
            changed=self.changed,
        )
        for person in people:
            decide("p1", person, approve=True, channel="C0DISK")
        return the(self.store)

    def may_start(self) -> bool:
        starting = Starting(
            hosts=self.hosts, rights=Rights(directory=self), plans=self.store.plans, clock=self,
            changed=self.changed,
        )  # fmt: skip
        return starting(the(self.store))

    def window(self, opens_in: timedelta) -> Windows:
        """A window of one hour a day."""
        opening = self.now() + opens_in
        closing = opening + HOUR
        return Windows(windows=(parse_window(f"{opening:%H:%M}-{closing:%H:%M}"),))

    def cancelled(self) -> str:
        """Why the plan was cancelled; the same stands in the audit, and the plan starts no more."""
        state = the(self.store)
        assert state.status is Status.CANCELLED
        (event,) = [
            link.event for link in self.store.audit.events("p1") if link.event.tag is Tag.PLAN_CANCELLED
        ]
        assert event.facts["reason"] == state.reason
        assert self.store.runs.claimable() == ()
        return state.reason


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store=store, policy=policy())


def test_a_plan_whose_approvals_all_count_may_start_and_nothing_is_written(desk: Desk) -> None:
    desk.policy = policy(quorum=2)
    before = desk.approve(BEN, CYD)
    assert desk.may_start()
    assert the(desk.store) == before


def test_an_approver_who_lost_the_right_does_not_count_and_is_named(desk: Desk) -> None:
    desk.approve(BEN)
    desk.policy = policy(approve=("U0CYD",))
    assert not desk.may_start()
    assert desk.cancelled() == (
        "Ben may not approve on prod-3 any more, by what policy “p” and Slack's directory say now, 0 of 1 "
        f"approvals count. {AGAIN}"
    )
    (event,) = [link.event for link in desk.store.audit.events("p1") if link.event.tag is Tag.PLAN_CANCELLED]
    assert event.facts["lost"] == ["U0BEN"]


@pytest.mark.parametrize(
    "now",
    [guest("U0BEN"), outsider("U0BEN")]
    + [Known(user="U0BEN", standing=each) for each in (Standing.BOT, Standing.DEACTIVATED, Standing.UNKNOWN)],
    ids=lambda known: str(known.standing),
)
def test_an_approver_who_is_no_member_any_more_does_not_count(desk: Desk, now: Known) -> None:
    desk.approve(BEN)
    assert the(desk.store).status is Status.APPROVED
    desk.people["U0BEN"] = now
    assert not desk.may_start()
    assert "Ben may not approve on prod-3 any more" in desk.cancelled()


def test_an_outsiders_approval_counts_for_as_long_as_an_entry_names_their_team(desk: Desk) -> None:
    eve = Person(id="T0OTHER/U0EVE", name="Eve")
    desk.people["U0EVE"] = outsider("U0EVE")
    desk.policy = policy(approve=("T0OTHER/U0EVE",))
    desk.approve(eve)
    assert the(desk.store).approvers == (eve,)
    assert desk.may_start()
    desk.policy = policy(approve=("T0THIRD/U0EVE", "U0EVE", "*"))
    assert not desk.may_start()


def test_who_left_the_user_group_does_not_count(desk: Desk) -> None:
    desk.policy, desk.groups = policy(approve=("S0OPS",), quorum=2), {"S0OPS": frozenset({"U0BEN", "U0CYD"})}
    desk.approve(BEN, CYD)
    desk.groups = {"S0OPS": frozenset({"U0CYD"})}
    assert not desk.may_start()
    assert desk.cancelled().startswith("Ben may not approve on prod-3 any more")
    assert "1 of 2 approvals count" in desk.cancelled()


def test_a_user_group_that_slack_does_not_tell_any_more_has_no_members(desk: Desk) -> None:
    desk.policy, desk.groups = policy(approve=("S0OPS",)), {"S0OPS": frozenset({"U0BEN"})}
    desk.approve(BEN)
    desk.groups = {}
    assert not desk.may_start()
    assert "0 of 1" in desk.cancelled()


def test_more_approvals_than_needed_cover_for_one_that_is_lost(desk: Desk) -> None:
    desk.policy = policy(quorum=2)
    desk.approve(BEN, CYD)
    desk.policy = policy(quorum=1, approve=("U0CYD",))
    assert desk.may_start()


def test_a_quorum_that_has_become_higher_is_asked_for(desk: Desk) -> None:
    desk.approve(BEN)
    desk.policy = policy(quorum=2)
    assert not desk.may_start()
    assert desk.cancelled() == (
        "By what policy “p” and Slack's directory say now, 1 of 2 approvals count. " + AGAIN
    )


def test_the_size_asks_for_its_quorum_again(desk: Desk) -> None:
    desk.approve(BEN)
    desk.policy = policy(max_objects=2, quorum_above=2)
    assert not desk.may_start()
    assert "1 of 2 approvals count" in desk.cancelled()


def test_a_plan_that_is_beyond_a_limit_by_now_is_cancelled(desk: Desk) -> None:
    desk.approve(BEN)
    desk.policy = policy(max_bytes=10**9)
    assert not desk.may_start()
    assert desk.cancelled() == (
        "prod-3: the plan is for 30GB in 3 objects, and policy “p” allows no cleanup of more than 1GB. "
        + AGAIN
    )


def test_the_requesters_own_approval_stops_counting_with_self_approval(desk: Desk) -> None:
    desk.policy = policy(self_approval=True)
    desk.approve(ANNA)
    assert desk.may_start()
    desk.policy = policy()
    assert not desk.may_start()
    assert desk.cancelled().startswith("Anna may not approve")


def test_who_may_approve_only_in_a_channel_counts_where_the_plan_stands(desk: Desk) -> None:
    desk.policy = policy(approve=("C0DISK",))
    desk.approve(BEN)
    assert desk.may_start()
    desk.policy = policy(approve=("C0OTHER",))
    assert not desk.may_start()
    assert "0 of 1" in desk.cancelled()


def test_a_profile_that_is_no_longer_allowed_does_not_start(desk: Desk) -> None:
    desk.approve(BEN)
    desk.policy = policy(profiles=("ci",), volumes=Volumes.NEVER)
    assert not desk.may_start()
    assert desk.cancelled() == (
        f"prod-3: policy “p” does not allow “routine” here; what it allows: ci. {AGAIN}"
    )


def test_a_host_that_is_no_longer_registered_is_not_cleaned(desk: Desk) -> None:
    desk.approve(BEN)
    desk.registered = False
    assert not desk.may_start()
    assert desk.cancelled() == "prod-3 is no longer registered. Nothing was removed."


def test_a_plan_waits_for_its_window_and_says_so_once(desk: Desk) -> None:
    desk.approve(BEN)
    desk.policy = policy(windows=desk.window(2 * HOUR))
    for _ in range(3):
        assert not desk.may_start()
    state = the(desk.store)
    assert state.status is Status.APPROVED
    assert state.starts_at == desk.policy.windows.opening(desk.now())
    assert tags(desk.store).count(str(Tag.PLAN_WAITS)) == 1
    assert desk.store.runs.claimable() == ()
    desk.ahead = 2 * HOUR + timedelta(minutes=1)
    assert desk.may_start()


def test_a_plan_approved_outside_its_window_is_not_taken_up_before_it_opens(desk: Desk) -> None:
    desk.policy = policy(windows=desk.window(2 * HOUR))
    state = desk.approve(BEN)
    assert state.starts_at == desk.policy.windows.opening(desk.now())
    assert desk.store.runs.claimable() == ()
    (event,) = [link.event for link in desk.store.audit.events("p1") if link.event.tag is Tag.PLAN_APPROVED]
    assert event.facts["starts_at"] == f"{state.starts_at:%Y-%m-%dT%H:%M:%S.%f}Z"


def test_an_approval_holds_no_longer_than_the_policy_lets_it(desk: Desk) -> None:
    desk.approve(BEN)
    desk.ahead = timedelta(hours=24)
    assert not desk.may_start()
    assert desk.cancelled() == (
        f"prod-3: its approval held for 1 day, and the cleanup did not begin in that time. {AGAIN}"
    )


def test_a_window_beyond_the_hold_of_the_approval_ends_the_plan_at_once(desk: Desk) -> None:
    desk.policy = policy(windows=desk.window(2 * HOUR))
    desk.approve(BEN)
    desk.policy = replace(desk.policy, start_within=HOUR)
    assert not desk.may_start()
    assert (
        "held for 1 hour, and the cleanup did not begin in that time (the next window opens"
        in desk.cancelled()
    )


def test_what_a_policy_approved_itself_starts_as_long_as_it_still_would(desk: Desk) -> None:
    desk.policy = policy(auto_approve=("routine",), quorum=3)
    propose(desk.store)
    desk.store.plans.change(
        "p1", lambda state, now: approve_by_policy(desk.hosts().find("prod-3"), state, now)
    )
    assert desk.may_start()
    desk.policy = policy(auto_approve=("ci",), quorum=1)  # and everyone may approve, which a policy is not
    assert not desk.may_start()
    assert desk.cancelled().startswith("policy p may not approve on prod-3 any more")


def test_another_policy_does_not_stand_in_for_the_one_that_approved(desk: Desk) -> None:
    desk.policy = policy(auto_approve=("routine",))
    propose(desk.store)
    desk.store.plans.change(
        "p1", lambda state, now: approve_by_policy(desk.hosts().find("prod-3"), state, now)
    )
    desk.policy = policy(name="q", auto_approve=("routine",))
    assert not desk.may_start()
    assert "0 of 1" in desk.cancelled()


def test_a_plan_that_somebody_else_ended_meanwhile_is_left_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.approve(BEN)
    desk.registered = False
    real = desk.store.plans.change

    def first_another(plan_id: str, decide: Callable[[PlanState, datetime], Change]) -> PlanState:
        real(plan_id, lambda _state, _now: Change(status=Status.CANCELLED, events=(), reason="first"))
        return real(plan_id, decide)

    monkeypatch.setattr(desk.store.plans, "change", first_another)
    assert not desk.may_start()
    assert the(desk.store).reason == "first"
