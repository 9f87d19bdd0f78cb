from typing import Any

import pytest

from bot.trial.workspace.core import Refused
from bot.trial.workspace.limits.limits import check_message, check_view, refuse_message

JSON = dict[str, Any]


def plain(text: str) -> JSON:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> JSON:
    return {"type": "mrkdwn", "text": text}


def section(text: str = "hello", **more: Any) -> JSON:
    return {"type": "section", "text": mrkdwn(text), **more}


def button(text: str = "Go", action_id: str = "go", **more: Any) -> JSON:
    return {"type": "button", "text": plain(text), "action_id": action_id, **more}


def actions(*elements: JSON) -> JSON:
    return {"type": "actions", "elements": list(elements)}


def options(count: int, size: int = 5) -> list[JSON]:
    return [{"text": plain("x" * size), "value": str(number)} for number in range(count)]


def table(rows: int = 1, columns: int = 1) -> JSON:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * columns] * rows}


def modal(**more: Any) -> JSON:
    return {"type": "modal", "title": plain("Title"), "blocks": [section()], **more}


def confirm(title: str = "Sure?", text: str = "Really", go: str = "Yes") -> JSON:
    return {"title": plain(title), "text": plain(text), "confirm": plain(go), "deny": plain("No")}


AT_THE_LIMIT = [
    section("x" * 3000),
    {"type": "header", "text": plain("x" * 150)},
    {"type": "section", "fields": [mrkdwn("x" * 1000)] * 10},
    actions(*(button(action_id=f"b{number}") for number in range(25))),
    actions(button("x" * 75, "a" * 255, value="v" * 2000, confirm=confirm("x" * 100, "x" * 300, "x" * 30))),
    {"type": "context", "elements": [mrkdwn("x")] * 10},
    table(100, 20),
    actions({"type": "static_select", "action_id": "s", "options": options(100, 75)}),
    actions({"type": "overflow", "action_id": "o", "options": options(5)}),
    actions({"type": "checkboxes", "action_id": "c", "options": options(10)}),
    {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "x" * 2000},
    {"type": "markdown", "text": "x" * 12_000},
    {"type": "divider", "block_id": "b" * 255},
]


@pytest.mark.parametrize("block", AT_THE_LIMIT, ids=lambda block: str(block["type"]))
def test_a_block_at_the_limit_is_taken(block: JSON) -> None:
    assert check_message({"blocks": [block]}) == []


BEYOND = [
    (section("x" * 3001), "/blocks/0/text/text"),
    (section(""), "/blocks/0/text/text"),
    ({"type": "section"}, "/blocks/0"),
    ({"type": "section", "fields": [mrkdwn("x")] * 11}, "/blocks/0/fields"),
    ({"type": "section", "fields": [mrkdwn("x" * 2001)]}, "/blocks/0/fields/0/text"),
    ({"type": "header", "text": plain("x" * 151)}, "/blocks/0/text/text"),
    ({"type": "header", "text": mrkdwn("x")}, "/blocks/0/text/type"),
    (actions(*(button(action_id=f"b{number}") for number in range(26))), "/blocks/0/elements"),
    (actions(), "/blocks/0/elements"),
    (actions(button("x" * 76)), "/blocks/0/elements/0/text/text"),
    (actions(button(value="x" * 2001)), "/blocks/0/elements/0/value"),
    (actions(button(action_id="x" * 256)), "/blocks/0/elements/0/action_id"),
    (actions(button(), button()), "/blocks/0/elements/1/action_id"),
    (actions(button(style="loud")), "/blocks/0/elements/0/style"),
    (actions(button(accessibility_label="x" * 76)), "/blocks/0/elements/0/accessibility_label"),
    (actions(button(confirm=confirm(title="x" * 101))), "/blocks/0/elements/0/confirm/title/text"),
    (actions(button(confirm=confirm(text="x" * 301))), "/blocks/0/elements/0/confirm/text/text"),
    (actions(button(confirm=confirm(go="x" * 31))), "/blocks/0/elements/0/confirm/confirm/text"),
    ({"type": "context", "elements": [mrkdwn("x")] * 11}, "/blocks/0/elements"),
    (table(rows=101), "/blocks/0/rows"),
    (table(columns=21), "/blocks/0/rows/0"),
    ({"type": "table", "rows": [[{"type": "raw_text", "text": ""}]]}, "/blocks/0/rows/0/0/text"),
    (
        actions({"type": "static_select", "action_id": "s", "options": options(101)}),
        "/blocks/0/elements/0/options",
    ),
    (actions({"type": "static_select", "action_id": "s", "options": []}), "/blocks/0/elements/0/options"),
    (actions({"type": "overflow", "action_id": "o", "options": options(6)}), "/blocks/0/elements/0/options"),
    (
        actions({"type": "radio_buttons", "action_id": "r", "options": options(11)}),
        "/blocks/0/elements/0/options",
    ),
    (
        actions({"type": "static_select", "action_id": "s", "options": options(1, 76)}),
        "/blocks/0/elements/0/options/0/text/text",
    ),
    ({"type": "image", "image_url": "https://example.com/a.png"}, "/blocks/0/alt_text"),
    ({"type": "image", "alt_text": "nothing to see"}, "/blocks/0"),
    ({"type": "markdown", "text": "x" * 12_001}, "/blocks/0/text"),
    ({"type": "divider", "block_id": "b" * 256}, "/blocks/0/block_id"),
    ({"type": "marquee"}, "/blocks/0/type"),
    ({"type": "alert", "text": plain("only in modals")}, "/blocks/0/type"),
]


