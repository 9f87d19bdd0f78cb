"""Decisions and Stop while an engine gives no answer to anybody who looks: none of them waits for that."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

import pytest

from bot.core.life.states import Status
from bot.core.plan.plan import Person
from bot.services.decide.decide import Decide
from bot.services.home.gather import Pages
from bot.slack.action_ids import APPROVE, STOP, WITHDRAW
from bot.slack.door.ways import LOOKS_A_PERSON
from bot.slack.home.showing import HomeShow
from bot.slack.kit.blocks import Block
from bot.trial.sample import SampleEngine
from bot.trial.workspace import Message
from tests.slack.place import ANN, BOB, CYD, Place, Start, buttons, eventually, shown, universe
from tests.slack.plan.test_stopping import Gate

PEOPLE = (ANN, BOB, CYD)
LOOKS = 60


@pytest.fixture
def slow(closing_later: ExitStack) -> Iterator[SampleEngine]:
    """A second engine, which answers nothing until the test is over."""
    folder = Path(closing_later.enter_context(TemporaryDirectory(prefix="slow-")))
    engine = closing_later.enter_context(SampleEngine(socket_path=folder / "e.sock", universe=universe()))
    with engine.universe.lock:
        yield engine


def two_hosts(engine: SampleEngine, policies: str = "quorum = 2") -> str:
    return f"""
