"""What is told beside a plan's message: its thread, and its requester in person; and the smaller buttons."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from slack_sdk import WebClient

from bot.core.life.states import Status
from bot.slack.action_ids import APPROVE, COMMANDS, PLAN_AFRESH, STOP
from bot.slack.kit.blocks import actions, button
from tests.slack.place import ANN, BOB, CYD, OPEN_TO_ALL, Place, buttons, eventually, shown

Start = Callable[[str], Place]


def thread(place: Place, ts: str) -> list[str]:
    return [shown(message) for message in place.workspace.thread(ts)[1:]]


def told_in_person(place: Place, user: str) -> list[str]:
    return [shown(message) for message in place.workspace.direct_messages(user)]


def test_the_thread_has_the_whole_list_and_then_each_vote_and_the_end_in_order(start: Start) -> None:
    place = start(OPEN_TO_ALL + "quorum = 2\n")
    plan = place.propose(ANN)
    place.approve(BOB, plan)
    place.message("1 of 2: <@U0BOB>")
    place.approve(CYD, plan)
    place.message("Cleanup done")
    said = eventually(lambda: "freed" in "".join(thread(place, plan.ts)) and thread(place, plan.ts))
    assert isinstance(said, list)
    assert "All 2 objects that this plan removes" in said[0]
    assert "`old:1`" in said[0]
    log = "\n".join(said[1:])
    moments = [log.index(words) for words in ("approved by bob", "approved by cyd", "began", "ended")]
    assert moments == sorted(moments)
    once = 2  # in a message's text, and in its blocks
    assert all(log.count(words) == once for words in ("approved by bob", "approved by cyd"))


def test_the_requester_hears_in_person_of_the_decision_and_of_the_end_once_each(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    place.approve(BOB, place.propose(ANN))
    place.message("Cleanup done")
    eventually(lambda: "done: 1GB freed" in "".join(told_in_person(place, ANN)))
    eventually(lambda: not place.store.messages.unshown())
    said = "".join(told_in_person(place, ANN))
    assert said.count("approved by <@U0BOB>") == len(["the text", "the block"])
    assert told_in_person(place, BOB) == told_in_person(place, CYD) == []


def test_whoever_decides_about_their_own_plan_is_told_the_end_alone(start: Start) -> None:
    place = start(OPEN_TO_ALL + "self_approval = true\n")
    place.approve(ANN, place.propose(ANN))
    eventually(lambda: "done: 1GB freed" in "".join(told_in_person(place, ANN)))
    assert "approved" not in "".join(told_in_person(place, ANN))


def test_a_rejection_is_told_with_its_reason(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    place.reject(BOB, place.propose(ANN), "not <now>")
    (told,) = eventually(lambda: told_in_person(place, ANN))
    assert "rejected by <@U0BOB>: not &lt;now&gt;" in told


@pytest.mark.parametrize("method", ["conversations.open", "chat.postMessage"])
def test_a_thread_or_a_person_that_cannot_be_written_to_does_not_hold_up_the_plan(
    start: Start, method: str
) -> None:
    place = start(OPEN_TO_ALL)
    plan = place.propose(ANN)
    eventually(lambda: thread(place, plan.ts))
    place.workspace.fail_next(method, error="user_not_found", times=5)
    place.approve(BOB, plan)
    place.message("Cleanup done")
    assert eventually(lambda: not place.store.messages.unshown())


def test_what_slack_puts_off_in_a_thread_is_written_later(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.services.work.projecting.RETRY_AFTER", timedelta(seconds=0.1))
    place = start(OPEN_TO_ALL)
    plan = place.propose(ANN)
    eventually(lambda: thread(place, plan.ts))
    place.workspace.fail_next("chat.postMessage", error="service_unavailable", times=2)
    place.reject(BOB, plan, "later")
    eventually(lambda: "later" in "".join(thread(place, plan.ts)))
    assert "".join(thread(place, plan.ts)).count("rejected by bob") <= len(["text", "blocks"])


def test_a_button_of_a_release_before_still_tells_the_commands_to_who_asks_alone(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    plan = place.propose(ANN)
    commands = actions([button("Commands", COMMANDS, buttons(plan)[APPROVE])])
    client = WebClient(place.workspace.bot_token, place.workspace.api_url)
    client.chat_update(channel=plan.channel, ts=plan.ts, text=plan.text, blocks=[*plan.blocks, commands])
    assert place.workspace.click(CYD, plan.ts, COMMANDS).ok
    assert "docker system prune -a" in place.told(CYD)
    assert place.told_privately() == {CYD}


def test_a_plan_that_ended_without_a_cleanup_is_planned_afresh_by_a_button(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    plan = place.propose(ANN, "everything not=older")
    place.reject(BOB, plan)
    ended = place.message("Rejected by <@U0BOB>")
    assert buttons(ended) == {PLAN_AFRESH: buttons(plan)[APPROVE]}
    assert place.workspace.click(CYD, ended.ts, PLAN_AFRESH).ok
    again = place.message("cyd asked")
    assert again.ts != plan.ts
    state = place.plan(buttons(again)[APPROVE])
    assert (state.status, state.plan.draft.arguments) == (Status.PROPOSED, "not=older")


def test_who_may_not_ask_for_cleanups_cannot_plan_afresh(start: Start) -> None:
    place = start('[policies.default]\nlook = ["*"]\nrequest = ["U0ANN"]\napprove = ["*"]\n')
    plan = place.propose(ANN)
    place.reject(BOB, plan)
    ended = place.message("Rejected by <@U0BOB>")
    assert place.workspace.click(CYD, ended.ts, PLAN_AFRESH).ok
    assert place.told(CYD).startswith("You may not ask for cleanups on prod-3")


def test_a_click_that_comes_too_late_is_told_who_decided_and_offers_to_plan_afresh(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    plan = place.propose(ANN)
    place.reject(BOB, plan)
    place.message("Rejected by <@U0BOB>")
    assert place.workspace.redeliver().ok  # as one who clicked on the old message, a moment later
    told = place.told(BOB)
    assert told.startswith("This plan is already rejected by <@U0BOB>")
    (private,) = place.workspace.ephemerals(BOB)
    assert buttons(private) == {PLAN_AFRESH: buttons(plan)[APPROVE]}


def test_a_private_answer_stays_in_the_thread_in_which_somebody_clicked(start: Start) -> None:
    place = start(OPEN_TO_ALL + 'audit = ["*"]\n')
    plan = place.propose(ANN)
    place.approve(BOB, plan)
    place.message("Cleanup done")
    place.workspace.command(CYD, "/docker-audit")
    page = place.message("The latest cleanup")
    assert place.workspace.click(CYD, page.ts, f"audit_details:{buttons(plan)[APPROVE]}").ok
    record = eventually(lambda: place.workspace.thread(page.ts)[1:])[0]
    client = WebClient(place.workspace.bot_token, place.workspace.api_url)
    again = actions([button("Stop", STOP, buttons(plan)[APPROVE])])
    client.chat_update(channel=record.channel, ts=record.ts, text="a button", blocks=[again])
    assert place.workspace.click(CYD, record.ts, STOP).ok
    place.told(CYD)
    assert [each.thread_ts for each in place.workspace.ephemerals(CYD)] == [page.ts]
