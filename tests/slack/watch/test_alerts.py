"""Alerts in Slack: one message with its buttons, from the first word to the last, through the unchanged bot."""

from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.audit.events import Event, Tag
from bot.core.watch.pressure.alert import Kind, Measured
from bot.core.watch.pressure.lines import Bounds, Line, Lines
from bot.core.watch.pressure.machine import looked
from bot.slack.action_ids import ALERT_LOOK, ALERT_PLAN, ALERT_SNOOZE
from bot.slack.alerts.message import SHOWN
from bot.trial.disk import PretendedDisk
from bot.trial.sample import SampleEngine
from bot.trial.workspace import Message, Workspace
from tests.slack.alerted import WARNED, message
from tests.slack.kit.test_extremes import assert_harmless, assert_slack_takes
from tests.slack.place import (
    ANN,
    BOB,
    CYD,
    OPEN_TO_ALL,
    PATIENCE,
    Place,
    Start,
    buttons,
    deckhand_at,
    eventually,
    shown,
    write_configuration,
)
from tests.slack.states import ENGINE

GB = 10**9
TABLE = '[watch.pressure]\nchannel = "C0OPS"\nescalate_after = "1h"\nescalate_to = ["S0OPS"]\n'
LINES = Lines(
    warn=Bounds(at=Line(share=0.9), clears=Line(share=0.8)), holds=timedelta(), clears=timedelta(),
    unreachable=timedelta(),
)  # fmt: skip


@pytest.fixture
def start(workspace: Workspace, sample: SampleEngine, tmp_path: Path, closing_later: ExitStack) -> Start:
    """As everywhere, with a disk behind the engine that is 93% full."""
    disk = PretendedDisk.behind(sample.universe.taken, 0.93)

    def started(more: str) -> Place:
        file = write_configuration(tmp_path, sample, more)
        return deckhand_at(workspace, sample, file, closing_later, lambda _engine: disk.space())

    return started


def see(place: Place, used: int, kind: Kind = Kind.PRESSURE, trouble: str = "") -> None:
    """A look at the host some time ago."""
    at = place.store.ledger.now() - timedelta(minutes=2)
    universe = place.engine.universe
    engine = replace(ENGINE, id=universe.engine_id, name=universe.name).identity.key
    seen = Measured(at=at, engine=engine, size=100 * GB, free=(100 - used) * GB)
    seen = Measured(at=at, engine="", trouble=trouble) if trouble else seen
    place.store.alerts.look("prod-3", kind, lambda before: looked("prod-3", kind, before, seen, LINES))


def alerted(place: Place, used: int = 93) -> Message:
    see(place, used)
    return place.message(f"prod-3: the disk is {used}% full", "C0OPS")


def now(place: Place, alert: Message) -> Message:
    return next(each for each in place.workspace.messages("C0OPS") if each.ts == alert.ts)


def events(place: Place, tag: Tag) -> list[Event]:
    return [link.event for link in place.store.audit.events("") if link.event.tag is tag]


def test_from_the_alert_to_its_plan_to_the_end(start: Start) -> None:
    place = start(OPEN_TO_ALL + TABLE)
    alert = alerted(place)
    assert buttons(alert) == {
        ALERT_PLAN: "prod-3", ALERT_LOOK: "prod-3", ALERT_SNOOZE: buttons(alert)[ALERT_SNOOZE],
    }  # fmt: skip
    assert place.workspace.click(ANN, alert.ts, ALERT_PLAN).ok
    plan = place.message("Cleanup plan: routine on prod-3")
    assert "below=80%" in shown(plan)
    place.workspace.wait_for(lambda: "asked for its plan" in shown(now(place, alert)), PATIENCE)
    place.approve(BOB, plan)
    place.message("Cleanup done")
    see(place, 50)
    place.message("over, the disk is 50% full (it is below the line again)", "C0OPS")
    ended = now(place, alert)
    assert "prod-3: over, the disk is 50% full" in shown(ended)
    assert buttons(ended) == {}
    assert [event.actor for event in events(place, Tag.ALERT_ANSWERED)] == [ANN]
    eventually(lambda: [event.facts["how"] for event in events(place, Tag.ALERT_TOLD)] == ["posted", "over"])
    assert place.store.chain.verify().broken is None


