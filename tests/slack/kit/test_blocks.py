"""Blocks: whatever they are given, Slack takes them."""

import pytest

from bot.slack.kit.blocks import DIVIDER, Block, actions, button, context, fields, header, section, table
from bot.trial.workspace.limits.limits import check_message

LONG = "words " * 5_000


def problems(*blocks: Block) -> list[str]:
    return check_message({"text": "A message", "blocks": list(blocks)})


@pytest.mark.parametrize(
    ("block", "path", "limit"),
    [
        (header(LONG), ("text", "text"), 150),
        (section(LONG), ("text", "text"), 3_000),
        (context(LONG), ("elements", 0, "text"), 3_000),
        (fields([LONG]), ("fields", 0, "text"), 2_000),
        (actions([button(LONG, "approve", "plan")]), ("elements", 0, "text", "text"), 75),
        (actions([button("A", "approve", "p", spoken=LONG)]), ("elements", 0, "accessibility_label"), 75),
    ],
    ids=["header", "section", "context", "field", "button", "accessibility_label"],
)
def test_a_long_text_is_cut_to_slacks_limit(block: Block, path: tuple[str | int, ...], limit: int) -> None:
    text: object = block
    for key in path:
        text = text[key]  # type: ignore[index] # the path says what is a list and what is not
    assert isinstance(text, str)
    assert len(text) == limit
    assert text.endswith("…")
    assert problems(block) == []


def test_a_short_text_is_sent_as_it_is() -> None:
    assert header("Plan") == {"type": "header", "text": {"type": "plain_text", "text": "Plan"}}
    assert section("*Plan*") == {
        "type": "section",
        "text": {"type": "mrkdwn", "text": "*Plan*", "verbatim": True},
    }
    note = {"type": "mrkdwn", "text": "Plan", "verbatim": True}
    assert context("Plan") == {"type": "context", "elements": [note]}
    assert problems(header("Plan"), DIVIDER, section("*Plan*"), context("Plan")) == []


def test_a_button_has_a_style_and_a_spoken_label_only_where_they_are_given() -> None:
    assert set(button("Look", "look", "1")) == {"type", "text", "action_id", "value"}
    styled = button("Approve", "approve", "1", style="primary", spoken="Approve the plan")
    assert (styled["style"], styled["accessibility_label"]) == ("primary", "Approve the plan")
    assert problems(actions([button("Look", "look", "1"), styled])) == []


def test_a_row_of_buttons_ends_at_slacks_twenty_five() -> None:
    row = actions([button(str(number), f"propose:{number}", "host") for number in range(30)])
    assert len(row["elements"]) == 25
    assert problems(row) == []


def test_a_table_has_its_figures_to_the_right_and_no_empty_cell() -> None:
    block = table(("TYPE", "SIZE"), [("Images", "1GB"), ("", "")])
    assert [one["align"] for one in block["column_settings"]] == ["left", "right"]
    assert [[cell["text"] for cell in row] for row in block["rows"]] == [
        ["TYPE", "SIZE"], ["Images", "1GB"], ["-", "-"],
    ]  # fmt: skip
    assert problems(block) == []
