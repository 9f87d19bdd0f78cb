"""Schedules in the database: each moment is moved on once, by whichever process and thread is first."""

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from bot.core.audit.events import Event, Tag
from bot.core.errors import StoreUnavailableError
from bot.ports import Tick, Timer
from bot.store.opening import Store
from tests.store.samples import at_once

LONG_AGO = datetime(2026, 1, 1, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)
FIRED = Event(tag=Tag.SCHEDULE_FIRED, actor="schedule:nightly")


def due(store: Store, name: str = "nightly") -> Timer:
    store.timers.begin(name, "0 3 * * * UTC", lambda _now: LONG_AGO)
    return next(timer for timer in store.timers.standing() if timer.name == name)


def move_on(store: Store, timer: Timer) -> bool:
    return store.timers.tick(timer, lambda now: Tick(next_at=now + HOUR, event=FIRED))


def fired(store: Store) -> int:
    return len([link for link in store.audit.events("") if link.event.tag is Tag.SCHEDULE_FIRED])


def test_a_schedule_begins_once_and_anew_only_under_another_definition(store: Store) -> None:
    moments = iter([LONG_AGO, LONG_AGO + HOUR, LONG_AGO + 2 * HOUR])
    for definition in ("a", "a", "b", "b"):
        store.timers.begin("nightly", definition, lambda _now: next(moments))
    assert store.timers.standing() == (Timer(name="nightly", definition="b", next_at=LONG_AGO + HOUR),)


def test_the_moment_is_asked_for_by_the_databases_clock(store: Store) -> None:
    asked: list[datetime] = []

    def after(now: datetime) -> datetime:
        asked.append(now)
        return now + HOUR

    store.timers.begin("nightly", "a", after)
    assert abs(asked[0] - datetime.now(UTC)) < timedelta(seconds=30)
    (timer,) = store.timers.standing()
    assert timer.next_at == asked[0] + HOUR
    assert not move_on(store, timer), "it is not due"
    assert fired(store) == 0


def test_a_moment_is_moved_on_once_with_its_event(store: Store) -> None:
    timer = due(store)
    assert move_on(store, timer)
    assert not move_on(store, timer), "it was seen at a moment that is no longer its own"
    assert fired(store) == 1
    assert store.timers.standing()[0].next_at > datetime.now(UTC)
    assert store.chain.verify().broken is None


def test_who_has_seen_another_definition_moves_nothing(store: Store) -> None:
    timer = due(store)
    store.timers.begin("nightly", "0 4 * * * UTC", lambda _now: LONG_AGO)
    assert not move_on(store, timer)
    assert fired(store) == 0


def test_what_goes_wrong_while_deciding_moves_nothing(store: Store) -> None:
    timer = due(store)

    def fail(_now: datetime) -> Tick:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        store.timers.tick(timer, fail)
    assert store.timers.standing() == (timer,)


def test_of_many_threads_and_two_stores_one_fires_each_moment(
    store: Store, open_another: Callable[[], Store]
) -> None:
    other = open_another()
    for number in range(10):
        timer = due(store, f"s{number}")
        calls = [partial(move_on, each, timer) for each in (store, other) for _ in range(8)]
        assert at_once(list[Callable[[], bool]](calls)).count(True) == 1
    assert fired(store) == 10
    assert store.chain.verify().broken is None


def test_many_who_begin_the_same_schedule_at_once_begin_it_once(
    store: Store, open_another: Callable[[], Store]
) -> None:
    stores = (store, open_another(), open_another())

    def begin(each: Store, hours: int) -> None:
        each.timers.begin("nightly", "a", lambda _now: LONG_AGO + hours * HOUR)

    calls = [partial(begin, each, number) for number, each in enumerate(stores * 4)]
    begun = at_once(list[Callable[[], None]](calls))
    assert begun == [None] * 12
    assert len(store.timers.standing()) == 1


PROCESS = """
import sys
from datetime import timedelta
from bot.core.audit.events import Event, Tag
from bot.ports import Tick
from bot.store.opening import Store, open_store

store = open_store(sys.argv[1], migrate=False)
print("ready", flush=True)
sys.stdin.readline()
event = Event(tag=Tag.SCHEDULE_FIRED)
moved = 0
for _ in range(40):
    for timer in store.timers.standing():
        moved += store.timers.tick(timer, lambda now: Tick(next_at=now + timedelta(milliseconds=100), event=event))
print(moved, flush=True)
store.close()
"""


def test_of_several_processes_one_fires_each_moment(store: Store, url: str) -> None:
    for number in range(5):
        due(store, f"s{number}")
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    moved = [int(process.communicate("go\n", timeout=60)[0]) for process in reversed(processes)]
    assert sum(moved) == fired(store) >= 5
    assert store.chain.verify().broken is None


def test_what_is_in_the_way_is_news_once_until_it_is_another_or_over(store: Store) -> None:
    event = Event(tag=Tag.SCHEDULE_UNREACHABLE, host="a")
    told = [
        store.timers.note("nightly", "a", trouble, event if trouble else None)
        for trouble in ("", "unreachable", "unreachable", "refused", "unreachable", "", "", "unreachable")
    ]
    assert told == [False, True, False, True, True, False, False, True]
    assert store.timers.note("nightly", "b", "unreachable"), "another host's is another's"
    assert store.timers.note("weekly", "a", "unreachable"), "and so is another schedule's"
    assert len([link for link in store.audit.events("") if link.event.host == "a"]) == 5


def test_without_the_database_nothing_fires(store: Store, sql: Callable[[str], None]) -> None:
    timer = due(store)
    sql("DROP TABLE schedule")
    with pytest.raises(StoreUnavailableError):
        store.timers.standing()
    with pytest.raises(StoreUnavailableError):
        move_on(store, timer)
    assert fired(store) == 0