@pytest.mark.parametrize(("block", "place"), BEYOND)
def test_a_block_beyond_a_limit_is_refused_at_its_place(block: JSON, place: str) -> None:
    problems = check_message({"blocks": [block]})
    assert any(problem.endswith(f"[json-pointer:{place}]") for problem in problems), problems


def test_an_action_id_is_unique_in_the_whole_message() -> None:
    assert check_message({"blocks": [actions(button()), section(accessory=button())]})


def test_a_message_holds_fifty_blocks() -> None:
    assert check_message({"blocks": [section()] * 50}) == []
    assert check_message({"blocks": [section()] * 51}) == [
        "[ERROR] no more than 50 items allowed [json-pointer:/blocks]"
    ]


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        ({}, "no_text"),
        ({"text": ""}, "no_text"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"blocks": [table(), table()]}, "only_one_table_allowed"),
        ({"blocks": [section("x" * 2700)] * 5}, "msg_blocks_too_long"),
        ({"blocks": [{"type": "marquee"}]}, "invalid_blocks"),
    ],
)
def test_a_refusal_has_the_name_that_slack_gives_it(payload: JSON, error: str) -> None:
    with pytest.raises(Refused) as refused:
        refuse_message(payload)
    assert refused.value.error == error


def test_a_view_holds_a_hundred_blocks() -> None:
    assert check_view(modal(blocks=[section()] * 100)) == []
    assert check_view(modal(blocks=[section()] * 101))


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"title": plain("x" * 25)}, "/view/title/text"),
        ({"submit": plain("x" * 25)}, "/view/submit/text"),
        ({"close": plain("x" * 25)}, "/view/close/text"),
        ({"private_metadata": "x" * 3001}, "/view/private_metadata"),
        ({"callback_id": "x" * 256}, "/view/callback_id"),
        ({"blocks": [table()]}, "/view/blocks/0/type"),
        ({"type": "popup"}, "/view/type"),
    ],
)
def test_a_view_beyond_a_limit_is_refused_at_its_place(more: JSON, place: str) -> None:
    problems = check_view(modal(**more))
    assert any(problem.endswith(f"[json-pointer:{place}]") for problem in problems), problems


def test_a_modal_with_an_input_needs_a_submit_button() -> None:
    entry = {
        "type": "input",
        "label": plain("Name"),
        "element": {"type": "plain_text_input", "action_id": "n"},
    }
    assert check_view(modal(blocks=[entry]))
    assert check_view(modal(blocks=[entry], submit=plain("Save"))) == []
