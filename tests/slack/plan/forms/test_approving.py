"""Where an approval is asked for once more, it is asked of who may give it, and over what goes."""

import json
from collections.abc import Callable

from bot.core.docker.inventory import Kind
from bot.core.life.states import Status
from bot.slack.action_ids import APPROVE, COMMANDS, WHOLE_LIST
from bot.slack.plan.forms.approving import approve_form
from bot.slack.plan.forms.whole import whole_view
from bot.slack.plan.open import About
from bot.trial.workspace.limits.limits import check_view
from tests.slack.place import ANN, BOB, CYD, OPEN_TO_ALL, Place, buttons, eventually
from tests.slack.states import item, proposed

Start = Callable[[str], Place]
PRODUCTION = (
    'tags = ["prod"]\n[policies.default]\nlook = ["*"]\nrequest = ["*"]\napprove = ["U0ANN", "U0BOB"]\n'
)


def test_who_may_not_approve_is_told_before_they_are_asked_once_more(start: Start) -> None:
    place = start(PRODUCTION + "self_approval = false\n")
    plan = place.propose(ANN)
    place.approve(CYD, plan)
    assert "You may not decide about cleanups on prod-3" in place.told(CYD)
    place.approve(ANN, plan)
    assert "somebody else has to approve it" in place.told(ANN)
    assert place.workspace.view(CYD) is place.workspace.view(ANN) is None
    assert [who for who, _ in place.refusals(buttons(plan)[APPROVE])] == [CYD, ANN]


def test_on_production_the_form_names_what_cannot_be_undone_and_the_riskiest_and_only_its_button_approves(
    start: Start,
) -> None:
    place = start(PRODUCTION)
    plan = place.propose(ANN)
    plan_id = buttons(plan)[APPROVE]
    place.approve(BOB, plan)
    asked = json.dumps(place.asked_once_more(BOB), ensure_ascii=False)
    assert "*2 of 2 cannot be undone*: 2 images that no registry has" in asked
    assert "old:1" in asked
    assert "older:1" in asked
    assert "(PROD)" in asked
    assert place.plan(plan_id).status is Status.PROPOSED
    assert place.workspace.close_view(BOB).ok
    assert place.plan(plan_id).approvers == ()
    place.approve(BOB, plan)
    place.asked_once_more(BOB)
    assert place.workspace.submit_view(BOB).ok
    place.message("Cleanup done")


def test_a_plan_that_was_decided_meanwhile_is_not_approved_by_a_form_that_was_open(start: Start) -> None:
    place = start(PRODUCTION)
    plan = place.propose(ANN)
    place.approve(BOB, plan)
    place.asked_once_more(BOB)
    place.reject(ANN, plan)
    place.message("Rejected plan")
    assert place.workspace.submit_view(BOB).ok
    assert "already rejected by" in place.told(BOB)
    assert place.plan(buttons(plan)[APPROVE]).status is Status.REJECTED


def test_all_of_a_plan_is_one_press_away_for_whoever_may_look(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    plan = place.propose(ANN)
    assert COMMANDS not in buttons(plan)
    assert place.workspace.click(CYD, plan.ts, WHOLE_LIST).ok
    said = str(eventually(lambda: place.workspace.view(CYD)))
    for words in (
        "old:1",
        "older:1",
        "web:1",
        "container web-1 uses it",
        "docker system prune -a",
        "RECLAIMABLE",
    ):
        assert words in said
    assert place.told_privately() == set()


def test_the_forms_of_a_plan_of_thousands_of_objects_are_within_slacks_limits() -> None:
    many = [
        item(n, f"image-{n}-{'x' * 90}:1", Kind.IMAGE, n, (f"image-{n}-{'x' * 90}:1",)) for n in range(2_000)
    ]
    volumes = [item(n + 5_000, f"v-{'y' * 200}{n}", Kind.VOLUME, n) for n in range(500)]
    state = proposed([*many, *volumes])
    for view in (approve_form(state, About(tags=("prod",)), BOB), whole_view(state)):
        assert check_view(view) == []
        assert len(json.dumps(view)) < 200_000
    assert "and 460 more" in str(approve_form(state, About()))
