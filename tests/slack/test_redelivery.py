"""What Slack delivers twice makes one plan, whichever way it was asked for."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.services.planning import Planning
from bot.slack.plans import APPROVE
from tests.slack.place import ANN, BOB, OPEN_TO_ALL, Place, buttons, eventually

Start = Callable[[str], Place]


def plans(place: Place) -> list[str]:
    """The ids of all plans that are shown."""
    return [m.text for m in place.workspace.messages() if "on prod-3." in m.text]


def settled(place: Place) -> None:
    """Whatever was delivered before has been worked on: a later command is answered, and nothing is left to show."""
    count = len(place.private(BOB))
    place.workspace.command(BOB, "/docker-prune", "nowhere")
    eventually(lambda: len(place.private(BOB)) > count)
    assert eventually(lambda: not place.store.unshown())


def test_a_command_that_is_delivered_again_makes_no_second_plan(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    place.propose(ANN)
    for _ in range(3):
        assert place.workspace.redeliver().ok
    settled(place)
    assert len(plans(place)) == 1
    assert place.private(ANN) == []


def test_a_command_that_is_delivered_again_before_its_plan_is_made_makes_no_second_plan(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = start(OPEN_TO_ALL)
    real, waiting = Planning.draft, []

    def both_at_once(planning: Planning, *arguments: object) -> object:
        made = real(planning, *arguments)  # type: ignore[arg-type] # passed on as they came
        waiting.append(made)
        eventually(lambda: len(waiting) >= 2)
        return made

    monkeypatch.setattr(Planning, "draft", both_at_once)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(place.workspace.command, ANN, "/docker-prune", "prod-3 everything").result()
        assert place.workspace.redeliver().ok
    place.message("Cleanup plan")
    monkeypatch.undo()
    settled(place)
    assert len(plans(place)) == 1
    assert place.private(ANN) == []


def test_a_press_on_a_cleanup_of_a_report_makes_one_plan_too(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    place.workspace.command(ANN, "/docker-df", "prod-3")
    report = place.message("RECLAIMABLE")
    assert place.workspace.click(ANN, report.ts, "propose:everything").ok
    place.message("Cleanup plan")
    assert place.workspace.redeliver().ok
    settled(place)
    assert len(plans(place)) == 1


def test_asking_twice_for_the_same_is_no_redelivery(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    first = place.propose(ANN)
    place.workspace.command(ANN, "/docker-prune", "prod-3 everything")
    eventually(lambda: len(plans(place)) == 2)
    ids = {buttons(message)[APPROVE] for message in place.workspace.messages()}
    assert len(ids) == 2
    assert buttons(first)[APPROVE] in ids


def test_a_command_that_comes_again_after_its_plan_was_decided_changes_nothing(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    plan = place.propose(ANN)
    again = place.workspace._desk.links.redeliver
    assert again().ok
    place.approve(BOB, plan)
    place.message("Cleanup done")
    settled(place)
    assert len(plans(place)) == 1
