"""What Slack delivers twice makes one plan, whichever way it was asked for."""

from collections.abc import Callable
from threading import Event
from typing import Any

import pytest

from bot.core.life.states import PlanState
from bot.services.decide.propose import Propose
from bot.services.look.planning import Planning
from bot.slack.action_ids import APPROVE
from tests.slack.place import ANN, OPEN_TO_ALL, Place, Start, buttons, eventually

WorkedOn = Callable[[Place, int], None]


def plans(place: Place) -> list[str]:
    """The ids of all plans that are shown."""
    return [m.text for m in place.workspace.messages() if "on prod-3." in m.text]


@pytest.fixture
def worked_on(monkeypatch: pytest.MonkeyPatch) -> Callable[[Place, int], None]:
    """Waits until so many requests for a plan were worked on to their end, and all is shown."""
    ended: list[None] = []
    real = Propose.__call__

    def counted(propose: Propose, *arguments: Any) -> PlanState:
        try:
            return real(propose, *arguments)
        finally:
            ended.append(None)

    monkeypatch.setattr(Propose, "__call__", counted)

    def wait(place: Place, requests: int) -> None:
        eventually(lambda: len(ended) >= requests)
        assert eventually(lambda: not place.store.messages.unshown())
        assert len(ended) == requests

    return wait


def test_a_command_that_is_delivered_again_makes_no_second_plan(start: Start, worked_on: WorkedOn) -> None:
    place = start(OPEN_TO_ALL)
    place.propose(ANN)
    for count in (2, 3, 4):
        assert place.workspace.redeliver().ok
        worked_on(place, count)
    assert len(plans(place)) == 1
    assert place.private(ANN) == []


def test_a_command_that_is_delivered_again_before_its_plan_is_made_makes_no_second_plan(
    start: Start, worked_on: WorkedOn, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = start(OPEN_TO_ALL)
    real, came = Planning.draft, Event()

    def held(planning: Planning, *arguments: object) -> object:
        assert came.wait(20)
        return real(planning, *arguments)  # type: ignore[arg-type] # passed on as they came

    monkeypatch.setattr(Planning, "draft", held)
    assert place.workspace.command(ANN, "/docker-prune", "prod-3 everything").ok
    assert place.workspace.redeliver().ok
    place.workspace.command(ANN, "/docker-df")
    place.message("1 registered host")  # what came before it has gone its way
    came.set()
    worked_on(place, 1)
    assert len(plans(place)) == 1
    assert place.private(ANN) == []


def test_a_press_on_a_cleanup_of_a_report_makes_one_plan_too(start: Start, worked_on: WorkedOn) -> None:
    place = start(OPEN_TO_ALL)
    place.workspace.command(ANN, "/docker-df", "prod-3")
    report = place.message("can go now")
    place.press(ANN, report, "everything")
    place.message("Cleanup plan")
    assert place.workspace.redeliver().ok
    worked_on(place, 2)
    assert len(plans(place)) == 1


def test_asking_twice_for_the_same_is_no_redelivery(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    first = place.propose(ANN)
    place.workspace.command(ANN, "/docker-prune", "prod-3 everything")
    eventually(lambda: len(plans(place)) == 2)
    ids = {buttons(message)[APPROVE] for message in place.workspace.messages()}
    assert len(ids) == 2
    assert buttons(first)[APPROVE] in ids
