"""A message of a schedule with as many plans as there can be, whatever their hosts are called."""

from dataclasses import replace

import pytest

from bot.services.work.batches import LINES
from bot.slack.plan.batches.message import MENU_SHOWN
from tests.slack.kit.test_extremes import HOSTILE, assert_harmless, assert_slack_takes, everything
from tests.slack.plan.batches.some import EVERY, entry, message
from tests.slack.states import STATES


@pytest.mark.parametrize("name", HOSTILE)
def test_no_host_of_a_schedule_mentions_or_links_anything(name: str) -> None:
    entries = [
        replace(one, line=replace(one.line, plan_id=f"p{number}"))
        for number, one in enumerate(entry(name, state) for state in STATES.values())
    ]
    made = message(entries, [entry(name, STATES["proposed"]).line])
    assert_slack_takes(made)
    assert_harmless(made)


@pytest.mark.parametrize("state", STATES)
def test_slack_takes_every_line_that_there_is_room_for_and_a_menu_of_the_others(state: str) -> None:
    name = "a-host-with-a-long-name-in-a-data-centre"
    shown = [entry(f"{name}-{number}", STATES[state]) for number in range(LINES)]
    rest = [entry(f"{name}-{number}", STATES["proposed"]).line for number in range(LINES, 300)]
    made = message(shown, rest)
    assert_slack_takes(made)
    assert all(f"{name}-{number}*" in everything(made) for number in range(LINES))
    (menu,) = (block["elements"][0] for block in made.blocks if block["type"] == "actions")
    assert len(menu["options"]) == MENU_SHOWN


def test_a_line_offers_what_can_be_done_with_its_plan_and_no_more() -> None:
    offered = {
        each.state.plan.id: block["accessory"]["action_id"].partition(":")[0]
        for each in EVERY
        for block in message([each]).blocks
        if "accessory" in block
    }
    ended = {each.line.plan_id for each in EVERY if each.state.reclaimed and each.state.finished_at}
    assert ended
    assert {offered[plan] for plan in ended} == {"audit_details"}
    opened = next(each for each in EVERY if not each.line.held)
    assert opened.state.plan.id not in offered
    assert message([replace(opened, line=replace(opened.line, permalink="javascript:alert(1)"))]).blocks[
        2
    ] == {
        **message([opened]).blocks[2],
        "text": message([replace(opened, line=replace(opened.line, permalink=""))]).blocks[2]["text"],
    }
