"""A schedule over many hosts is one message: a line and a button a plan, true as the plans are decided."""

from collections.abc import Callable
from functools import partial

from bot.core.audit.events import Tag
from bot.core.life.states import Status
from bot.slack.action_ids import OPEN_PLAN
from bot.trial.workspace import Message, Outcome
from tests.slack.place import ANN, BOB, CYD, OPEN_TO_ALL, Place, eventually, shown
from tests.store.samples import at_once

Start = Callable[[str], Place]
Due = Callable[[Place], None]

OF_ALL = """
[schedules.nightly]
hosts = ["prod-3", "prod-4", "prod-5"]
profile = "everything"
cron = "0 3 1 1 *"
channel = "C0OPS"
"""
TITLE = "Schedule “nightly” planned cleanups on 3 hosts"
DECIDED = '[policies.default]\nlook = ["*"]\nrequest = ["*"]\naudit = ["*"]\napprove = ["S0OPS", "U0CYD"]\n'


def lines(message: Message) -> dict[str, str]:
    """What each line says, by host."""
    texts = [block["text"]["text"] for block in message.blocks if block["type"] == "section"][1:]
    return {text.split("*")[1]: text for text in texts}


def opening(message: Message) -> dict[str, str]:
    """The plan that each line's button opens, by host."""
    return {
        block["text"]["text"].split("*")[1]: block["accessory"]["value"]
        for block in message.blocks
        if block.get("accessory", {}).get("action_id", "").startswith(f"{OPEN_PLAN}:")
    }


def opened(place: Place, batch: Message, host: str) -> Message:
    """The plan's own message, after somebody pressed Open in its line."""
    plan = opening(batch)[host]
    assert place.workspace.click(ANN, batch.ts, f"{OPEN_PLAN}:{plan}").ok
    return place.message(f"Cleanup plan: everything on {host}")


def test_three_plans_are_one_message_and_each_is_decided_by_itself(fleet: Start, due: Due) -> None:
    place = fleet(OPEN_TO_ALL + OF_ALL)
    due(place)
    batch = place.message(TITLE)
    assert batch.channel == "C0OPS"
    assert list(lines(batch)) == ["prod-3", "prod-4", "prod-5"]
    assert all("frees *1GB* in 2 objects" in line for line in lines(batch).values())
    assert "Those that wait free up to *3GB* in 6 objects: prod-3, prod-4, prod-5." in batch.text
    assert "cannot be undone" in lines(batch)["prod-3"]
    assert len(place.workspace.messages()) == 1

    plans = opening(batch)
    place.reject(BOB, opened(place, batch, "prod-4"))
    place.approve(BOB, opened(place, batch, "prod-3"))
    place.message("Cleanup done: everything on prod-3")
    ended = place.message("1 waits for a decision*, *1 rejected*, *1 done")
    assert ended.ts == batch.ts
    assert "done" in lines(ended)["prod-3"]
    assert "its message>" in lines(ended)["prod-3"]
    assert list(opening(ended)) == ["prod-5"]
    assert place.plan(plans["prod-5"]).status is Status.PROPOSED
    assert place.store.chain.verify().broken is None
    assert place.told_privately() == set()


def test_pressed_by_two_at_once_a_plan_is_posted_once_and_the_second_is_told_where(
    fleet: Start, due: Due
) -> None:
    place = fleet(OPEN_TO_ALL + OF_ALL)
    due(place)
    batch = place.message(TITLE)
    press = f"{OPEN_PLAN}:{opening(batch)['prod-5']}"
    clicks = at_once([partial(place.workspace.click, user, batch.ts, press) for user in (ANN, BOB)])
    assert all(isinstance(click, Outcome) and click.ok for click in clicks)
    eventually(lambda: len(place.told_privately()) == 1)
    (second,) = place.told_privately()
    assert "Somebody has opened this plan already." in place.told(second)
    eventually(lambda: list(opening(place.message(TITLE))) == ["prod-3", "prod-4"])
    assert len(place.workspace.messages()) == 2


def test_who_may_not_look_at_a_host_opens_none_of_its_plans(fleet: Start, due: Due) -> None:
    place = fleet('[policies.default]\nlook = ["U0ANN"]\nrequest = ["U0ANN"]\napprove = ["U0ANN"]\n' + OF_ALL)
    due(place)
    batch = place.message(TITLE)
    assert place.workspace.click(BOB, batch.ts, f"{OPEN_PLAN}:{opening(batch)['prod-3']}").ok
    assert "prod-3" in place.told(BOB)
    assert len(place.workspace.messages()) == 1


