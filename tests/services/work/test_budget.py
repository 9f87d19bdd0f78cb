"""The budget of edits: what can wait shares fairly, and what cannot takes from all of it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.services.work.budget import Budget


@dataclass
class Clock:
    moment: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment


def taken(budget: Budget, who: str, times: int) -> int:
    return sum(budget.take(who) for _ in range(times))


def test_one_alone_has_all_of_it_and_again_after_a_minute() -> None:
    clock = Clock()
    budget = Budget(clock=clock, most=10)
    assert taken(budget, "a fleet", 20) == 10
    clock.moment += timedelta(seconds=59)
    assert taken(budget, "a fleet", 20) == 0
    clock.moment += timedelta(seconds=1)
    assert taken(budget, "a fleet", 20) == 10


def test_several_have_the_same_share() -> None:
    budget = Budget(clock=Clock(), most=12)
    for who in ("a fleet", "a cleanup", "a report"):
        budget.take(who)
    assert [1 + taken(budget, who, 20) for who in ("a fleet", "a cleanup", "a report")] == [4, 4, 4]


def test_what_does_not_wait_comes_first() -> None:
    budget = Budget(clock=Clock(), most=10)
    for _ in range(9):
        budget.spend()
    assert taken(budget, "a fleet", 20) == 1
    assert taken(budget, "a cleanup", 20) == 0
    budget.spend()


def test_more_askers_than_there_is_room_for_have_one_each_until_it_is_used_up() -> None:
    budget = Budget(clock=Clock(), most=3)
    assert [taken(budget, str(number), 2) for number in range(5)] == [2, 1, 0, 0, 0]
