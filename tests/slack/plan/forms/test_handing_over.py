"""Asking somebody else to decide: only who may can be named, they are told in person, and the audit says who asked."""

from collections.abc import Callable

import pytest

from bot.core.audit.events import Tag
from bot.core.life.states import Status
from bot.slack.action_ids import APPROVE, ASK_OTHER, HAND_PLAN
from bot.slack.plan.forms.handing import WHOM
from bot.trial.workspace import Message
from tests.slack.place import ANN, BOB, CYD, JSON, PATIENCE, Place, buttons, shown

Start = Callable[[str], Place]
RULES = """
[policies.default]
look = ["*"]
request = ["*"]
approve = {approve}
quorum = {quorum}
"""


def rules(approve: str = '["U0BOB", "U0CYD"]', quorum: int = 1) -> str:
    return RULES.format(approve=approve, quorum=quorum)


def form(place: Place, user: str, plan: Message) -> JSON:
    """The form that names somebody, once Slack has told who may decide."""
    assert place.workspace.click(user, plan.ts, ASK_OTHER).ok

    def filled() -> JSON | None:
        view = place.workspace.view(user)
        return view if view and "hourglass" not in str(view) else None

    view = place.workspace.wait_for(filled, PATIENCE)
    assert view is not None
    assert view["callback_id"] == HAND_PLAN
    return view


def named(view: JSON) -> list[str]:
    """Whom a form offers."""
    inputs = [block["element"] for block in view["blocks"] if block["type"] == "input"]
    return [option["value"] for element in inputs for option in element["options"]]


def told(place: Place, user: str) -> list[str]:
    return [shown(each) for each in place.workspace.direct_messages(user)]


def test_who_is_named_is_told_in_person_and_decides_by_their_own_right(start: Start) -> None:
    place = start(rules('["S0OPS", "U0CYD"]'))  # ann and bob are in the group
    plan = place.propose(ANN)
    assert named(form(place, ANN, plan)) == [BOB, CYD], "not who asked for the plan"
    assert place.workspace.submit_view(ANN, {WHOM: CYD}).ok
    assert "is asked to decide" in place.told(ANN)
    place.workspace.wait_for(lambda: told(place, CYD), PATIENCE)
    (asked,) = told(place, CYD)
    assert "<@U0ANN> asks you to decide about *everything* on *prod-3*" in asked
    plan_id = buttons(plan)[APPROVE]
    (event,) = place.events(plan_id, Tag.PLAN_HANDED)
    assert (event.actor, event.facts["asked"]) == (ANN, CYD)
    place.workspace.wait_for(
        lambda: any("ann asked cyd to decide" in shown(each) for each in place.workspace.thread(plan.ts)),
        PATIENCE,
    )
    assert place.plan(plan_id).status is Status.PROPOSED
    assert named(form(place, BOB, plan)) == [], "cyd was asked, ann asked for it, and bob is oneself"
    place.approve(CYD, plan)
    place.message("Cleanup done")
    assert len(told(place, CYD)) == 1


@pytest.mark.parametrize(
    ("whom", "by", "why"),
    [
        (CYD, ANN, "may not decide about cleanups on prod-3, so nobody was asked"),
        (ANN, ANN, "cannot be named by themselves"),
        (ANN, BOB, "asked for this plan, and nobody approves their own here"),
    ],
)
def test_who_may_not_decide_cannot_be_named_where_the_form_offers_everybody(
    start: Start, whom: str, by: str, why: str
) -> None:
    place = start(rules('["C0ELSEWHERE", "U0BOB", "U0ANN"]'))
    plan = place.propose(ANN)
    form(place, by, plan)
    assert place.workspace.submit_view(by, {WHOM: whom}).ok
    assert why in place.told(by)
    plan_id = buttons(plan)[APPROVE]
    assert place.events(plan_id, Tag.PLAN_HANDED) == []
    assert [who for who, _ in place.refusals(plan_id)] == [by]


def test_who_may_neither_decide_nor_asked_for_the_plan_asks_nobody(start: Start) -> None:
    place = start(rules('["U0BOB"]'))
    plan = place.propose(ANN)
    assert place.workspace.click(CYD, plan.ts, ASK_OTHER).ok
    assert "You may not decide about cleanups on prod-3" in place.told(CYD)
    assert place.workspace.view(CYD) is None


def test_where_anybody_may_decide_anybody_can_be_named_who_has_not(start: Start) -> None:
    place = start(rules('["*"]', quorum=2))
    plan = place.propose(ANN)
    place.approve(BOB, plan)
    place.message("1 of 2")
    form(place, CYD, plan)
    assert place.workspace.submit_view(CYD, {WHOM: BOB}).ok
    assert "has approved this plan already" in place.told(CYD)
    form(place, BOB, plan)
    assert place.workspace.submit_view(BOB, {WHOM: CYD}).ok
    place.workspace.wait_for(lambda: told(place, CYD), PATIENCE)
    assert place.plan(buttons(plan)[APPROVE]).status is Status.PROPOSED, "two are two, whoever was asked"


def test_a_form_in_which_nobody_was_named_says_so_and_one_that_comes_too_late_asks_nobody(
    start: Start,
) -> None:
    place = start(rules())
    plan = place.propose(ANN)
    form(place, ANN, plan)
    assert set(place.workspace.submit_view(ANN, {}).errors) == {WHOM}
    place.reject(BOB, plan)
    place.message("Rejected plan")
    assert place.workspace.submit_view(ANN, {WHOM: CYD}).ok
    assert "already rejected" in place.told(ANN)
    assert told(place, CYD) == []