[hosts.slow]
docker = "{engine.url}"
[policies.default]
look = ["*"]
request = ["*"]
approve = ["*"]
stop = ["*"]
{policies}
"""


def look_a_lot(place: Place) -> None:
    """Each look another one, so that none is taken for the same."""
    for number in range(LOOKS):
        for person in PEOPLE:
            place.workspace.command(person, "/docker-prune", f"slow everything until={number + 1}h")
            place.workspace.command(person, "/docker-prune", f"slow why thing-{number}")


def test_votes_withdrawals_rejections_and_a_cleanup_go_on_while_all_looks_and_plans_are_held(
    start: Start, slow: SampleEngine
) -> None:
    place = start(two_hosts(slow))
    kept = place.propose(ANN, "everything")
    place.workspace.command(BOB, "/docker-prune", "prod-3 everything until=2h")
    rejected = eventually(lambda: [m for m in place.workspace.messages() if "Asked for by bob" in m.text])[0]
    kept_id, rejected_id = buttons(kept)[APPROVE], buttons(rejected)[APPROVE]
    look_a_lot(place)
    place.approve(BOB, kept)
    eventually(lambda: len(place.plan(kept_id).approvers) == 1)
    eventually(lambda: WITHDRAW in buttons(place.workspace.message(kept.ts)))
    assert place.workspace.click(BOB, kept.ts, WITHDRAW).ok
    eventually(lambda: not place.plan(kept_id).approvers)
    place.reject(CYD, rejected)
    eventually(lambda: place.plan(rejected_id).status is Status.REJECTED)
    for person in (BOB, CYD):
        place.approve(person, kept)
    eventually(lambda: place.plan(kept_id).status is Status.DONE, 20)
    assert not place.store.plans.open_of(ANN, "slow"), "nothing of what is held has come to an end"


def test_stop_reaches_a_cleanup_while_all_looks_are_held(
    start: Start, slow: SampleEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch, before=1)
    place = start(two_hosts(slow, ""))
    plan = place.propose(ANN)
    plan_id = buttons(plan)[APPROVE]
    place.approve(BOB, plan)
    assert gate.reached.wait(20)
    look_a_lot(place)
    assert place.workspace.click(CYD, plan.ts, STOP).ok
    eventually(lambda: place.plan(plan_id).stop)
    gate.go.set()
    eventually(lambda: place.plan(plan_id).status is Status.STOPPED, 20)


def test_another_hosts_report_does_not_wait_for_one_persons_looks(start: Start, slow: SampleEngine) -> None:
    place = start(two_hosts(slow))
    for number in range(LOOKS):
        place.workspace.command(ANN, "/docker-prune", f"slow why thing-{number}")
    place.workspace.command(BOB, "/docker-df", "prod-3")
    place.message("can go now")


def test_a_person_with_too_many_looks_is_told_so_and_nobody_else_is(start: Start, slow: SampleEngine) -> None:
    place = start(two_hosts(slow))
    for number in range(LOOKS):
        place.workspace.command(ANN, "/docker-prune", f"slow why thing-{number}")
    words = f"{LOOKS_A_PERSON} looks of yours wait already, so this one was not taken. Try again in a moment."
    eventually(lambda: words in place.private(ANN))
    assert place.told_privately() == {ANN}


def test_the_same_look_of_the_same_person_is_one_while_it_waits(start: Start, sample: SampleEngine) -> None:
    place = start('[policies.default]\nlook = ["*"]\n')
    with sample.universe.lock:
        for person in (ANN, ANN, ANN, BOB):
            place.workspace.command(person, "/docker-df", "prod-3")
        place.workspace.wait_for(lambda: len(place.workspace.messages()) == 2)
    place.workspace.wait_for(lambda: len(reports(place)) == 2)
    assert len(place.workspace.messages()) == 2


def reports(place: Place) -> list[Message]:
    return [message for message in place.workspace.messages() if "can go now" in shown(message)]


def test_the_same_request_many_times_at_one_moment_is_one_plan(start: Start, sample: SampleEngine) -> None:
    place = start(two_hosts(sample))
    with sample.universe.lock:
        for _ in range(40):
            place.workspace.command(ANN, "/docker-prune", "prod-3 everything")
        place.workspace.command(BOB, "/docker-prune", "prod-3 everything")
        eventually(lambda: len(place.workspace.ack_seconds) == 41)
    eventually(lambda: place.store.plans.open_of(BOB, "prod-3") and place.store.plans.open_of(ANN, "prod-3"))
    place.workspace.command(ANN, "/docker-prune", "prod-3 why old:1")
    place.message("old:1")
    assert len(place.store.plans.open_of(ANN, "prod-3")) == 1


def test_three_hundred_requests_by_one_person_leave_ten_plans_and_an_answer(
    start: Start, slow: SampleEngine
) -> None:
    place = start(two_hosts(slow))
    for number in range(300):
        place.workspace.command(ANN, "/docker-prune", f"prod-3 everything until={number % 48 + 1}h")
        place.workspace.command(ANN, "/docker-prune", f"prod-3 everything until={number % 48 + 1}m")
    said = "10 plans of yours wait for their decision on prod-3 already."

    def answered() -> bool:
        return any(text.startswith(said) for text in place.private(ANN))

    def many() -> bool:
        place.workspace.command(ANN, "/docker-prune", "prod-3 everything until=49h")
        return answered()

    eventually(many, 30)
    assert len(place.store.plans.open_of(ANN, "prod-3")) == 10
    place.workspace.command(BOB, "/docker-prune", "prod-3 everything")
    eventually(lambda: len(place.store.plans.open_of(BOB, "prod-3")) == 1)


def test_plans_whose_time_is_up_hold_no_cleanup(
    start: Start, slow: SampleEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = Event()
    monkeypatch.setattr(Decide, "expire_due", lambda _decide: go.wait(60))
    place = start(two_hosts(slow, ""))
    place.approve(BOB, place.propose(ANN))
    place.message("Cleanup done")
    go.set()


def test_a_home_that_takes_for_ever_holds_no_decision(
    start: Start, slow: SampleEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, view = Event(), HomeShow._view

    def held(show: HomeShow, person: Person, pages: Pages) -> Block:
        assert go.wait(60)
        return view(show, person, pages)

    monkeypatch.setattr(HomeShow, "_view", held)
    place = start(two_hosts(slow, ""))
    for person in PEOPLE:
        place.workspace.open_home(person)
    plan = place.propose(ANN)
    place.approve(BOB, plan)
    place.message("Cleanup done")
    assert not any(place.workspace.home(person) for person in PEOPLE)
    go.set()
