"""Schedules, from the clock to the channel: a plan to approve, a run, or no word at all."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.audit.events import Event, Tag, time_text
from bot.core.life.states import Status
from bot.slack.action_ids import APPROVE
from tests.slack.place import BOB, OPEN_TO_ALL, PATIENCE, Place, buttons, deciding, eventually, shown

Start = Callable[[str], Place]
Due = Callable[[Place], None]

NAMES = ("prod-3", "schedule:nightly")
ALL_IMAGES, IN_USE = {"old:1", "older:1", "web:1"}, {"web:1"}


def nightly(more: str = "", profile: str = "everything", channel: str = "C0OPS") -> str:
    return (
        f'[schedules.nightly]\nhosts = ["prod-3"]\nprofile = "{profile}"\ncron = "0 3 1 1 *"\n'
        f'channel = "{channel}"\n{more}\n'
    )


@pytest.fixture
def due(tmp_path: Path) -> Due:
    return lambda place: make_due(place, tmp_path, timedelta(minutes=1))


def make_due(place: Place, folder: Path, ago: timedelta) -> None:
    """Put the schedule's moment into the past, and wait until somebody moved it on."""
    eventually(place.store.timers.standing)
    moment = time_text(datetime.now(UTC) - ago)
    with closing(sqlite3.connect(folder / "deckhand.db", timeout=PATIENCE)) as db, db:
        db.execute("UPDATE schedule SET next_at = ?", (moment,))
    eventually(lambda: place.store.timers.standing()[0].next_at > datetime.now(UTC))


def events(place: Place, tag: Tag) -> list[Event]:
    return [link.event for link in place.store.audit.events("") if link.event.tag is tag]


def test_a_schedule_posts_a_plan_to_approve_in_its_channel(start: Start, due: Due) -> None:
    place = start(OPEN_TO_ALL + nightly('arguments = "not=older"\nexpires = "12h"'))
    due(place)
    plan = place.message("Cleanup plan: everything on prod-3")
    assert plan.channel == "C0OPS"
    assert "Asked for by schedule “nightly”." in plan.text
    assert "Frees 700MB in 1 object." in plan.text
    state = place.plan(buttons(plan)[APPROVE])
    assert state.plan.requester.id == "schedule:nightly"
    assert state.plan.expires_at - state.plan.created_at == timedelta(hours=12)
    place.approve(BOB, plan)
    place.message("Cleanup done")
    assert place.images() == {"older:1", "web:1"}
    (fired,) = events(place, Tag.SCHEDULE_FIRED)
    assert (fired.actor, fired.facts["actor_name"]) == ("schedule:nightly", "schedule nightly")
    assert place.told_privately() == set()
    assert place.store.chain.verify().broken is None


def test_where_the_policy_approves_it_a_schedule_runs_by_itself(start: Start, due: Due) -> None:
    place = start(OPEN_TO_ALL + 'auto_approve = ["everything"]\n' + nightly())
    due(place)
    place.message("Cleanup done")
    assert place.images() == IN_USE
    (cleanup,) = place.store.audit.cleanups()
    assert (cleanup.requested_by, cleanup.approved_by) == ("schedule:nightly", ("policy:default",))


def test_nothing_to_free_is_one_quiet_event_and_no_message(start: Start, due: Due) -> None:
    place = start(OPEN_TO_ALL + nightly(profile="dangling"))
    due(place)
    (event,) = eventually(lambda: events(place, Tag.SCHEDULE_NOTHING))
    assert (event.host, event.actor, event.plan) == (*NAMES, "")
    assert str(event.facts["reason"]).startswith("prod-3: “dangling” finds nothing to remove.")
    assert place.workspace.messages() == []


def test_a_host_that_does_not_answer_is_said_once_until_it_answers_again(start: Start, due: Due) -> None:
    place = start(OPEN_TO_ALL + nightly(profile="dangling"))
    place.engine.stop()
    for count in (1, 2):
        due(place)
        eventually(lambda: len(events(place, Tag.SCHEDULE_UNREACHABLE)) >= count)  # noqa: B023 - asked at once
    said = place.message("Schedule “nightly” made no plan. prod-3: ")
    assert len(place.workspace.messages()) == 1
    assert buttons(said) == {}
    place.engine.start()
    due(place)
    eventually(lambda: events(place, Tag.SCHEDULE_NOTHING))
    place.engine.stop()
    due(place)
    eventually(lambda: len(place.workspace.messages()) == 2)


def test_a_cleanup_beyond_the_policys_limit_is_said_in_the_channel(start: Start, due: Due) -> None:
    place = start(OPEN_TO_ALL + "max_objects = 1\n" + nightly())
    due(place)
    assert "policy “default” allows no cleanup of more than 1 objects" in shown(place.message("made no plan"))
    assert len(events(place, Tag.SCHEDULE_REFUSED)) == 1


def test_a_newer_plan_takes_the_place_of_one_that_still_waits(start: Start, due: Due) -> None:
    place = start(OPEN_TO_ALL + nightly())
    due(place)
    first = place.message("Cleanup plan")
    first_id = buttons(first)[APPROVE]
    due(place)
    eventually(lambda: place.plan(first_id).status is Status.SUPERSEDED)
    replaced = place.message("Replaced plan")
    assert (replaced.ts, deciding(replaced)) == (first.ts, set())
    second = place.message("Cleanup plan")
    assert second.ts != first.ts
    (event,) = place.events(first_id, Tag.PLAN_SUPERSEDED)
    assert event.facts["by"] == buttons(second)[APPROVE]
    place.approve(BOB, second)
    place.message("Cleanup done")


def test_while_an_approved_plan_waits_no_other_is_piled_on_it(start: Start, due: Due) -> None:
    hour = datetime.now(UTC) + timedelta(hours=2)
    window = f'windows = ["{hour:%H:%M}-{hour + timedelta(hours=1):%H:%M}"]\n'
    place = start(OPEN_TO_ALL + 'auto_approve = ["everything"]\n' + window + nightly())
    due(place)
    assert "It starts <!date^" in shown(place.message("Approved cleanup"))
    due(place)
    (skipped,) = eventually(lambda: events(place, Tag.SCHEDULE_SKIPPED))
    assert skipped.facts["reason"] == "an earlier plan of it is approved and has not ended"
    assert len(place.workspace.messages()) == 1
    assert place.images() == ALL_IMAGES


@pytest.mark.parametrize(("ago", "fires"), [(timedelta(minutes=59), True), (timedelta(minutes=61), False)])
def test_what_nobody_was_there_for_is_made_up_for_within_the_grace_and_no_later(
    start: Start, tmp_path: Path, ago: timedelta, *, fires: bool
) -> None:
    place = start(OPEN_TO_ALL + nightly())
    make_due(place, tmp_path, ago)
    eventually(lambda: events(place, Tag.SCHEDULE_FIRED if fires else Tag.SCHEDULE_SKIPPED))
    if fires:
        place.message("Cleanup plan")
    assert len(events(place, Tag.SCHEDULE_FIRED)) == int(fires)
    assert len(place.workspace.messages()) == int(fires)


def test_no_person_is_the_schedule_and_self_approval_opens_nothing(start: Start, due: Due) -> None:
    place = start('[policies.default]\nlook = ["*"]\napprove = ["U0BOB"]\nself_approval = true\n' + nightly())
    due(place)
    plan = place.message("Cleanup plan")
    assert place.plan(buttons(plan)[APPROVE]).approvers == ()
    assert place.images() == ALL_IMAGES
