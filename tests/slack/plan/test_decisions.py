"""Votes over Socket Mode: who may, how many it takes, and what a click does that comes too late or twice."""

from collections.abc import Callable

import pytest

from bot.core.audit.events import Tag
from bot.core.life.states import Status
from bot.services.work.worker import Worker
from bot.slack.action_ids import APPROVE, WITHDRAW
from tests.slack.place import ANN, BOB, CYD, Place, buttons, deciding, eventually, shown

Start = Callable[[str], Place]

ALL_IMAGES = {"old:1", "older:1", "web:1"}
IN_USE = {"web:1"}


def policy(rest: str = "") -> str:
    """Everyone may look and ask; the rest is the test's."""
    return f'[policies.default]\nlook = ["*"]\nrequest = ["*"]\n{rest}\n'


def assert_untouched(place: Place, plan_id: str) -> None:
    """Nobody started anything, and the plan still waits."""
    assert place.plan(plan_id).status is Status.PROPOSED
    assert place.images() == ALL_IMAGES


def test_a_policy_that_names_nobody_lets_nobody_approve_and_says_so_privately(start: Start) -> None:
    place = start(policy())
    plan = place.propose(ANN)
    plan_id = buttons(plan)[APPROVE]
    sentence = "You may not decide about cleanups on prod-3: its policy “default” names nobody for “approve”."
    for person in (ANN, BOB):
        place.approve(person, plan)
        assert place.told(person) == sentence
    assert place.told_privately() == {ANN, BOB}
    assert place.refusals(plan_id) == [(ANN, sentence), (BOB, sentence)]
    assert_untouched(place, plan_id)


def test_a_member_of_the_user_group_may_approve_and_others_may_not(start: Start) -> None:
    place = start(policy('approve = ["S0OPS"]'))
    plan = place.propose(ANN)
    plan_id = buttons(plan)[APPROVE]
    place.approve(CYD, plan)
    refused = place.told(CYD)
    assert refused.endswith("its policy “default” gives “approve” to <!subteam^S0OPS>.")
    assert place.refusals(plan_id) == [(CYD, refused.replace("<!subteam^S0OPS>", "S0OPS"))]
    assert_untouched(place, plan_id)
    place.approve(BOB, plan)
    assert place.message("Cleanup done").ts == plan.ts
    assert place.images() == IN_USE
    assert place.told_privately() == {CYD}
    assert [event.actor for event in place.events(plan_id, Tag.PLAN_APPROVED)] == [BOB]


def test_a_user_group_that_slack_does_not_tell_lets_nobody_approve(start: Start) -> None:
    place = start(policy('approve = ["S0OPS"]'))
    plan = place.propose(ANN)
    place.workspace.fail_next("usergroups.users.list", error="plan_upgrade_required")
    place.approve(BOB, plan)
    assert "gives “approve” to <!subteam^S0OPS>" in place.told(BOB)
    assert_untouched(place, buttons(plan)[APPROVE])


def test_two_approvals_of_two_people_start_a_cleanup_and_two_of_one_do_not(start: Start) -> None:
    place = start(policy('approve = ["*"]\nquorum = 2'))
    plan = place.propose(ANN)
    carried = buttons(plan)
    plan_id = carried[APPROVE]
    assert "0 of 2" in shown(plan)
    place.approve(BOB, plan)
    first = place.message("1 of 2: <@U0BOB>")
    assert (first.ts, buttons(first)) == (plan.ts, carried | {WITHDRAW: plan_id})
    place.approve(BOB, plan)
    assert place.told(BOB) == "Your approval counts already: 1 of 2."
    assert place.refusals(plan_id) == [(BOB, "Your approval counts already: 1 of 2.")]
    assert_untouched(place, plan_id)
    place.approve(CYD, plan)
    ended = place.message("Cleanup done")
    assert "<@U0BOB>, <@U0CYD> approved" in shown(ended)
    assert place.images() == IN_USE
    assert place.told_privately() == {BOB}


def test_one_rejection_ends_a_plan_that_needs_two_approvals(start: Start) -> None:
    place = start(policy('approve = ["*"]\nquorum = 2'))
    plan = place.propose(ANN)
    place.approve(BOB, plan)
    place.message("1 of 2")
    place.reject(CYD, plan)
    ended = place.message("Rejected by <@U0CYD>: “not now”.")
    assert (ended.ts, deciding(ended)) == (plan.ts, set())
    assert place.images() == ALL_IMAGES


