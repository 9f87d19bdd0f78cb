"""When a host's turn is, and which old samples stay."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from bot.core.watch.pace import Pace, slot_of, volumes_due
from bot.core.watch.thinning import Kept, steps, superfluous

NOW = datetime(2026, 11, 26, 10, 7, 13, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


def test_the_turns_of_many_hosts_are_spread_over_the_interval() -> None:
    hosts = [f"host-{number}" for number in range(600)]
    begun = [NOW - slot_of(host, QUARTER, NOW) for host in hosts]
    assert all(timedelta() <= age < QUARTER for age in begun)
    by_minute = [sum(int(age.total_seconds() // 60) == minute for age in begun) for minute in range(15)]
    assert min(by_minute) > 15
    assert max(by_minute) < 80


@pytest.mark.parametrize("every", [timedelta(minutes=1), QUARTER, timedelta(hours=6), timedelta(days=1)])
def test_a_host_has_one_turn_in_each_interval_at_the_same_moment_of_it(every: timedelta) -> None:
    moments = [NOW + every * step / 7 for step in range(70)]
    slots = sorted({slot_of("prod-3", every, moment) for moment in moments})
    assert {after - before for before, after in pairwise(slots)} == {every}
    assert all(moment - slot_of("prod-3", every, moment) < every for moment in moments)


def test_volumes_are_counted_at_their_own_pace() -> None:
    pace = Pace(every=QUARTER, volumes_every=timedelta(hours=6))
    assert volumes_due(pace, NOW, None)
    assert not volumes_due(pace, NOW, NOW - timedelta(hours=5))
    assert volumes_due(pace, NOW, NOW - timedelta(hours=6) + timedelta(minutes=2))
    assert volumes_due(pace, NOW, NOW + timedelta(days=2)), "the clock went back"


def test_of_each_hour_the_fullest_sample_stays() -> None:
    samples = [
        Kept(0, 50, 9),
        Kept(15, 20, 9),
        Kept(30, 20, 9),
        Kept(45, 70, 9),
        Kept(60, 70, 9),
        Kept(75, None, 1),
    ]
    assert sorted(superfluous(samples, 60)) == [0, 30, 45, 75]


def test_where_the_disk_is_unknown_the_most_that_docker_had_stays() -> None:
    samples = [Kept(0, None, 9), Kept(15, None, 12), Kept(30, None, 3)]
    assert sorted(superfluous(samples, 60)) == [0, 30]


def test_what_is_old_is_thinned_in_whole_hours_then_in_whole_days() -> None:
    day, now = 24 * 60, 20_000_000
    hourly, daily = steps(now)
    assert (hourly.of, hourly.into, daily.of, daily.into) == (0, 60, 60, day)
    assert now - 7 * day - 60 < hourly.before <= now - 7 * day
    assert hourly.before % 60 == 0
    assert now - 61 * day < daily.before <= now - 60 * day
    assert daily.before % day == 0