def test_a_look_from_an_alert_leaves_the_alert_where_it_is(start: Start) -> None:
    place = start(OPEN_TO_ALL + TABLE)
    alert = alerted(place)
    assert place.workspace.click(ANN, alert.ts, ALERT_LOOK).ok
    place.message("can go now")
    assert buttons(now(place, alert)) == buttons(alert)


def test_a_snooze_asks_how_long_and_why_and_says_so_in_the_message(start: Start) -> None:
    place = start(OPEN_TO_ALL + TABLE)
    alert = alerted(place)
    assert place.workspace.click(ANN, alert.ts, ALERT_SNOOZE).ok
    form = place.workspace.wait_for(lambda: place.workspace.view(ANN), PATIENCE)
    assert form is not None
    assert place.workspace.submit_view(ANN, {"how_long": "tomorrow", "why": "a *release* goes on"}).ok
    place.workspace.wait_for(lambda: "Snoozed until" in shown(now(place, alert)), PATIENCE)
    assert f"by <@{ANN}>: a \u2217release\u2217 goes on" in shown(now(place, alert))
    (snoozed,) = events(place, Tag.ALERT_SNOOZED)
    assert (snoozed.actor, snoozed.host, snoozed.facts["reason"]) == (ANN, "prod-3", "a *release* goes on")
    assert place.workspace.click(BOB, alert.ts, ALERT_SNOOZE).ok
    eventually(lambda: place.workspace.view(BOB))
    assert place.workspace.submit_view(BOB, {"how_long": "wake"}).ok
    place.workspace.wait_for(lambda: "Snoozed" not in shown(now(place, alert)), PATIENCE)
    assert [event.actor for event in events(place, Tag.ALERT_WOKEN)] == [BOB]


def test_who_may_not_ask_for_cleanups_is_told_so_and_nothing_sleeps(start: Start) -> None:
    place = start('[policies.default]\nlook = ["*"]\nrequest = ["U0ANN"]\napprove = ["*"]\n' + TABLE)
    alert = alerted(place)
    assert place.workspace.click(CYD, alert.ts, ALERT_SNOOZE).ok
    assert "may not ask for cleanups on prod-3" in place.told(CYD)
    assert place.workspace.click(CYD, alert.ts, ALERT_PLAN).ok
    place.told(CYD, 2)
    assert events(place, Tag.ALERT_SNOOZED) == events(place, Tag.ALERT_ANSWERED) == []
    assert {event.actor for event in events(place, Tag.REQUEST_REFUSED)} == {CYD}


def test_an_alert_that_is_over_lets_nobody_snooze_it_any_more(start: Start) -> None:
    place = start(OPEN_TO_ALL + TABLE)
    alert = alerted(place)
    assert place.workspace.click(ANN, alert.ts, ALERT_SNOOZE).ok
    eventually(lambda: place.workspace.view(ANN))
    see(place, 40)
    place.message("over, the disk is 40% full", "C0OPS")
    assert place.workspace.submit_view(ANN, {"how_long": "8"}).ok
    assert "it is over. Nothing was changed" in place.told(ANN)


def test_a_host_that_does_not_answer_is_told_with_its_reason_and_nothing_in_it_links_or_mentions(
    start: Start,
) -> None:
    place = start(OPEN_TO_ALL + TABLE)
    see(place, 0, Kind.UNREACHABLE, "prod-3: <!channel> *no* route to host.")
    alert = place.message("prod-3 does not answer", "C0OPS")
    assert "&lt;!channel&gt;" in shown(alert)
    assert set(buttons(alert)) == {ALERT_LOOK, ALERT_SNOOZE}


@pytest.mark.parametrize("count", [1, 2, SHOWN, 500])
def test_slack_takes_however_many_hosts_and_whatever_they_are_called(count: int) -> None:
    trouble = "<!channel> `x` *y* " * 100
    alerts = [
        replace(
            WARNED,
            id=f"{number}",
            host=f"h{number}{'x' * 58}",
            shows=replace(WARNED.shows, grows=trouble, lasts=trouble),
        )
        for number in range(count)
    ]
    for kind in Kind:
        made = message(
            *(replace(each, kind=kind, shows=replace(each.shows, trouble=trouble)) for each in alerts)
        )
        assert_slack_takes(made)
        assert_harmless(made)
