"""What people decide at their Home, and what they are told of it."""

import pytest

from bot.core.audit.events import Tag
from bot.core.life.states import Status
from bot.slack.action_ids import (
    APPROVE,
    AUDIT_DETAILS,
    REJECT,
    STOP,
    TAKE_UP,
)
from tests.slack.home.at_home import (
    STOPPERS,
    TWO_VOTES,
    acts,
    approve,
    elements,
    home,
    in_person,
    opened,
    press,
    says,
)
from tests.slack.place import ANN, BOB, CYD, OPEN_TO_ALL, PATIENCE, Start, buttons, eventually, shown
from tests.slack.plan.test_stopping import Gate


def test_a_plan_waits_for_who_may_decide_and_is_listed_as_their_own_for_who_asked(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    plan_id = buttons(place.propose(ANN))[APPROVE]
    eventually(lambda: place.plan(plan_id).message.permalink)  # type: ignore[union-attr] # it was posted
    theirs, own = opened(place, BOB, "1 plan"), opened(place, ANN, "waits for its decision")
    assert "waits for you" in says(theirs)
    assert "0 of 1 approvals" in says(theirs)
    assert "Asked for by <@U0ANN>" in says(theirs)
    assert {f"{APPROVE}:{plan_id}": plan_id, f"{REJECT}:{plan_id}": plan_id}.items() <= acts(theirs).items()
    assert "No plan waits for you." in says(own)
    assert not [action for action in acts(own) if action.startswith((APPROVE, REJECT))]
    link = next(one for one in elements(own) if one.get("action_id") == f"home_open:yours:{plan_id}")
    assert link["url"] == place.plan(plan_id).message.permalink  # type: ignore[union-attr] # it was posted


def test_an_approval_on_a_home_runs_the_plan_and_both_homes_follow_by_themselves(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    plan = place.propose(ANN)
    plan_id = buttons(plan)[APPROVE]
    opened(place, ANN, "waits for its decision")
    opened(place, BOB, "1 plan")
    approve(place, BOB, plan_id)
    assert place.message("Cleanup done").ts == plan.ts
    assert place.images() == {"web:1"}
    follows = home(place, BOB, "Last cleanup", without="*1 plan*")
    assert acts(follows)[f"{AUDIT_DETAILS}:{plan_id}"] == plan_id
    assert "*done*" in says(home(place, ANN, "*done*"))
    assert place.told_privately() == set()


def test_who_has_approved_already_is_not_asked_again_and_a_second_person_is(start: Start) -> None:
    place = start(TWO_VOTES)
    plan_id = buttons(place.propose(ANN))[APPROVE]
    assert f"{APPROVE}:{plan_id}" in acts(opened(place, ANN, "1 plan"))
    approve(place, ANN, plan_id)
    home(place, ANN, "No plan waits for you.")
    view = opened(place, BOB, "1 of 2 approvals")
    assert "(<@U0ANN>)" in says(view)
    assert f"{APPROVE}:{plan_id}" in acts(view)


def test_what_is_refused_on_a_home_is_said_in_person(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    plan_id = buttons(place.propose(ANN))[APPROVE]
    opened(place, BOB, "1 plan")
    approve(place, BOB, plan_id)
    place.message("Cleanup done")
    assert place.workspace.redeliver().ok
    told = in_person(place, BOB, "already approved")
    assert "Nothing was changed by your click." in told.text
    assert place.told_privately() == set()
    assert not [call for call in place.workspace.calls("chat.postEphemeral") if call.args["user"] == BOB]


def test_a_rejection_on_a_home_asks_why_and_ends_the_plan(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    plan_id = buttons(place.propose(ANN))[APPROVE]
    opened(place, BOB, "1 plan")
    press(place, BOB, f"{REJECT}:{plan_id}")
    place.workspace.wait_for(lambda: place.workspace.view(BOB), PATIENCE)
    assert place.workspace.submit_view(BOB, {"reason": "not during the sale"}).ok
    assert "not during the sale" in shown(place.message("Rejected plan"))
    home(place, BOB, "No plan waits for you.")
    assert place.plan(plan_id).votes[-1].reason == "not during the sale"


def test_a_reason_that_comes_too_late_is_answered_in_person(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    plan = place.propose(ANN)
    plan_id = buttons(plan)[APPROVE]
    opened(place, BOB, "1 plan")
    press(place, BOB, f"{REJECT}:{plan_id}")
    place.workspace.wait_for(lambda: place.workspace.view(BOB), PATIENCE)
    place.approve(CYD, plan)
    place.message("Cleanup done")
    assert place.workspace.submit_view(BOB, {"reason": "no"}).ok
    in_person(place, BOB, "already approved")
    assert place.told_privately() == set()


def test_a_running_cleanup_shows_how_far_it_is_and_is_stopped_on_the_home(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch, before=1)
    place = start(STOPPERS)
    plan = place.propose(ANN)
    plan_id = buttons(plan)[APPROVE]
    opened(place, ANN, "waits for its decision")
    place.approve(BOB, plan)
    assert gate.reached.wait(PATIENCE)
    view = home(place, ANN, "running")
    assert acts(view)[f"{STOP}:{plan_id}"] == plan_id
    press(place, ANN, f"{STOP}:{plan_id}")
    home(place, ANN, "<@U0ANN> stopped it")
    gate.go.set()
    place.message("Cleanup stopped")
    home(place, ANN, "*stopped*", without="running")
    assert place.plan(plan_id).status is Status.STOPPED


def test_a_cleanup_that_needs_attention_is_at_the_top_of_who_may_act_and_taken_up_there(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.services.run.patience.HOST_WAITS", (0.01,))
    gate = Gate(monkeypatch, before=1)
    place = start(STOPPERS.replace('approve = ["*"]', 'approve = ["U0BOB"]'))
    plan = place.propose(ANN)
    plan_id = buttons(plan)[APPROVE]
    place.approve(BOB, plan)
    assert gate.reached.wait(PATIENCE)
    place.engine.stop()
    gate.go.set()
    place.message("Cleanup needs attention")
    assert {f"{TAKE_UP}:{plan_id}", f"{STOP}:{plan_id}"} <= acts(opened(place, BOB, "still open")).keys()
    assert f"{TAKE_UP}:{plan_id}" not in acts(opened(place, ANN, "still open"))
    assert "still open" not in says(opened(place, CYD, "A cleanup needs attention here"))
    place.engine.start()
    press(place, BOB, f"{TAKE_UP}:{plan_id}")
    place.message("Cleanup done")
    home(place, BOB, "Last cleanup", without="needs attention")
    assert [event.actor for event in place.events(plan_id, Tag.CLEANUP_RESUMED)] == [BOB]
