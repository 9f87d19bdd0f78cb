"""Lanes: whose work begins when, and what is refused; no time is measured, work is held and let go."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from threading import Event, Lock

import pytest

from bot.core.errors import BusyError, EndingError
from bot.services.lanes import Lane, Share
from tests.support.waiting import SECONDS, wait_until


class Held:
    """Work that says that it has begun, and goes on when it may."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.go = Event()
        self._lock = Lock()

    def __call__(self, name: str) -> Callable[[], str]:
        def work() -> str:
            with self._lock:
                self.begun.append(name)
            assert self.go.wait(SECONDS)
            return name

        return work


@pytest.fixture
def held() -> Iterator[Held]:
    made = Held()
    yield made
    made.go.set()


def of(person: str) -> dict[str, str]:
    return {"person": person}


SHARES = {"person": Share(at_once=2, waiting=3)}


def test_who_comes_later_goes_past_those_whose_share_is_used_up(held: Held) -> None:
    lane = Lane("test", 4, SHARES)
    for number in range(5):
        lane.submit(held(f"ann-{number}"), of("ann"))
    lane.submit(held("bob-0"), of("bob"))
    wait_until(lambda: sorted(held.begun) == ["ann-0", "ann-1", "bob-0"])
    held.go.set()
    assert lane.join(SECONDS)
    assert sorted(held.begun) == ["ann-0", "ann-1", "ann-2", "ann-3", "ann-4", "bob-0"]


def test_what_is_beyond_a_share_is_refused_with_the_key_and_the_number(held: Held) -> None:
    lane = Lane("test", 4, SHARES)
    for number in range(5):
        lane.submit(held(f"{number}"), of("ann"))
    with pytest.raises(BusyError) as refused:
        lane.submit(held("one more"), of("ann"))
    assert (refused.value.kind, refused.value.key, refused.value.waiting) == ("person", "ann", 3)
    lane.submit(held("of another"), of("bob"))


def test_no_more_than_its_threads_work_at_once(held: Held) -> None:
    lane = Lane("test", 3)
    for number in range(9):
        lane.submit(held(str(number)))
    wait_until(lambda: len(held.begun) == 3)
    held.go.set()
    assert lane.join(SECONDS)
    assert len(held.begun) == 9


@pytest.mark.parametrize("busy", [0, 1], ids=["while it runs", "while it waits"])
def test_the_same_work_is_done_once_and_both_have_its_answer(held: Held, busy: int) -> None:
    lane = Lane("test", 1)
    for _ in range(busy):
        lane.submit(held("before"))
    answers: list[Future[str]] = [lane.submit(held("it"), same="this") for _ in range(3)]
    lane.submit(held("else"), same="that")
    held.go.set()
    assert {answer.result(SECONDS) for answer in answers} == {"it"}
    assert lane.join(SECONDS)
    assert held.begun.count("it") == 1
    again = lane.submit(held("it"), same="this")
    assert again is not answers[0], "what has come to its end is not the same any more"


def test_work_that_fails_says_so_to_who_waits_for_it_and_the_next_begins(held: Held) -> None:
    lane = Lane("test", 1)

    def wrong() -> None:
        raise ValueError("wrong")

    failed, good = lane.submit(wrong), lane.submit(held("good"))
    held.go.set()
    with pytest.raises(ValueError, match="wrong"):
        failed.result(SECONDS)
    assert good.result(SECONDS) == "good"


def test_a_closed_lane_takes_nothing_drops_what_waits_and_is_waited_for_no_longer_than_wanted(
    held: Held,
) -> None:
    lane = Lane("test", 1)
    running, waiting = lane.submit(held("running")), lane.submit(held("waiting"))
    lane.close(drop=True)
    with pytest.raises(EndingError):
        lane.submit(held("late"))
    assert waiting.cancelled()
    assert not lane.join(0.01)
    held.go.set()
    assert running.result(SECONDS) == "running"
    assert lane.join(SECONDS)
    assert held.begun == ["running"]


def test_a_closed_lane_that_drops_nothing_does_what_waits(held: Held) -> None:
    lane = Lane("test", 1)
    first, second = lane.submit(held("first")), lane.submit(held("second"))
    lane.close(drop=False)
    held.go.set()
    assert (first.result(SECONDS), second.result(SECONDS)) == ("first", "second")
