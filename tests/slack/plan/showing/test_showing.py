"""The plan's message follows the plan: through rate limits, a deleted message, a channel without the bot."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from slack_sdk import WebClient

from bot.core.audit.events import Tag
from bot.core.life.states import MessageRef, Status, Vote
from bot.core.plan.plan import Person
from bot.ports import Change
from bot.services.work.projecting import RETRY_AFTER
from bot.slack.action_ids import ADJUST, APPROVE, ASK_OTHER, AUDIT_DETAILS, REJECT, WHOLE_LIST
from bot.slack.plan.lists import full_list
from tests.slack.place import ANN, BOB, OPEN_TO_ALL, Place, buttons, eventually, shown
from tests.slack.plan.showing.shower import Shower, event
from tests.slack.states import item, proposed

Start = Callable[[str], Place]


def test_a_rate_limit_delays_the_final_state_and_does_not_lose_it(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    plan = place.propose(ANN)
    place.workspace.fail_next("chat.update", status=429, retry_after=1)
    place.approve(BOB, plan)
    ended = place.message("Cleanup done")
    assert (ended.ts, [*buttons(ended)]) == (plan.ts, [f"{AUDIT_DETAILS}:{buttons(plan)[APPROVE]}"])
    assert len(place.workspace.messages()) == 1
    assert eventually(lambda: not place.store.messages.unshown())


def test_the_end_of_a_plan_whose_message_was_deleted_is_posted_anew(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    plan = place.propose(ANN)
    plan_id = buttons(plan)[APPROVE]
    with place.engine.universe.lock:  # the engine does not answer until the message is gone
        place.approve(BOB, plan)
        place.message("Approved by <@U0BOB>")
        client = WebClient(place.workspace.bot_token, place.workspace.api_url)
        client.chat_delete(channel=plan.channel, ts=plan.ts)
    eventually(lambda: place.plan(plan_id).status is Status.DONE)
    assert eventually(lambda: not place.store.messages.unshown())
    assert place.images() == {"web:1"}
    (again,) = place.workspace.messages()
    assert again.text.startswith("Cleanup done")
    assert place.told_privately() == set()


@pytest.mark.parametrize("error", ["not_in_channel", "channel_not_found"])
def test_where_it_shows_only_afterwards_that_the_bot_may_not_write_the_plan_is_cancelled_and_the_requester_hears_of_it(
    start: Start, error: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.services.decide.propose.id_of", lambda _request: "k7m2p9wxyz")
    place = start(OPEN_TO_ALL)
    place.workspace.close_channel(error)
    place.workspace.fail_next("conversations.info", error="missing_scope")
    place.workspace.command(ANN, "/docker-prune", "prod-3 everything")
    assert "Invite me with `/invite @Deckhand`" in place.told(ANN)
    assert place.told_privately() == {ANN}
    assert eventually(lambda: not place.store.messages.unshown())
    assert place.workspace.messages() == []
    state = place.plan("k7m2p9wxyz")
    assert state.status is Status.CANCELLED
    assert state.reason == (
        f"Its message could not be posted. Slack answered {error}. Invite Deckhand there (/invite @Deckhand) "
        "and ask again."
    )
    assert len(place.events("k7m2p9wxyz", Tag.PLAN_CANCELLED)) == 1
    (direct,) = place.workspace.direct_messages(ANN)
    assert f"Slack answered {error}" in shown(direct)
    assert len(place.events("k7m2p9wxyz", Tag.PLAN_CANCELLED)) == 1


def test_what_is_shown_is_not_sent_again(shower: Shower) -> None:
    shower.create()
    shower.show()
    shower.show()
    assert shower.text.startswith("Cleanup plan: ")
    assert shower.updates() == 0


def test_a_message_that_somebody_deleted_is_posted_again_as_the_plan_is_now(shower: Shower) -> None:
    shower.create()
    shower.show()
    (message,) = shower.workspace.messages()
    client = WebClient(shower.workspace.bot_token, shower.workspace.api_url)
    client.chat_delete(channel=message.channel, ts=message.ts)
    vote = Vote(person=Person(id=BOB), approve=True, at=shower.clock.now())
    shower.store.plans.change(
        "k7m2p9wxyz", lambda _state, _now: Change(status=Status.PROPOSED, events=(event(),), vote=vote)
    )
    shower.show()
    state = shower.store.plans.get("k7m2p9wxyz")
    assert state is not None
    assert state.status is Status.PROPOSED
    (again,) = shower.workspace.messages()
    assert again.ts != message.ts
    assert f"1 of {state.quorum}: {BOB} approved" in shown(again)
    assert state.message is not None
    assert state.message.ts == again.ts
    assert shower.store.messages.unshown() == ()


def test_an_update_that_slack_put_off_is_tried_again_after_a_while_with_the_latest_state(
    shower: Shower,
) -> None:
    shower.create()
    shower.show()
    shower.become(Status.APPROVED)
    shower.workspace.fail_next("chat.update", error="ratelimited")
    shower.show()
    assert shower.text.startswith("Cleanup plan: ")
    shower.become(Status.CANCELLED)
    shower.clock.pass_time(RETRY_AFTER - timedelta(seconds=1))
    shower.show()
    assert shower.text.startswith("Cleanup plan: ")
    assert shower.updates() == 0
    shower.clock.pass_time(timedelta(seconds=1))
    shower.show()
    assert shower.text.startswith("Cancelled plan: ")
    assert shower.updates() == 1
    assert shower.store.messages.unshown() == ()


def test_a_first_post_that_slack_put_off_is_posted_later_and_once(shower: Shower) -> None:
    shower.create()
    shower.workspace.fail_next("chat.postMessage", error="service_unavailable")
    shower.show()
    assert shower.workspace.messages() == []
    shower.clock.pass_time(RETRY_AFTER)
    shower.show()
    shower.show()
    assert shower.text.startswith("Cleanup plan: ")


def test_a_list_that_is_too_long_to_be_read_stands_in_the_thread_as_a_file(shower: Shower) -> None:
    state = proposed([item(number, f"image-{number}") for number in range(500)])
    shower.create(state)
    shower.show()
    (posted,) = shower.workspace.messages()
    _, reply = shower.workspace.thread(posted.ts)
    assert set(buttons(posted)) == {APPROVE, REJECT, ADJUST, ASK_OTHER, WHOLE_LIST}
    (file,) = reply.files
    assert shower.workspace.file(file["id"]) == full_list(state).encode()


def test_a_list_that_cannot_be_put_into_the_thread_does_not_hold_up_the_plan(shower: Shower) -> None:
    shower.create(proposed([item(number, f"image-{number}") for number in range(500)]))
    shower.workspace.fail_next("files.getUploadURLExternal", error="missing_scope")
    shower.show()
    (posted,) = shower.workspace.messages()
    assert len(shower.workspace.thread(posted.ts)) == 1
    shower.become(Status.EXPIRED)
    shower.show()
    assert shower.text.startswith("Expired plan: ")


def test_a_list_that_somebody_changed_in_the_database_is_shown_to_nobody(
    shower: Shower, sql: Callable[[str], None]
) -> None:
    """The plan is closed, and its message says so."""
    shower.create()
    sql("UPDATE plan SET snapshot = replace(snapshot, 'job-17', 'job-18')")
    sql("UPDATE plan_item SET name = replace(name, 'job-17', 'job-18')")
    shower.show()
    assert (
        "Somebody changed this plan in Deckhand's database: its list is not the one that was proposed"
        in shower.text
    )
    state = shower.store.plans.get("k7m2p9wxyz")
    assert state is not None
    assert state.status is Status.CANCELLED


def test_rows_that_make_no_plan_are_told_of_and_hold_up_no_other_message(
    shower: Shower, sql: Callable[[str], None]
) -> None:
    shower.create()
    shower.show()
    sql("UPDATE plan SET snapshot = 'x', version = version + 1")
    other = proposed().plan
    other = replace(other, id="other", host="prod-4")
    shower.store.plans.create(
        other, 1, MessageRef(channel="C0OPS"), replace(event(Tag.PLAN_PROPOSED), plan="other", host="prod-4")
    )
    shower.show()
    first, second = shower.workspace.messages()
    assert "prod-4" in second.text
    assert "Somebody changed this plan" in shown(first)
    assert shower.store.messages.unshown() == ()