def test_a_plan_that_is_alone_is_posted_as_any_other(fleet: Start, due: Due) -> None:
    rules = OPEN_TO_ALL + OF_ALL + '[hosts.gone]\ndocker = "unix:///nowhere/docker.sock"\n'
    place = fleet(rules.replace('"prod-4", "prod-5"', '"gone"'))
    due(place)
    place.approve(BOB, place.message("Cleanup plan: everything on prod-3"))
    place.message("Cleanup done")
    assert not [each for each in place.workspace.messages() if "planned cleanups on" in each.text]


def test_what_the_policy_approves_runs_and_the_lines_tell_how_it_ended(fleet: Start, due: Due) -> None:
    place = fleet(OPEN_TO_ALL + 'audit = ["*"]\nauto_approve = ["everything"]\n' + OF_ALL)
    due(place)
    batch = place.message("*3 done*")
    assert all("1GB freed" in line for line in lines(batch).values())
    assert place.workspace.click(ANN, batch.ts, batch.blocks[2]["accessory"]["action_id"]).ok
    place.workspace.wait_for(lambda: len(place.workspace.thread(batch.ts)) > 1)
    assert "Approved by" in shown(place.workspace.thread(batch.ts)[1])
    assert [each.ts for each in place.workspace.messages()] == [batch.ts]
    eventually(lambda: not place.store.batches.behind())
    assert place.store.messages.unshown() == ()


def test_the_newer_plans_of_the_next_time_take_the_place_of_the_older_ones_in_both_messages(
    fleet: Start, due: Due
) -> None:
    place = fleet(OPEN_TO_ALL + OF_ALL)
    due(place)
    first = place.message(TITLE)
    due(place)
    replaced = place.message("*3 replaced*")
    assert (replaced.ts, opening(replaced)) == (first.ts, {})
    second = place.message("*3 wait for a decision*")
    assert second.ts != first.ts
    assert set(opening(second).values()).isdisjoint(opening(first).values())


def test_those_who_may_decide_are_called_once_for_all_of_them(fleet: Start, due: Due) -> None:
    place = fleet(DECIDED + '[slack]\ncall_approvers = "channel"\n' + OF_ALL)
    due(place)
    batch = place.message(TITLE)
    opened(place, batch, "prod-3")
    eventually(lambda: not place.store.messages.unshown())
    called = {user: len(place.workspace.notifications(user)) for user in (ANN, BOB, CYD)}
    assert called == {ANN: 1, BOB: 1, CYD: 1}


def test_or_written_to_once_for_all_of_them(fleet: Start, due: Due) -> None:
    place = fleet(DECIDED + '[slack]\ncall_approvers = "direct"\n' + OF_ALL)
    due(place)
    opened(place, place.message(TITLE), "prod-3")
    eventually(lambda: all(map(place.workspace.direct_messages, (ANN, BOB, CYD))))
    eventually(lambda: not place.store.notices.open())
    told = {user: [each.text for each in place.workspace.direct_messages(user)] for user in (ANN, BOB, CYD)}
    assert {user: len(found) for user, found in told.items()} == {ANN: 1, BOB: 1, CYD: 1}
    assert "What schedule “nightly” proposed, *everything* on *prod-" in shown(
        place.workspace.direct_messages(CYD)[0]
    )


def test_they_are_reminded_once_for_all_that_nobody_has_opened(fleet: Start, due: Due) -> None:
    place = fleet(DECIDED + 'expires = "15s"\n[slack]\nremind_after = 0.1\n' + OF_ALL)
    due(place)
    batch = place.message(TITLE)
    eventually(lambda: "*3 expired*" in shown(place.workspace.messages()[0]))
    _, reminder = place.workspace.thread(batch.ts)
    assert "still waits for a decision" in reminder.text
    assert all(len(place.events(plan, Tag.PLAN_REMINDED)) == 1 for plan in opening(batch).values())
    assert place.store.chain.verify().broken is None


def test_a_deleted_message_is_posted_again_with_every_line(fleet: Start, due: Due) -> None:
    place = fleet(OPEN_TO_ALL + OF_ALL)
    due(place)
    batch = place.message(TITLE)
    place.workspace.delete(batch.ts)
    plan = opening(batch)["prod-3"]
    assert place.store.batches.open_plan(plan)
    again = place.message(TITLE)
    assert again.ts != batch.ts
    assert list(lines(again)) == ["prod-3", "prod-4", "prod-5"]


def test_a_channel_without_the_bot_cancels_each_plan_as_it_does_any_other(fleet: Start, due: Due) -> None:
    place = fleet(OPEN_TO_ALL + OF_ALL.replace("C0OPS", "C0OPEN"))
    due(place)
    eventually(lambda: len(place.store.plans.ended("schedule:nightly", 5)) == 3)
    for plan in place.store.plans.ended("schedule:nightly", 5):
        assert place.plan(plan).status is Status.CANCELLED
        assert "could not be posted" in place.plan(plan).reason
