"""People at their Home: what they see there, and what they press."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bot.slack.action_ids import APPROVE
from bot.trial.workspace import Message
from tests.slack.place import OPEN_TO_ALL, PATIENCE, Place, eventually, shown

JSON = dict[str, Any]
CLOSED_TO_CYD = """
[policies.default]
look = ["U0ANN", "U0BOB"]
request = ["U0ANN", "U0BOB"]
approve = ["U0ANN", "U0BOB"]
stop = ["U0ANN", "U0BOB"]
audit = ["U0ANN"]
"""
TWO_VOTES = OPEN_TO_ALL + "quorum = 2\nself_approval = true\n"
STOPPERS = OPEN_TO_ALL + 'stop = ["U0ANN", "U0BOB"]\n'


def elements(view: JSON) -> Iterator[JSON]:
    for block in view["blocks"]:
        yield from block.get("elements") or ()
        if "accessory" in block:
            yield block["accessory"]


def acts(view: JSON) -> dict[str, str]:
    """What each button of a Home carries, by action id."""
    return {one["action_id"]: one["value"] for one in elements(view) if one["type"] == "button"}


def says(view: JSON | None) -> str:
    return json.dumps(view["blocks"], ensure_ascii=False) if view else ""


def home(place: Place, user: str, text: str = "Deckhand", without: str = "no such text") -> JSON:
    """A person's Home, as soon as it says this."""

    def found() -> JSON | None:
        view = place.workspace.home(user)
        return view if text in says(view) and without not in says(view) else None

    try:
        view = place.workspace.wait_for(found, PATIENCE)
    except TimeoutError:
        pytest.fail(f"{text!r}, without {without!r}: {says(place.workspace.home(user))}")
    assert view is not None
    return view


def opened(place: Place, user: str, text: str = "Deckhand") -> JSON:
    assert place.workspace.open_home(user).ok
    return home(place, user, text)


def press(place: Place, user: str, action_id: str) -> None:
    view = place.workspace.home(user)
    assert view is not None
    assert place.workspace.click(user, view["id"], action_id).ok


def approve(place: Place, user: str, plan_id: str) -> None:
    """Press Approve on a Home, and again in the form that shows what goes."""
    press(place, user, f"{APPROVE}:{plan_id}")
    asked = str(place.asked_once_more(user))
    assert "cannot be undone" in asked
    assert "old:1" in asked
    assert place.workspace.submit_view(user).ok


def in_person(place: Place, user: str, text: str) -> Message:
    """The newest message to one person in their conversation with the bot that says this."""
    return eventually(
        lambda: next((m for m in reversed(place.workspace.direct_messages(user)) if text in shown(m)), None)
    )  # type: ignore[return-value] # eventually gives what is true


def published(place: Place) -> int:
    return len(place.workspace.calls("views.publish"))
