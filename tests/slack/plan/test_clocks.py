"""Clocks that disagree: a plan lasts its time by the database's, and its message says whose is wrong."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.life.states import Status
from bot.trial.sample import SampleEngine
from tests.slack.place import ANN, BOB, OPEN_TO_ALL, Place, eventually, shown

Start = Callable[[str], Place]


@pytest.mark.parametrize(
    ("by", "words"),
    [
        (-timedelta(minutes=32, seconds=5), "32 minutes behind"),
        (timedelta(hours=5, seconds=5), "5 hours ahead of"),
    ],
)
def test_a_plan_of_a_replica_whose_clock_is_wrong_is_open_for_its_time_and_says_so(
    start: Start, monkeypatch: pytest.MonkeyPatch, by: timedelta, words: str
) -> None:
    monkeypatch.setattr("bot.app.process_now", lambda: datetime.now(UTC) + by)
    place = start(OPEN_TO_ALL)
    before = place.store.ledger.now()
    message = place.propose(ANN)
    assert f"The clock of the machine that Deckhand runs on is {words} the database's." in shown(message)
    (plan_id,) = place.store.plans.open_of(ANN, "prod-3")
    state = place.store.plans.get(plan_id)
    assert state is not None
    assert before <= state.plan.created_at <= place.store.ledger.now()
    assert state.plan.expires_at - state.plan.created_at == timedelta(minutes=30)
    place.approve(BOB, message)

    def ended() -> bool:
        now = place.store.plans.get(plan_id)
        return now is not None and now.status is Status.DONE

    eventually(ended)


def test_a_plan_says_that_its_engines_clock_is_wrong(start: Start, sample: SampleEngine) -> None:
    sample.universe.clock = lambda: datetime.now(UTC) - timedelta(hours=3)
    message = start(OPEN_TO_ALL).propose(ANN)
    assert "The clock of prod-3's engine is 2 hours behind" in shown(message) or "3 hours behind" in shown(
        message
    )
