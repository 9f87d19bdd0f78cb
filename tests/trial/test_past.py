"""The sample hosts' pretended past: a month whose end is what each shows, and which has a forecast."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.docker.usage import BUILD_CACHE, CONTAINERS, IMAGES, VOLUMES, DiskUsage, UsageRow
from bot.core.watch.forecast import forecast
from bot.core.watch.samples import Sample
from bot.trial.disk import PretendedDisk
from bot.trial.past import PASTS, pretended

NOW = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
GB = 1_000_000_000
USAGE = DiskUsage(
    rows=tuple(
        UsageRow(type=kind, total=9, active=2, size=size, reclaimable=size // 2)
        for kind, size in ((IMAGES, 12 * GB), (CONTAINERS, GB), (VOLUMES, 9 * GB), (BUILD_CACHE, 5 * GB))
    )
)


def month(host: str, usage: DiskUsage = USAGE, now: datetime = NOW) -> Sequence[Sample]:
    disk = PretendedDisk.behind(lambda: usage.size, PASTS[host].full)
    return pretended(PASTS[host], usage, disk.space(), now)


def test_a_disk_that_hardly_fills_has_no_date() -> None:
    found = forecast(month("web-1"))
    assert found is not None
    assert found.unattended.at is None


@pytest.mark.parametrize("host", ["sample", "ci-1"])
def test_it_ends_with_what_the_host_shows_and_has_a_date(host: str) -> None:
    past = month(host)
    assert past[-1].at == NOW
    assert past[-1].docker == USAGE.size
    assert (past[-1].used or 0) / (past[-1].size or 1) == pytest.approx(PASTS[host].full)
    assert past[0].at == NOW - timedelta(days=30)
    found = forecast(past)
    assert found is not None
    assert found.unattended.at is not None
    assert abs((found.unattended.at - NOW) / timedelta(days=1) - PASTS[host].fills_in) < 2
    assert found.cleanups >= 3
    assert found.rhythm.at is None or found.rhythm.at > found.unattended.at
    assert month(host) == past


@pytest.mark.parametrize("host", PASTS)
def test_it_is_one_at_any_hour_and_for_an_empty_host(host: str) -> None:
    for hour in range(24):
        past = month(host, now=NOW + timedelta(hours=hour))
        assert all(0 < (each.free or 0) <= (each.size or 0) for each in past)
    nothing = DiskUsage(
        rows=tuple(UsageRow(type=r.type, total=0, active=0, size=0, reclaimable=0) for r in USAGE.rows)
    )
    assert forecast(month(host, nothing)) is not None


def test_what_is_removed_is_free_afterwards() -> None:
    taken = [USAGE.size]
    disk = PretendedDisk.behind(lambda: taken[0], 0.9)
    before = disk.space()
    assert before.used_share == pytest.approx(0.9)
    taken[0] -= 5 * GB
    assert disk.space().free - before.free == 5 * GB
