"""Rejecting over Socket Mode: a form asks why, and everyone reads the answer."""

from collections.abc import Callable

import pytest

from bot.core.audit.events import Tag
from bot.core.life.states import Status
from bot.services.work.worker import Worker
from bot.slack.action_ids import REJECT, REJECT_REASON
from bot.slack.plan.forms.rejecting import REASON, reason_of, reject_form
from bot.trial.workspace import Group
from bot.trial.workspace.limits.limits import refuse_view
from tests.slack.place import (
    ANN,
    BOB,
    CYD,
    OPEN_PLAN,
    OPEN_TO_ALL,
    Place,
    buttons,
    deciding,
    eventually,
    shown,
)
from tests.slack.states import STATES, proposed

Start = Callable[[str], Place]

ONLY_BOB = '[policies.default]\nlook = ["*"]\nrequest = ["*"]\napprove = ["U0BOB"]\n'


def test_the_form_carries_the_plans_id_and_nothing_else(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    plan = place.propose(ANN)
    form = place.press_reject(BOB, plan)
    assert (form["callback_id"], form["private_metadata"]) == (REJECT_REASON, buttons(plan)[REJECT])
    assert place.plan(buttons(plan)[REJECT]).status is Status.PROPOSED, "nothing is decided by opening it"


def test_the_reason_ends_the_plan_and_stands_in_its_message_and_in_the_audit(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    plan = place.propose(ANN)
    plan_id = buttons(plan)[REJECT]
    place.reject(BOB, plan, "not during\nthe <!channel> sale")
    ended = place.message(
        "Rejected by <@U0BOB>: “not during the &lt;!channel&gt; sale”. Nothing was removed."
    )
    assert (ended.ts, deciding(ended)) == (plan.ts, set())
    (event,) = place.events(plan_id, Tag.PLAN_REJECTED)
    assert (event.actor, event.facts["reason"]) == (BOB, "not during the <!channel> sale")
    (vote,) = place.plan(plan_id).votes
    assert (vote.approve, vote.reason) == (False, "not during the <!channel> sale")
    assert place.workspace.view(BOB) is None
    assert place.told_privately() == set()


@pytest.mark.parametrize("reason", ["", " ", "\n\t "])
def test_without_a_reason_the_form_stays_open_and_nothing_is_decided(start: Start, reason: str) -> None:
    place = start(OPEN_TO_ALL)
    plan = place.propose(ANN)
    place.press_reject(BOB, plan)
    outcome = place.workspace.submit_view(BOB, {"reason": reason})
    assert (outcome.ok, list(outcome.errors)) == (False, [REASON])
    assert place.workspace.view(BOB) is not None
    assert place.plan(buttons(plan)[REJECT]).status is Status.PROPOSED


def test_a_closed_form_decides_nothing(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    plan = place.propose(ANN)
    place.press_reject(BOB, plan)
    assert place.workspace.close_view(BOB).ok
    place.approve(CYD, plan)
    place.message("Cleanup done")


def test_who_may_not_decide_gets_no_form_and_hears_why(start: Start) -> None:
    place = start(ONLY_BOB)
    plan = place.propose(ANN)
    assert place.workspace.click(CYD, plan.ts, REJECT).ok
    sentence = (
        "You may not decide about cleanups on prod-3: its policy “default” gives “approve” to <@U0BOB>."
    )
    assert place.told(CYD) == sentence
    assert place.workspace.view(CYD) is None
    assert place.refusals(buttons(plan)[REJECT]) == [(CYD, sentence.replace("<@U0BOB>", "U0BOB"))]


def test_the_right_is_asked_for_again_when_the_form_is_sent(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.slack.directory.FRESH", 0.0)
    place = start('[policies.default]\nlook = ["*"]\nrequest = ["*"]\napprove = ["S0OPS"]\n')
    plan = place.propose(ANN)
    place.press_reject(BOB, plan)
    place.workspace.team.groups = (Group(id="S0OPS", handle="ops-team", name="Ops team", members=(ANN,)),)
    assert place.workspace.submit_view(BOB, {"reason": "no"}).ok
    assert place.told(BOB).startswith("You may not decide about cleanups on prod-3")
    assert place.plan(buttons(plan)[REJECT]).status is Status.PROPOSED


def test_a_plan_that_was_decided_while_the_form_was_open_stays_decided(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    plan = place.propose(ANN)
    place.press_reject(BOB, plan)
    place.approve(CYD, plan)
    place.message("Cleanup done")
    assert place.workspace.submit_view(BOB, {"reason": "no"}).ok
    assert place.told(BOB).startswith("This plan is already approved, and finished by <@U0CYD>")


def test_a_form_that_slack_delivers_twice_rejects_once(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    plan = place.propose(ANN)
    place.reject(BOB, plan)
    place.message("Rejected by <@U0BOB>")
    assert place.workspace.redeliver().ok
    assert place.told(BOB) == "This plan is already rejected by <@U0BOB>. Nothing was changed by your click."
    assert len(place.events(buttons(plan)[REJECT], Tag.PLAN_REJECTED)) == 1


@pytest.mark.parametrize("error", ["expired_trigger_id", "exchanged_trigger_id", "ratelimited"])
def test_a_form_that_cannot_be_opened_is_answered_privately(start: Start, error: str) -> None:
    place = start(OPEN_TO_ALL)
    plan = place.propose(ANN)
    place.workspace.fail_next("views.open", error=error, times=3)
    assert place.workspace.click(BOB, plan.ts, REJECT).ok
    assert place.told(BOB).startswith("The form was not opened")
    assert place.plan(buttons(plan)[REJECT]).status is Status.PROPOSED
    assert set(buttons(place.workspace.message(plan.ts))) == OPEN_PLAN


def test_a_plan_that_expired_gets_no_form(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Worker, "take_up", lambda *_: None)
    place = start(OPEN_TO_ALL + 'expires = "1s"\n')
    plan = place.propose(ANN)
    eventually(place.store.plans.due)
    assert place.workspace.click(BOB, plan.ts, REJECT).ok
    assert place.told(BOB).startswith("This plan expired")
    assert place.workspace.view(BOB) is None
    place.message("Expired plan")


def test_slack_takes_the_form_of_every_plan() -> None:
    for state in (*STATES.values(), proposed([])):
        refuse_view(reject_form(state))


@pytest.mark.parametrize(
    ("view", "reason"),
    [
        ({}, ""),
        ({"state": None}, ""),
        ({"state": {"values": {}}}, ""),
        ({"state": {"values": {"reason": {"reason": {"value": None}}}}}, ""),
        ({"state": {"values": {"reason": {"reason": {"value": " a \n b "}}}}}, "a b"),
        ({"state": {"values": {"other": {"reason": {"value": "a"}}}}}, ""),
    ],
)
def test_the_reason_is_read_from_its_field_alone(view: dict[str, object], reason: str) -> None:
    assert reason_of(view) == reason


def test_the_plans_message_still_offers_both_buttons_while_someone_writes(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    plan = place.propose(ANN)
    place.press_reject(BOB, plan)
    assert "Approve" in shown(place.workspace.message(plan.ts))
