"""A policy that wants reasons has one with each vote: asked for, kept, shown, and never left out."""

import json
from collections.abc import Callable

from bot.core.audit.events import Tag
from bot.slack.action_ids import APPROVE
from tests.slack.home.at_home import home, opened, press
from tests.slack.place import ANN, BOB, CYD, OPEN_TO_ALL, Place, buttons, eventually, shown

Start = Callable[[str], Place]
WANTED = OPEN_TO_ALL + 'reasons = true\nquorum = 2\naudit = ["*"]\n'


def say_why(place: Place, user: str, why: str) -> None:
    form = place.asked_once_more(user)
    assert "Why may it go?" in json.dumps(form)
    assert place.workspace.submit_view(user, {"reason": why}).ok


def test_an_approval_says_why_in_its_form_and_message_thread_report_and_audit_show_it(start: Start) -> None:
    place = start(WANTED)
    plan = place.propose(ANN)
    plan_id = buttons(plan)[APPROVE]
    place.approve(BOB, plan)
    place.asked_once_more(BOB)
    assert place.plan(plan_id).approvers == (), "a plain button approves nothing here"
    assert place.workspace.submit_view(BOB, {"reason": "  "}).errors == {
        "reason": "Write a few words: the policy wants to know why."
    }
    say_why(place, BOB, "the disk is\nfull & <all> of it is old")
    waiting = place.message("“the disk is full &amp; &lt;all&gt; of it is old”")
    assert "1 of 2: <@U0BOB>" in shown(waiting)
    place.approve(CYD, plan)
    say_why(place, CYD, "looked at web-1")
    done = place.message("Cleanup done")
    assert "“the disk is full &amp; &lt;all&gt; of it is old”" in shown(done)
    assert "“looked at web-1”" in shown(done)
    voted = place.events(plan_id, Tag.PLAN_VOTED)
    assert [event.facts["reason"] for event in voted] == [
        "the disk is full & <all> of it is old",
        "looked at web-1",
    ]
    eventually(lambda: not place.store.messages.unshown())
    thread = "".join(map(shown, place.workspace.thread(plan.ts)))
    assert "approved by bob: the disk is full" in thread


def test_at_home_a_vote_says_why_too(start: Start) -> None:
    place = start(WANTED.replace("quorum = 2", "quorum = 1"))
    plan = place.propose(ANN)
    plan_id = buttons(plan)[APPROVE]
    opened(place, BOB, "*everything* on *prod-3*")
    press(place, BOB, f"{APPROVE}:{plan_id}")
    say_why(place, BOB, "it is full")
    place.message("Cleanup done")
    home(place, BOB, "No plan waits for you.")
