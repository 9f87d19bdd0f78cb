"""Taking an approval back over Socket Mode: one's own, and only while the plan still waits."""

from collections.abc import Callable

from bot.core.audit.events import Tag
from bot.core.life.states import Status
from bot.slack.action_ids import APPROVE, WITHDRAW
from tests.slack.place import ANN, BOB, CYD, OPEN_PLAN, Place, buttons, eventually, shown

Start = Callable[[str], Place]

TWO = '[policies.default]\nlook = ["*"]\nrequest = ["*"]\napprove = ["*"]\nquorum = 2\n'


def withdraw(place: Place, by: str, ts: str) -> None:
    assert place.workspace.click(by, ts, WITHDRAW).ok


def test_there_is_nothing_to_withdraw_before_the_first_vote(start: Start) -> None:
    place = start(TWO)
    assert set(buttons(place.propose(ANN))) == OPEN_PLAN


def test_a_withdrawn_approval_counts_no_more_and_may_be_given_again(start: Start) -> None:
    place = start(TWO)
    plan = place.propose(ANN)
    plan_id = buttons(plan)[APPROVE]
    place.approve(BOB, plan)
    place.message("1 of 2: <@U0BOB>")
    withdraw(place, BOB, plan.ts)
    back = place.message("0 of 2")
    assert (back.ts, set(buttons(back))) == (plan.ts, OPEN_PLAN)
    place.approve(CYD, plan)
    place.message("1 of 2: <@U0CYD>")
    assert place.plan(plan_id).status is Status.PROPOSED, "the one that was withdrawn does not count"
    place.approve(BOB, plan)
    assert "<@U0CYD>, <@U0BOB> approved" in shown(place.message("Cleanup done"))
    (event,) = place.events(plan_id, Tag.PLAN_WITHDRAWN)
    assert (event.actor, event.facts["actor_name"], event.facts["approvers"]) == (BOB, "bob", [])
    assert place.told_privately() == set()
    assert place.store.chain.verify().broken is None


def test_nobody_withdraws_an_approval_of_somebody_else(start: Start) -> None:
    place = start(TWO)
    plan = place.propose(ANN)
    place.approve(BOB, plan)
    place.message("1 of 2")
    withdraw(place, CYD, plan.ts)
    sentence = "None of the approvals is yours, so there is nothing to withdraw."
    assert place.told(CYD) == sentence
    assert place.refusals(buttons(plan)[APPROVE]) == [(CYD, sentence)]
    assert [person.id for person in place.plan(buttons(plan)[APPROVE]).approvers] == [BOB]


def test_a_withdrawal_that_slack_delivers_twice_withdraws_once(start: Start) -> None:
    place = start(TWO)
    plan = place.propose(ANN)
    place.approve(BOB, plan)
    place.message("1 of 2")
    withdraw(place, BOB, plan.ts)
    place.message("0 of 2")
    assert place.workspace.redeliver().ok
    assert place.told(BOB).startswith("None of the approvals is yours")
    assert len(place.events(buttons(plan)[APPROVE], Tag.PLAN_WITHDRAWN)) == 1


def test_when_the_quorum_is_met_it_is_too_late(start: Start) -> None:
    place = start(TWO)
    plan = place.propose(ANN)
    place.approve(BOB, plan)
    place.message("1 of 2")
    # The message stays as it was, as it does for a moment on everyone else's screen.
    place.workspace.fail_next("chat.update", error="ratelimited", times=50)
    place.approve(CYD, plan)
    eventually(lambda: place.plan(buttons(plan)[APPROVE]).status is not Status.PROPOSED)
    withdraw(place, BOB, plan.ts)
    assert place.told(BOB).startswith("This plan is already approved")
