"""Nobody is notified who need not act: people are named without a mention, and called where they are to decide."""

from collections.abc import Callable

import pytest

from bot.core.audit.events import Tag
from bot.trial.workspace import Message
from tests.slack.place import (
    ANN,
    BOB,
    CYD,
    Place,
    buttons,
    eventually,
    shown,
)

Start = Callable[[str], Place]
OF_THE_GROUP = """
[policies.default]
look = ["*"]
request = ["*"]
audit = ["*"]
approve = ["S0OPS", "U0CYD"]
expires = "{expires}"
[slack]
call_approvers = "{call}"
remind_after = {after}
"""


def rules(call: str = "never", after: float = 1, expires: str = "30m") -> str:
    return OF_THE_GROUP.format(call=call, after=after, expires=expires)


def notified(place: Place) -> dict[str, list[Message]]:
    """Who was notified, beside what they were told in person."""
    people = {user: place.workspace.notifications(user) for user in (ANN, BOB, CYD)}
    return {
        user: found
        for user, all_of in people.items()
        if (found := [each for each in all_of if not each.channel.startswith("D")])
    }


def test_a_whole_cleanup_and_its_audit_notify_nobody_and_name_everybody(start: Start) -> None:
    place = start(rules())
    plan = place.propose(ANN)
    assert "ops-team, cyd" in shown(plan)
    place.approve(BOB, plan)
    done = place.message("Cleanup done")
    eventually(lambda: not place.store.messages.unshown())
    place.workspace.command(CYD, "/docker-audit")
    page = place.message("The latest cleanup")
    assert place.workspace.click(CYD, page.ts, f"audit_details:{buttons(plan)['approve']}").ok
    place.workspace.wait_for(lambda: len(place.workspace.thread(page.ts)) > 1)
    assert "approved by bob" in "".join(map(shown, place.workspace.thread(done.ts)))
    assert "Approved by*\nbob" in shown(place.workspace.thread(page.ts)[1]).replace("\\n", "\n")
    assert notified(place) == {}


def test_who_may_decide_is_mentioned_where_that_is_wanted_and_once(start: Start) -> None:
    place = start(rules("channel"))
    plan = place.propose(ANN)
    assert all(call in shown(plan) for call in ("<!subteam^S0OPS>", "<@U0CYD>"))
    place.approve(BOB, plan)
    place.message("Cleanup done")
    eventually(lambda: not place.store.messages.unshown())
    assert {user: len(found) for user, found in notified(place).items()} == {ANN: 1, BOB: 1, CYD: 1}


def test_who_may_decide_is_written_to_where_that_is_wanted_and_the_requester_is_not(start: Start) -> None:
    place = start(rules("direct"))
    plan = place.propose(ANN)
    eventually(lambda: not place.store.messages.unshown())
    assert notified(place) == {}
    place.workspace.wait_for(lambda: all(place.workspace.direct_messages(user) for user in (BOB, CYD)))
    assert len(place.events(buttons(plan)["approve"], Tag.PLAN_CALLED)) == 1
    told = {user: [shown(each) for each in place.workspace.direct_messages(user)] for user in (ANN, BOB, CYD)}
    assert {user: len(found) for user, found in told.items()} == {ANN: 0, BOB: 1, CYD: 1}
    assert "waits for a decision. It frees 1GB in 2 objects." in told[BOB][0]


@pytest.mark.parametrize("call", ["never", "direct"])
def test_who_may_decide_is_reminded_once_before_a_plan_expires(
    start: Start, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    monkeypatch.setattr("bot.slack.showing.TELLING_SECONDS", 0.1)
    place = start(rules(call, 0.01, "1m"))
    plan = place.propose(ANN)

    def reminders(user: str) -> list[Message]:
        found = place.workspace.notifications(user)
        return [each for each in found if "still waits for a decision" in shown(each)]

    place.workspace.wait_for(lambda: reminders(CYD) and reminders(BOB))
    assert len(place.events(buttons(plan)["approve"], Tag.PLAN_REMINDED)) == 1
    (reminder,) = reminders(CYD)
    assert (reminder.thread_ts == plan.ts) == (call == "never")
