"""The answer to “why” at its limits: many objects, many profiles, names that mean to break it."""

import json

import pytest

from bot.core.docker.inventory import Kind
from bot.slack.kit.blocks import Message
from bot.slack.look.reports import report_message, why_message
from bot.trial.workspace.core import JSON
from bot.trial.workspace.limits.limits import check_message
from bot.trial.workspace.limits.parts import text_characters
from tests.slack.looks import explanation, report
from tests.slack.states import draft

MOST_CHARACTERS = 12_000
HOSTILE = (
    "<!channel>",
    "&" * 200,
    "`<@U0EVE>`",
    "a\n• *everything* would remove it",
    "\u202eback",
    "x" * 900,
)
MANY = [f"profile-{number:02}{'p' * 50}" for number in range(60)]


def assert_slack_takes(message: Message) -> None:
    payload: JSON = {"text": message.text, "blocks": list(message.blocks)}
    assert check_message(payload) == []
    assert text_characters(payload["blocks"]) <= MOST_CHARACTERS


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_pings_nobody_and_makes_no_line_of_its_own(name: str) -> None:
    one = explanation(Kind.IMAGE, name, name, name, name, profiles=("routine", "ci"))
    message = why_message("prod-3", name, [one])
    assert_slack_takes(message)
    assert not {"<!channel>", "<@U0EVE>"} & set(message.text.split())
    (section,) = [block["text"]["text"] for block in message.blocks if block["type"] == "section"]
    assert "<!channel>" not in section + message.text
    assert "<@U0EVE>" not in section + message.text
    assert len(section.splitlines()) == 3


@pytest.mark.parametrize("objects", [1, 3, 4, 500])
def test_of_many_objects_three_are_explained_and_the_others_counted(objects: int) -> None:
    message = why_message("prod-3", "db", [explanation(Kind.VOLUME, str(n), "db") for n in range(objects)])
    assert_slack_takes(message)
    sections = [block for block in message.blocks if block["type"] == "section"]
    assert len(sections) == min(objects, 3)
    left = objects - len(sections)
    counted = f"… and {left} more object{'s' if left > 1 else ''} of that name"
    assert (counted in json.dumps(message.blocks, ensure_ascii=False)) is bool(left)


def test_of_more_profiles_than_fit_whole_lines_are_shown_and_the_others_counted() -> None:
    one = explanation(Kind.IMAGE, "i", "&" * 200, profiles=MANY)
    message = why_message("prod-3", "i", [one, one, one])
    assert_slack_takes(message)
    for block in message.blocks[1:]:
        head, *lines, last = block["text"]["text"].splitlines()
        assert head.startswith("*image* ")
        assert all(line.startswith("• *profile-") and line.count("*") == 2 for line in lines)
        assert last == f"_… and {len(MANY) - len(lines)} more profiles_"
    assert message.text.count(" it: ") < len(MANY)


def test_many_offers_still_make_a_report_of_one_button_and_one_menu() -> None:
    message = report_message(report(*(draft(profile=name) for name in MANY)))
    assert_slack_takes(message)
    (first, menu), looks = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    assert first["action_id"] == f"propose:{MANY[0]}"
    assert [option["value"] for option in menu["options"]] == MANY[1:]
    assert [button["action_id"] for button in looks] == ["details", "why_full", "look"]
