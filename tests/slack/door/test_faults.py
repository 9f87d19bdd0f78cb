"""Faults at Slack's door: whatever fails there, the conversation comes to the same end, and nothing runs twice."""

from collections import Counter
from datetime import timedelta

import pytest

from bot.core.audit.events import Tag
from bot.core.life.states import Status
from bot.slack.action_ids import APPROVE, DETAILS, VOLUMES
from bot.trial.sample import Builder
from bot.trial.workspace import Message
from tests.slack.place import ANN, BOB, OPEN_TO_ALL, Place, Start, buttons, eventually, shown

METHODS = (
    "chat.postMessage", "chat.update", "chat.getPermalink", "conversations.open", "chat.postEphemeral",
)  # fmt: skip
FAULTS = {
    "too many requests": {"status": 429, "retry_after": 1},
    "a server error": {"status": 503},
    "an error in the answer": {"error": "internal_error"},
}


def whole_walk(place: Place) -> Message:
    """Ask, be refused, be approved, and come to the end; each once, whatever happens on the way."""
    plan = place.propose(ANN)
    plan_id = buttons(plan)[APPROVE]
    place.approve(ANN, plan)
    place.workspace.wait_for(lambda: place.private(ANN), 15)
    place.approve(BOB, plan)
    place.workspace.wait_for(lambda: "Cleanup done" in place.workspace.message(plan.ts).text, 20)
    eventually(lambda: not place.store.messages.unshown(), 20)
    assert_once(place, plan_id)
    return place.workspace.message(plan.ts)


def assert_once(place: Place, plan_id: str) -> None:
    """One plan, one message, one run, one list, each line of its log once, and each thing told in person once."""
    assert place.plan(plan_id).status is Status.DONE
    assert len(place.workspace.messages()) == 1
    assert place.images() == {"web:1"}
    assert Counter(event.facts["outcome"] for event in place.events(plan_id, Tag.ITEM_ENDED)) == {
        "removed": 2
    }
    for tag in (Tag.PLAN_APPROVED, Tag.CLEANUP_STARTED, Tag.CLEANUP_FINISHED):
        assert len(place.events(plan_id, tag)) == 1, tag
    (message,) = place.workspace.messages()
    said = [one.text for one in place.workspace.thread(message.ts)[1:]]
    assert sum("this plan removes" in text for text in said) == 1
    log = "\n".join(said)
    assert [log.count(words) for words in ("approved by", "ended, 1GB freed")] == [1, 1]
    in_person = "\n".join(one.text for one in place.workspace.direct_messages(ANN))
    told = [shown(one) for one in place.workspace.direct_messages(ANN)]
    assert sum(":checkered_flag: done" in each for each in told) == 1, in_person


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("method", METHODS)
def test_a_method_that_fails_twice_at_any_time_changes_nothing_in_the_end(
    start: Start, method: str, fault: str
) -> None:
    place = start(OPEN_TO_ALL)
    place.workspace.fail_next(method, times=2, **FAULTS[fault])  # type: ignore[arg-type] # its own keywords
    whole_walk(place)