def test_a_click_after_the_decision_is_told_who_decided(start: Start) -> None:
    place = start(policy('approve = ["*"]'))
    plan = place.propose(ANN)
    plan_id = buttons(plan)[APPROVE]
    # The message stays as it was, as it does for a moment on everyone else's screen.
    place.workspace.fail_next("chat.update", error="ratelimited", times=50)
    place.reject(BOB, plan)
    eventually(lambda: place.plan(plan_id).status is Status.REJECTED)
    place.approve(CYD, plan)
    sentence = "This plan is already rejected by <@U0BOB>. Nothing was changed by your click."
    assert place.told(CYD) == sentence
    assert place.told_privately() == {CYD}
    assert place.refusals(plan_id) == [(CYD, sentence.replace("<@U0BOB>", "U0BOB"))]
    assert place.plan(plan_id).status is Status.REJECTED
    assert place.images() == ALL_IMAGES


def test_a_click_on_an_expired_plan_is_told_so_and_takes_the_buttons_away(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A process that is too busy to expire plans by itself: the click has to.
    monkeypatch.setattr(Worker, "take_up", lambda *_: None)
    place = start(policy('approve = ["*"]\nexpires = "1s"'))
    plan = place.propose(ANN)
    plan_id = buttons(plan)[APPROVE]
    eventually(place.store.plans.due)
    place.approve(BOB, plan)
    sentence = "This plan expired. Ask for a fresh one: /docker-prune prod-3 everything"
    assert place.told(BOB) == sentence
    assert place.refusals(plan_id) == [(BOB, "This plan expired. Ask for a fresh one.")]
    ended = place.message("Expired plan")
    assert (ended.ts, deciding(ended)) == (plan.ts, set())
    assert place.plan(plan_id).status is Status.EXPIRED
    assert place.images() == ALL_IMAGES


def test_a_plan_that_nobody_decides_expires_and_loses_its_buttons_without_a_click(start: Start) -> None:
    place = start(policy('approve = ["*"]\nexpires = "1s"'))
    plan = place.propose(ANN)
    ended = place.message("Expired plan")
    assert (ended.ts, deciding(ended)) == (plan.ts, set())
    assert place.told_privately() == set()
    assert [event.actor for event in place.events(buttons(plan)[APPROVE], Tag.PLAN_EXPIRED)] == [""]


def test_the_requester_may_not_approve_alone_unless_the_policy_says_so(start: Start) -> None:
    place = start(policy('approve = ["*"]'))
    plan = place.propose(ANN)
    plan_id = buttons(plan)[APPROVE]
    place.approve(ANN, plan)
    sentence = "You asked for this plan, so somebody else has to approve it."
    assert place.told(ANN) == sentence
    assert place.told_privately() == {ANN}
    assert place.refusals(plan_id) == [(ANN, sentence)]
    assert_untouched(place, plan_id)


def test_the_requester_may_approve_alone_where_the_policy_says_so(start: Start) -> None:
    place = start(policy('approve = ["*"]\nself_approval = true'))
    plan = place.propose(ANN)
    place.approve(ANN, plan)
    assert "<@U0ANN> asked, <@U0ANN> approved" in shown(place.message("Cleanup done"))
    assert place.images() == IN_USE
    assert place.told_privately() == set()


def test_the_requester_may_withdraw_a_plan_by_rejecting_it(start: Start) -> None:
    place = start(policy('approve = ["*"]'))
    plan = place.propose(ANN)
    place.reject(ANN, plan)
    assert deciding(place.message("Rejected by <@U0ANN>")) == set()
    assert place.images() == ALL_IMAGES


def test_a_click_that_slack_delivers_twice_causes_one_run(start: Start) -> None:
    place = start(policy('approve = ["*"]'))
    plan = place.propose(ANN)
    plan_id = buttons(plan)[APPROVE]
    place.approve(BOB, plan)
    assert place.workspace.redeliver().ok
    place.message("Cleanup done")
    assert place.workspace.redeliver().ok
    assert place.told(BOB, 2).startswith("This plan is already approved")
    assert len(place.refusals(plan_id)) == 2
    for once in (Tag.PLAN_VOTED, Tag.PLAN_APPROVED, Tag.CLEANUP_STARTED, Tag.CLEANUP_FINISHED):
        assert len(place.events(plan_id, once)) == 1
    removed = [event.facts["name"] for event in place.events(plan_id, Tag.ITEM_ENDED)]
    assert len(removed) == len(set(map(str, removed))) == 2
    assert place.images() == IN_USE
    assert place.store.chain.verify().broken is None
