"""The sample host's pretended past: a month whose end is what the host shows, and which has a forecast."""

from datetime import UTC, datetime, timedelta

from bot.core.docker.usage import BUILD_CACHE, CONTAINERS, IMAGES, VOLUMES, DiskUsage, UsageRow
from bot.core.watch.forecast import forecast
from bot.trial.past import FILLS_IN, pretended

NOW = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
GB = 1_000_000_000
USAGE = DiskUsage(
    rows=tuple(
        UsageRow(type=kind, total=9, active=2, size=size, reclaimable=size // 2)
        for kind, size in ((IMAGES, 12 * GB), (CONTAINERS, GB), (VOLUMES, 9 * GB), (BUILD_CACHE, 5 * GB))
    )
)


def test_it_ends_with_what_the_host_shows_and_has_a_date() -> None:
    past = pretended(USAGE, NOW)
    assert past[-1].at == NOW
    assert past[-1].docker == USAGE.size
    assert past[0].at == NOW - timedelta(days=30)
    found = forecast(past)
    assert found is not None
    assert found.unattended.at is not None
    assert abs((found.unattended.at - NOW) / timedelta(days=1) - FILLS_IN) < 2
    assert found.cleanups >= 3
    assert found.rhythm.at is None
    assert pretended(USAGE, NOW) == past


def test_it_is_one_at_any_hour_and_for_an_empty_host() -> None:
    for hour in range(24):
        past = pretended(USAGE, NOW + timedelta(hours=hour))
        assert all(0 < (each.free or 0) <= (each.size or 0) for each in past)
    nothing = DiskUsage(
        rows=tuple(UsageRow(type=r.type, total=0, active=0, size=0, reclaimable=0) for r in USAGE.rows)
    )
    assert forecast(pretended(nothing, NOW)) is not None
