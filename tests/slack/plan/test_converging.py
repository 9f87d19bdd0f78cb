"""Whatever Slack answers, its messages come to show what is so: passing errors pass, a doubtful post is found again."""

import logging
from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.core.life.states import MessageRef, Status
from bot.slack.action_ids import ADJUST, APPROVE, REJECT
from bot.slack.client import PASSING
from bot.trial.workspace import Message
from tests.slack.place import ANN, BOB, OPEN_PLAN, OPEN_TO_ALL, Place, buttons, deciding, eventually, shown

Start = Callable[[str], Place]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting between tries: neither ours nor slack_sdk's."""
    monkeypatch.setattr("bot.services.work.projecting.RETRY_AFTER", timedelta(seconds=0.05))
    monkeypatch.setattr("bot.slack.showing.POLL_SECONDS", 0.05)
    monkeypatch.setattr("slack_sdk.http_retry.handler.time.sleep", lambda _seconds: None)


def settled(place: Place) -> None:
    assert eventually(lambda: not place.store.messages.unshown(), 20)


@pytest.mark.parametrize("error", sorted(PASSING))
@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
def test_an_error_that_passes_is_tried_again(start: Start, method: str, error: str) -> None:
    place = start(OPEN_TO_ALL)
    place.workspace.fail_next(method, error=error, times=4)
    plan = place.propose(ANN)
    place.approve(BOB, plan)
    place.message("Cleanup done")
    settled(place)
    assert len(place.workspace.messages()) == 1


@pytest.mark.parametrize("error", sorted(PASSING - {"ratelimited", "rate_limited", "accesslimited"}))
def test_a_report_comes_all_the_same(start: Start, error: str) -> None:
    place = start(OPEN_TO_ALL)
    place.workspace.fail_next("chat.postMessage", error=error, times=2)
    place.workspace.command(ANN, "/docker-df", "prod-3")
    place.message("can go now")
    assert place.private(ANN) == []


def test_a_post_that_got_no_answer_is_found_again(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    assert place.workspace.team.scopes is not None
    place.workspace.team.scopes |= {"channels:history"}
    place.workspace.lose_answers("chat.postMessage")
    plan = place.propose(ANN)
    settled(place)
    assert place.plan(buttons(plan)[APPROVE]).message == MessageRef(
        channel=plan.channel, ts=plan.ts, permalink=link(place, plan)
    )
    place.approve(BOB, plan)
    place.message("Cleanup done")
    assert len(place.workspace.messages()) == 1


def link(place: Place, message: Message) -> str:
    return f"{place.workspace.url}/archives/{message.channel}/p{message.ts.replace('.', '')}"


@pytest.mark.parametrize("action", [APPROVE, REJECT, ADJUST])
def test_where_slack_does_not_let_it_look_the_older_copy_points_at_the_newer_and_decides_nothing(
    start: Start, action: str
) -> None:
    place = start(OPEN_TO_ALL)
    place.workspace.lose_answers("chat.postMessage")
    place.propose(ANN)
    older, newer = place.workspace.wait_for(lambda: len(found := place.workspace.messages()) == 2 and found)  # type: ignore[misc] # waited for
    settled(place)
    plan_id = buttons(newer)[APPROVE]
    assert place.workspace.click(BOB, older.ts, action).ok
    assert "older copy" in place.told(BOB)
    place.workspace.wait_for(lambda: not deciding(place.workspace.message(older.ts)))
    assert link(place, newer) in shown(place.workspace.message(older.ts))
    assert place.plan(plan_id).status is Status.PROPOSED
    assert set(buttons(place.workspace.message(newer.ts))) == OPEN_PLAN
    place.approve(BOB, newer)
    place.message("Cleanup done")


@pytest.mark.parametrize("error", ["invalid_blocks", "msg_blocks_too_long"])
def test_a_message_that_slack_does_not_draw_is_plain_text_with_its_buttons_and_is_logged(
    start: Start, error: str, caplog: pytest.LogCaptureFixture
) -> None:
    place = start(OPEN_TO_ALL)
    place.workspace.fail_next("chat.postMessage", error=error)
    with caplog.at_level(logging.ERROR):
        plan = place.propose(ANN)
    assert [block["type"] for block in plan.blocks] == ["section", "actions"]
    assert "Removes 2 images. Frees 1GB in 2 objects." in shown(plan)
    assert set(buttons(plan)) == OPEN_PLAN
    assert "Slack does not draw “Cleanup plan: everything on prod-3" in caplog.text
    place.approve(BOB, plan)
    place.message("Cleanup done")


def test_an_edit_that_slack_refuses_to_draw_at_all_is_not_taken_for_shown(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    plan = place.propose(ANN)
    settled(place)
    place.workspace.fail_next("chat.update", error="invalid_blocks", times=4)
    place.reject(BOB, plan)
    eventually(lambda: place.plan(buttons(plan)[APPROVE]).status is Status.REJECTED)
    place.message("Rejected plan")
    settled(place)
