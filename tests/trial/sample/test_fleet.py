"""The sample hosts beside the production one: each another engine, and another kind of host."""

from datetime import UTC, datetime

import pytest

from bot.trial.past import PASTS
from bot.trial.sample import UNIVERSES, Universe
from bot.trial.setting import SIMULATED

GB = 1_000_000_000
MOMENT = datetime(2026, 3, 1, tzinfo=UTC)


def universe(name: str) -> Universe:
    return UNIVERSES[name](name=name, clock=lambda: MOMENT)


def test_each_is_an_engine_of_its_own_with_a_past_and_tags() -> None:
    assert len({universe(name).engine_id for name in UNIVERSES}) == len(UNIVERSES) >= 3
    assert set(UNIVERSES) == set(PASTS) == set(SIMULATED)


def test_where_builds_run_most_is_cache_and_what_tests_left() -> None:
    host = universe("ci-1")
    assert 10 * GB < host.disk_bytes() < 40 * GB
    assert len(host.cache) > 40
    assert sum(not each.running for each in host.containers.values()) > 20


def test_where_a_site_is_served_there_is_little_to_take() -> None:
    host = universe("web-1")
    assert host.disk_bytes() < 10 * GB
    assert host.cache == {}
    assert sum(each.running for each in host.containers.values()) == 2


@pytest.mark.parametrize("name", UNIVERSES)
def test_nothing_lies_in_the_future_and_every_layer_is_held(name: str) -> None:
    host = universe(name)
    moments = [each.created for each in host.images.values()]
    moments += [each.created for each in host.containers.values()]
    moments += [each.finished_at or MOMENT for each in host.containers.values()]
    moments += [each.last_used or MOMENT for each in host.cache.values()]
    assert all(moment <= MOMENT for moment in moments)
    assert host.held_chains() == set(host.layers)
