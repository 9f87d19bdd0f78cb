"""Restore in Slack: said before approval, asked for with a button under the report, and shown how it went."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.core.audit.events import Tag
from bot.trial.sample import Builder, SampleEngine, Step, Universe
from bot.trial.workspace import Message, Refused
from tests.slack.place import ANN, BOB, CYD, OPEN_TO_ALL, Place, eventually, shown

Start = Callable[[str], Place]
RESTORERS = f'{OPEN_TO_ALL}restore = ["U0ANN", "S0OPS"]\n'
SHOWN = 12.0
"""Seconds: a message is brought up to date at most every few."""


@pytest.fixture
def engine(sample: SampleEngine) -> SampleEngine:
    """An engine that pulled one image, and built another."""
    made: Universe = sample.universe
    build = Builder(made)
    build.image(
        "pulled:1",
        "pulled:stable",
        steps=(Step(command="ADD /", size=10**6),),
        pulled=True,
        age=timedelta(30),
    )
    return sample


def cleaned(place: Place) -> Message:
    plan = place.propose(ANN)
    place.approve(BOB, plan)
    return place.message("Cleanup done")


def becomes(place: Place, message: Message, text: str) -> Message:
    place.workspace.wait_for(lambda: text in shown(place.workspace.message(message.ts)), SHOWN)
    return place.workspace.message(message.ts)


def test_what_cannot_be_undone_is_said_before_the_approval(start: Start, engine: SampleEngine) -> None:
    plan = start(OPEN_TO_ALL).propose(ANN)
    assert "*2 of 3 cannot be undone*: 2 images that no registry has." in shown(plan)
    assert "1 image" in shown(plan)


def test_an_image_comes_back_with_its_names_and_the_report_and_the_audit_say_so(
    start: Start, engine: SampleEngine
) -> None:
    place = start(RESTORERS)
    report = cleaned(place)
    assert "pulled:1" not in place.images()
    assert place.workspace.click(ANN, report.ts, "restore").ok
    told = place.told(ANN)
    assert told.startswith("Deckhand pulls 1 image on prod-3")
    now = becomes(place, report, "*Restore*: 1 restored, asked for by <@U0ANN>")
    assert "Restore 1 image again" in shown(now)
    assert {"pulled:1", "pulled:stable"} <= place.images()
    plan_id = next(e["value"] for b in now.blocks if b["type"] == "actions" for e in b["elements"])
    assert [event.actor for event in place.events(plan_id, Tag.RESTORE_ASKED)] == [ANN]
    assert [event.facts["outcome"] for event in place.events(plan_id, Tag.RESTORE_IMAGE)] == ["restored"]

    assert place.workspace.click(BOB, report.ts, "restore").ok  # in the group
    becomes(place, report, "*Restore*: 1 there already, asked for by <@U0BOB>")


def test_who_may_not_restore_is_told_who_may(start: Start, engine: SampleEngine) -> None:
    place = start(RESTORERS)
    report = cleaned(place)
    assert place.workspace.click(CYD, report.ts, "restore").ok
    assert place.told(CYD) == (
        "You may not restore images on prod-3: its policy “default” gives “restore” to <@U0ANN>, <!subteam^S0OPS>."
    )
    assert "pulled:1" not in place.images()


def test_where_no_policy_says_who_may_restore_nobody_may(start: Start, engine: SampleEngine) -> None:
    place = start(OPEN_TO_ALL)
    report = cleaned(place)
    assert place.workspace.click(ANN, report.ts, "restore").ok
    assert "names nobody for “restore”" in place.told(ANN)


def test_clicks_that_come_again_restore_once_and_each_is_answered(start: Start, engine: SampleEngine) -> None:
    place = start(RESTORERS)
    report = cleaned(place)
    with engine.universe.lock:  # the pull waits
        assert place.workspace.click(ANN, report.ts, "restore").ok
        place.workspace.redeliver()
        place.workspace.redeliver()
        eventually(lambda: len(place.private(ANN)) == 3)
    said = sorted(sentence.partition(" ")[0] for sentence in place.private(ANN))
    assert said == ["Deckhand", "These", "These"]
    becomes(place, report, "*Restore*: 1 restored")


def test_a_registry_that_no_longer_has_it_is_said_in_the_report(start: Start, engine: SampleEngine) -> None:
    place = start(RESTORERS)
    report = cleaned(place)
    with engine.universe.lock:
        engine.universe.registry.clear()
    place.workspace.click(ANN, report.ts, "restore")
    now = shown(becomes(place, report, "*Restore*: 1 not restored"))
    assert "could not be pulled: manifest for pulled@sha256:" in now


def test_what_no_registry_has_gets_no_button(start: Start) -> None:
    place = start(RESTORERS)
    report = cleaned(place)
    with pytest.raises(Refused):
        place.workspace.click(ANN, report.ts, "restore")


def test_the_record_in_the_audit_has_the_button_too(start: Start, engine: SampleEngine) -> None:
    place = start(RESTORERS)
    cleaned(place)
    place.workspace.command(ANN, "/docker-audit", "pulled:1")
    listed = place.message("The latest cleanup")
    [plan_id] = [block["accessory"]["value"] for block in listed.blocks if "accessory" in block]
    place.workspace.click(ANN, listed.ts, f"audit_details:{plan_id}")
    place.workspace.wait_for(lambda: len(place.workspace.thread(listed.ts)) == 2)
    record = place.workspace.thread(listed.ts)[1]
    assert place.workspace.click(BOB, record.ts, "restore").ok
    eventually(lambda: "pulled:1" in place.images())
