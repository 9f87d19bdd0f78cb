"""Votes taken back, approved plans that wait for a moment, and one plan of one request."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from bot.core.audit.events import Tag
from bot.core.errors import PlanExistsError
from bot.core.life.states import PlanState, Status, Vote
from bot.ports import Change
from bot.store.opening import Store
from tests.store.samples import (
    ANNA,
    BEN,
    CHANNEL,
    LEASE,
    approval,
    approved,
    at_once,
    event,
    plan,
    propose,
    tags,
    the,
    to,
)  # fmt: skip

HOUR = timedelta(hours=1)


def first_vote(state: PlanState, now: datetime) -> Change:
    vote = Vote(person=BEN, approve=True, at=now)
    voted = replace(event(Tag.PLAN_VOTED, actor=BEN.id), facts={"approve": True})
    return Change(status=state.status, events=(voted,), vote=vote)


def take_back(state: PlanState, _now: datetime) -> Change:
    withdrawn = event(Tag.PLAN_WITHDRAWN, actor=BEN.id)
    return Change(status=state.status, events=(withdrawn,), withdrawn=BEN.id)


def starting(
    moment: datetime, decide: Callable[[PlanState, datetime], Change]
) -> Callable[[PlanState, datetime], Change]:
    """The same change, and a start for the plan."""
    return lambda state, now: replace(decide(state, now), starts_at=moment)


def test_a_vote_that_is_taken_back_is_gone_and_may_be_given_again(store: Store) -> None:
    propose(store)
    assert store.plans.change("p1", first_vote).approvers == (BEN,)
    taken_back = store.plans.change("p1", take_back)
    assert (taken_back.votes, taken_back.status, taken_back.version) == ((), Status.PROPOSED, 3)
    assert store.plans.change("p1", first_vote).approvers == (BEN,)
    assert tags(store)[1:] == ["slack:plan:voted", "slack:plan:withdrawn", "slack:plan:voted"]


def test_only_an_open_plans_vote_can_be_taken_back(store: Store) -> None:
    approved(store)
    with pytest.raises(ValueError, match="cannot become"):
        store.plans.change("p1", take_back)
    assert the(store).approvers == (BEN,)


def test_an_approved_plan_is_claimed_at_its_start_and_not_before(store: Store) -> None:
    propose(store)
    later = datetime.now(UTC) + HOUR
    assert store.plans.change("p1", starting(later, approval())).starts_at == later
    assert store.runs.claimable() == ()
    assert store.runs.claim("p1", "replica-1", LEASE) is None
    assert the(store).status is Status.APPROVED
    store.plans.change("p1", starting(datetime.now(UTC) - HOUR, to(Status.APPROVED)))
    assert store.runs.claimable() == ("p1",)
    assert store.runs.claim("p1", "replica-1", LEASE) is not None


def test_a_start_can_be_put_off_only_while_the_plan_is_approved(store: Store) -> None:
    propose(store)
    with pytest.raises(ValueError, match="cannot become"):
        store.plans.change("p1", starting(datetime.now(UTC), to(Status.PROPOSED)))
    store.plans.change("p1", approval())
    with pytest.raises(ValueError, match="cannot become"):
        store.plans.change("p1", to(Status.APPROVED))  # a change that changes nothing
    assert the(store).starts_at is None


def test_the_open_plans_of_a_requester_are_told_by_host_the_oldest_first(store: Store) -> None:
    for plan_id in ("p3", "p1", "p2"):
        propose(store, plan_id)
    propose(store, "p4", "other")
    store.plans.change("p2", to(Status.CANCELLED))
    store.plans.change("p1", approval())
    assert dict(store.plans.open_of(ANNA.id, "prod-3")) == {"p3": Status.PROPOSED, "p1": Status.APPROVED}
    assert list(store.plans.open_of(ANNA.id, "prod-3")) == ["p3", "p1"]
    assert store.plans.open_of(BEN.id, "prod-3") == {}


def test_of_two_plans_for_one_request_at_once_one_is_written(
    store: Store, open_another: Callable[[], Store]
) -> None:
    proposed = event(Tag.PLAN_PROPOSED, "p1", actor=ANNA.id)
    other = open_another()
    for number in range(5):
        plan_id = f"r{number}"
        calls = [
            partial(each.plans.create, plan(plan_id, items=items), 1, CHANNEL, proposed)
            for items, each in enumerate((store, other) * 4, start=1)
        ]
        results = at_once(list[Callable[[], PlanState]](calls))
        assert [type(result) for result in results].count(PlanState) == 1
        assert [type(result) for result in results].count(PlanExistsError) == 7
