"""What hosts showed over time: each history apart, each host sampled by one process at a time, thinned as it ages."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.docker.usage import BUILD_CACHE, CONTAINERS, IMAGES, VOLUMES
from bot.core.watch.forecast import forecast
from bot.core.watch.samples import KINDS, Figures, Sample
from bot.ports import Taken
from bot.store.opening import Store
from tests.core.watch.histories import made
from tests.store.samples import at_once

GIB = 1 << 30
ENGINE, OTHER = "7TDM:AAAA prod-3 /var/lib/docker", "7TDM:BBBB prod-3 /var/lib/docker"
AT = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
LEASE = timedelta(minutes=2)


def sample(at: datetime = AT, used: int = 40, **changes: object) -> Sample:
    kinds = {
        IMAGES: Figures(count=12, size=20 * GIB, reclaimable=5 * GIB),
        CONTAINERS: Figures(count=3, size=GIB, reclaimable=0),
        VOLUMES: Figures(count=4, size=9 * GIB, reclaimable=2 * GIB),
        BUILD_CACHE: Figures(count=80, size=7 * GIB, reclaimable=7 * GIB),
    }
    plain = Sample(
        at=at, kinds=kinds, size=100 * GIB, free=(100 - used) * GIB, inodes=6_553_600, free_inodes=6_000_000,
        took=0.25,
    )  # fmt: skip
    return replace(plain, **changes)  # type: ignore[arg-type] # fields by their names


def keep(store: Store, *samples: Sample, host: str = "prod-3", engine: str = ENGINE) -> None:
    for each in samples:
        store.samples.keep(host, "a", engine, each)


def moments(store: Store, host: str = "prod-3") -> Sequence[datetime]:
    return [each.at for each in store.samples.history(host)]


def test_a_sample_comes_back_as_it_was_kept(store: Store, open_another: Callable[[], Store]) -> None:
    first = sample()
    keep(store, first)
    assert open_another().samples.history("prod-3") == (first,)
    assert store.samples.history("prod-1") == ()


def test_what_was_not_counted_or_not_told_stays_unknown(store: Store) -> None:
    bare = sample(kinds={}, size=None, free=None, inodes=None, free_inodes=None)
    keep(store, bare)
    (found,) = store.samples.history("prod-3")
    assert found == bare
    assert found.docker is None
    assert found.used is None


def test_figures_that_nobody_believes_are_kept_as_far_as_the_columns_hold_them(store: Store) -> None:
    kinds = {kind: Figures(count=1 << 70, size=1 << 90, reclaimable=-(1 << 90)) for kind in KINDS}
    keep(store, sample(kinds=kinds, size=1 << 90, free=-5 * GIB, inodes=1 << 80, free_inodes=-1, took=1e12))
    assert len(store.samples.history("prod-3")) == 1


def test_only_what_was_asked_for_is_read(store: Store) -> None:
    keep(store, *(sample(AT + MINUTE * number) for number in range(5)))
    assert len(store.samples.history("prod-3", AT + 3 * MINUTE)) == 2


def test_another_engine_has_another_history_and_the_first_goes_on_when_it_is_back(store: Store) -> None:
    keep(store, sample(AT), sample(AT + MINUTE))
    keep(store, sample(AT + 2 * MINUTE), engine=OTHER)
    assert moments(store) == [AT + 2 * MINUTE]
    keep(store, sample(AT + 3 * MINUTE))
    assert moments(store) == [AT, AT + MINUTE, AT + 3 * MINUTE]


def test_a_clock_that_went_back_begins_a_new_history(store: Store) -> None:
    keep(store, sample(AT), sample(AT + DAY))
    keep(store, sample(AT + MINUTE), sample(AT + 2 * MINUTE))
    assert moments(store) == [AT + MINUTE, AT + 2 * MINUTE]


def test_more_than_a_week_without_a_sample_begins_a_new_history(store: Store) -> None:
    keep(store, sample(AT), sample(AT + 6 * DAY))
    assert len(moments(store)) == 2
    keep(store, sample(AT + 14 * DAY))
    assert moments(store) == [AT + 14 * DAY]


def test_two_samples_of_a_minute_are_one(store: Store) -> None:
    keep(store, sample(AT), sample(AT + timedelta(seconds=20), used=41))
    (found,) = store.samples.history("prod-3")
    assert found.used == 41 * GIB


def test_old_samples_become_one_an_hour_then_one_a_day_and_the_fullest_stay(store: Store) -> None:
    quarter = timedelta(minutes=15)
    count = 70 * 96
    peak = {96 * 5 + 50: 97, 96 * 40 + 33: 96}
    past = [sample(AT + quarter * n, used=peak.get(n, 40 + n % 3)) for n in range(count)]
    end = past[-1].at

    store.samples.keep("prod-3", "a", ENGINE, past[0])
    store.samples.keep("prod-3", "a", ENGINE, *past[1:])
    found = moments(store)
    raw = [at for at in found if at > end - 6 * DAY]
    hourly = [at for at in found if end - 59 * DAY < at < end - 9 * DAY]
    daily = [at for at in found if at < end - 62 * DAY]
    assert len(raw) == 6 * 96
    assert len(hourly) == pytest.approx(50 * 24, abs=2)
    assert len(daily) == pytest.approx(8, abs=1)
    used = {each.used for each in store.samples.history("prod-3")}
    assert {97 * GIB, 96 * GIB} <= used, "the peaks"


def test_of_many_processes_one_takes_up_a_host(open_another: Callable[[], Store]) -> None:
    stores = [open_another() for _ in range(4)]
    slots = {f"host-{number}": AT for number in range(20)}
    taken = at_once(
        [lambda s=s, o=str(o): s.samples.take(slots, o, LEASE) for o, s in enumerate(stores)]  # type: ignore[misc] # a default binds the loop's value
    )
    mine = [host for one in taken if isinstance(one, Taken) for host in one.mine]
    assert sorted(mine) == sorted(slots)


def test_what_is_sampled_is_not_due_until_its_next_interval(store: Store) -> None:
    began = store.ledger.now() - MINUTE
    assert store.samples.take({"prod-3": began}, "a", LEASE).mine == {"prod-3": None}
    held = store.samples.take({"prod-3": began}, "b", LEASE)
    assert held == Taken(held=frozenset({"prod-3"}))
    at = store.ledger.now()
    store.samples.keep("prod-3", "a", ENGINE, sample(at))
    assert store.samples.take({"prod-3": began}, "b", LEASE) == Taken()
    following = store.samples.take({"prod-3": began + timedelta(seconds=1)}, "b", LEASE)
    assert following.mine == {"prod-3": at}, "with when its volumes were counted"


def test_what_could_not_be_sampled_is_not_tried_again_in_the_same_interval(store: Store) -> None:
    began = store.ledger.now() - MINUTE
    store.samples.take({"prod-3": began}, "a", LEASE)
    store.samples.leave("prod-3", "a")
    assert store.samples.take({"prod-3": began}, "b", LEASE) == Taken()


def test_what_a_dead_process_had_taken_up_is_taken_over_when_its_lease_is_over(store: Store) -> None:
    began = store.ledger.now() - MINUTE
    store.samples.take({"prod-3": began}, "a", timedelta(microseconds=1))
    assert set(store.samples.take({"prod-3": began}, "b", LEASE).mine) == {"prod-3"}
    store.samples.leave("prod-3", "a")  # who comes back late lets go of nothing that is another's
    assert store.samples.take({"prod-3": began}, "c", LEASE).held == {"prod-3"}


def test_a_turn_that_lies_ahead_was_taken_before_the_clock_went_back(store: Store) -> None:
    now = store.ledger.now()
    store.samples.take({"prod-3": now + 3 * DAY}, "a", LEASE)
    store.samples.leave("prod-3", "a")
    assert set(store.samples.take({"prod-3": now - MINUTE}, "a", LEASE).mine) == {"prod-3"}


def test_a_forecast_is_kept_beside_the_history(store: Store, open_another: Callable[[], Store]) -> None:
    history = made(3, 28).samples
    found = forecast(history)
    assert found is not None
    keep(store, sample())
    store.samples.foretell("prod-3", found)
    assert open_another().samples.forecasts(["prod-3", "prod-1"]) == {"prod-3": found}


def test_a_forecast_that_another_release_wrote_otherwise_is_none(
    store: Store, sql: Callable[[str], None]
) -> None:
    keep(store, sample())
    sql("""UPDATE watched_host SET forecast = '{"rates": 3}'""")
    assert store.samples.forecasts(["prod-3"]) == {}
