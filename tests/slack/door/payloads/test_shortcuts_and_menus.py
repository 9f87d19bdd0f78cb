"""Shortcuts and menus over signed requests in HTTP mode: acknowledged at once; menus are filled by that answer."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from bot.slack.action_ids import APPROVE, ASK_HOST, ASK_PLAN, PLAN_CLEANUP
from bot.slack.plan.asking.form import NARROW, PROFILE
from bot.trial.workspace import Person
from tests.slack.door.doors import choosing, filling, submitting
from tests.slack.door.site import OTHER_SECRET, Site, command, signed
from tests.slack.place import ANN, PATIENCE, buttons

JSON = dict[str, Any]
PERSON = Person(id=ANN, name="ann", real_name="Ann")


def body(payload: Mapping[str, Any]) -> str:
    return urlencode({"payload": json.dumps(payload)})


def sent(site: Site, payload: Mapping[str, Any]) -> tuple[int, JSON]:
    """The status, and what the acknowledgement says."""
    text = body(payload)
    status, answer = site._ask("POST", "/slack/events", text, signed(text))
    return status, json.loads(answer or "{}")


def test_a_shortcut_and_a_command_alone_are_acknowledged_and_open_a_form_with_their_trigger(
    site: Site,
) -> None:
    """These triggers are none of the look-alike's, which says so: a form was asked for with each."""

    def told() -> int:
        workspace = site.place.workspace
        told = [*workspace.ephemerals(ANN), *workspace.direct_messages(ANN)]
        return sum("form could not be opened" in message.text for message in told)

    for count, text in enumerate((
        body(choosing(PERSON, PLAN_CLEANUP, "shortcut")), body(choosing(PERSON, PLAN_CLEANUP, "message_action")),
        command("/docker-prune", ""),
    ), start=1):  # fmt: skip
        assert site.send(text) == 200
        site.place.workspace.wait_for(lambda: told() == count, PATIENCE)  # noqa: B023 - waited for


def test_the_options_of_a_menu_are_the_answer_itself(site: Site) -> None:
    status, answer = sent(site, filling(PERSON, ASK_HOST))
    assert status == 200
    assert [each["value"] for each in answer["options"]] == ["prod-3"]
    assert sent(site, filling(PERSON, ASK_HOST, "nothing like it"))[1]["options"] == []
    assert sent(site, filling(PERSON, "of another release"))[1]["options"] == []


def test_what_is_wrong_with_a_form_and_what_is_right_are_answered_over_http(site: Site) -> None:
    form = submitting(PERSON, ASK_PLAN, "")
    values = form["view"]["state"]["values"]
    values[NARROW][NARROW]["value"] = "until=x"
    assert sent(site, form)[1]["response_action"] == "errors"
    values[NARROW][NARROW]["value"] = None
    values[PROFILE][PROFILE]["selected_option"] = {"value": "everything"}
    assert sent(site, form) == (200, {})
    plan = site.place.message("Cleanup plan: ")
    assert site.place.plan(buttons(plan)[APPROVE]).plan.draft.profile == "everything"


def test_what_slack_did_not_sign_opens_and_fills_nothing(site: Site) -> None:
    for payload in (
        choosing(PERSON, PLAN_CLEANUP, "shortcut"), choosing(PERSON, PLAN_CLEANUP, "message_action"),
        filling(PERSON, ASK_HOST), submitting(PERSON, ASK_PLAN, ""),
    ):  # fmt: skip
        text = body(payload)
        status, answer = site._ask("POST", "/slack/events", text, signed(text, OTHER_SECRET))
        assert status == 401
        assert "prod-3" not in answer
    assert site.place.workspace.calls("views.open") == []


def test_a_signed_body_of_another_shape_than_slacks_is_400(site: Site) -> None:
    for name in ("user", "view", "container"):
        assert site.send(body({**filling(PERSON, ASK_HOST), name: "none"})) == 400