def test_slacks_own_rate_limits_only_slow_it_down(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    place.workspace.limit_rates()
    whole_walk(place)


def test_a_pause_in_the_middle_of_a_thread_repeats_none_of_it(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    plan = place.propose(ANN)
    eventually(lambda: len(place.workspace.thread(plan.ts)) > 1)
    place.workspace.fail_next("conversations.open", status=429, retry_after=1, times=2)
    place.approve(BOB, plan)
    place.message("Cleanup done")
    eventually(lambda: not place.store.messages.unshown(), 20)
    assert_once(place, buttons(plan)[APPROVE])


@pytest.mark.parametrize("how", ["disconnect_all", "hang_up_all"])
def test_connections_that_end_in_mid_run_cost_nothing(start: Start, how: str) -> None:
    place = start(OPEN_TO_ALL)
    plan = place.propose(ANN)
    with place.engine.universe.lock:  # the run stands at its first object meanwhile
        place.approve(BOB, plan)
        place.message("Approved by <@U0BOB>")
        getattr(place.workspace, how)()
        place.workspace.wait_connected(timeout=20)
    place.message("Cleanup done")
    eventually(lambda: not place.store.messages.unshown())
    assert_once(place, buttons(plan)[APPROVE])


def test_an_approval_whose_ack_was_lost_and_that_comes_again_is_one_approval_and_one_run(
    start: Start,
) -> None:
    place = start(OPEN_TO_ALL)
    plan = place.propose(ANN)
    place.workspace.lose_acks()
    assert place.workspace.click(BOB, plan.ts, APPROVE).error == "operation_timeout"
    for _ in range(2):
        assert place.workspace.redeliver().ok
    place.message("Cleanup done")
    eventually(lambda: not place.store.messages.unshown())
    assert_once(place, buttons(plan)[APPROVE])
    eventually(lambda: len(place.private(BOB)) == 2)
    assert {text.partition(" by ")[0] for text in place.private(BOB)} <= {
        "This plan is already approved", "This plan is already approved, and running",
        "This plan is already approved, and finished",
    }  # fmt: skip


def test_a_command_whose_ack_was_lost_and_that_comes_again_makes_one_plan(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    place.workspace.lose_acks()
    outcome = place.workspace.command(ANN, "/docker-prune", "prod-3 everything")
    assert outcome.error == "operation_timeout"
    assert place.workspace.redeliver().ok
    place.message("Cleanup plan: ")
    eventually(lambda: not place.store.messages.unshown())
    assert len(place.workspace.messages()) == 1


def test_a_message_deleted_while_its_cleanup_runs_is_posted_again_and_its_thread_goes_on_there(
    start: Start,
) -> None:
    place = start(OPEN_TO_ALL)
    plan = place.propose(ANN)
    eventually(lambda: not place.store.messages.unshown())
    with place.engine.universe.lock:
        place.approve(BOB, plan)
        place.message("Approved by <@U0BOB>")
        place.workspace.delete(plan.ts)
    again = place.message("Cleanup done")
    assert again.ts != plan.ts
    eventually(lambda: not place.store.messages.unshown())
    assert "ended, 1GB freed" in "".join(one.text for one in place.workspace.thread(again.ts)[1:])
    assert place.plan(buttons(plan)[APPROVE]).status is Status.DONE


# --- the other methods, each where it is used ---------------------------------------------------

either_fault = pytest.mark.parametrize("status", [429, 503])


@either_fault
def test_a_form_opens_although_slack_wants_a_pause(start: Start, status: int) -> None:
    place = start(OPEN_TO_ALL)
    plan = place.propose(ANN)
    place.workspace.fail_next("views.open", status=status)
    form = place.press_reject(BOB, plan)
    assert form["callback_id"] == "reject_reason"
    assert place.told_privately() == set()


@either_fault
def test_a_form_that_is_filled_later_is_filled_although_slack_wants_a_pause(
    start: Start, status: int
) -> None:
    place = start(OPEN_TO_ALL + 'volumes = "named"\n')
    with place.engine.universe.lock:
        Builder(place.engine.universe).volume("pg-data", size=7, age=timedelta(days=9))
    place.workspace.command(ANN, "/docker-df", "prod-3")
    report = place.message("can go now")
    place.workspace.fail_next("views.update", status=status)
    assert place.workspace.click(ANN, report.ts, VOLUMES).ok
    place.workspace.wait_for(lambda: "pg-data" in str(place.workspace.view(ANN)))


@either_fault
@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal"])
def test_a_file_stands_in_the_thread_once_although_slack_wants_a_pause(
    start: Start, method: str, status: int
) -> None:
    place = start(OPEN_TO_ALL)
    with place.engine.universe.lock:
        for number in range(20):
            Builder(place.engine.universe).volume(f"v{number}", size=number, age=timedelta(days=9))
    place.workspace.command(ANN, "/docker-df", "prod-3")
    report = place.message("can go now")
    place.workspace.fail_next(method, status=status)
    assert place.workspace.click(ANN, report.ts, DETAILS).ok
    eventually(lambda: any(one.files for one in place.workspace.thread(report.ts)))
    (files,) = [one.files for one in place.workspace.thread(report.ts) if one.files]
    assert "prod-3-local-volumes.tsv" in {file["name"] for file in files}
    assert place.told_privately() == set()


@either_fault
def test_a_group_that_slack_does_not_name_at_once_may_still_approve(start: Start, status: int) -> None:
    place = start('[policies.default]\nlook = ["*"]\nrequest = ["*"]\napprove = ["S0OPS"]\n')
    plan = place.propose(ANN)
    place.workspace.fail_next("usergroups.users.list", status=status)
    place.approve(BOB, plan)
    place.message("Cleanup done")


def test_a_private_answer_finds_another_way_where_the_channel_takes_none(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    plan = place.propose(ANN)
    place.workspace.fail_next("chat.postEphemeral", error="channel_not_found", times=9)
    place.workspace.fail_next("response_url", status=500, times=9)
    place.approve(ANN, plan)
    eventually(lambda: any("somebody else" in one.text for one in place.workspace.direct_messages(ANN)))
