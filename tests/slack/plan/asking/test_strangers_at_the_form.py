"""The form that asks for a plan tells people of other companies, guests, bots and deactivated users of no host."""

import json
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
from slack_bolt import BoltRequest

from bot.slack.action_ids import ASK_HOST, ASK_PLAN
from bot.trial.workspace import Person, Workspace
from tests.slack.door.doors import Doors, filling, submitting, watched
from tests.slack.door.test_strangers import FOR_EVERYONE, STRANGERS, WHY, everyone
from tests.slack.place import BOB, Place, team


@pytest.fixture
def workspace(closing_later: ExitStack) -> Workspace:
    return closing_later.enter_context(Workspace(team=everyone()))


@pytest.fixture
def doors(monkeypatch: pytest.MonkeyPatch) -> Doors:
    return watched(monkeypatch)


@pytest.mark.parametrize("stranger", STRANGERS, ids=lambda person: person.id)
def test_no_menu_and_no_form_tells_a_stranger_of_a_host(
    doors: Doors, start: Callable[[str], Place], stranger: Person
) -> None:
    start(FOR_EVERYONE)
    app = doors.apps[-1]
    filled = app.dispatch(BoltRequest(mode="socket_mode", body=filling(stranger, ASK_HOST)))
    assert json.loads(filled.body) == {"options": []}
    member = next(person for person in team().people if person.id == BOB)
    assert "prod-3" in app.dispatch(BoltRequest(mode="socket_mode", body=filling(member, ASK_HOST))).body
    answers = [
        app.dispatch(BoltRequest(mode="socket_mode", body=form)).body
        for form in (submitting(stranger, ASK_PLAN, ""), elsewhere(submitting(stranger, ASK_PLAN, "")))
    ]
    assert all(WHY[stranger.id] in answer or "No host named" in answer for answer in answers), answers
    assert answers[0].replace("vault-8", "prod-3") == answers[1].replace("vault-8", "prod-3")


def elsewhere(form: dict[str, Any]) -> dict[str, Any]:
    """The same form for a host that does not exist."""
    changed: dict[str, Any] = json.loads(json.dumps(form).replace('"prod-3"', '"vault-8"'))
    return changed
