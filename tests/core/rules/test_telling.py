"""When those who may decide are told: at once, once more, then somebody else, and not at night unless it is urgent."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.docker.usage import DiskSpace
from bot.core.rules.policy import Policy, Tell
from bot.core.rules.telling import Moments, Notice, digest_due, is_urgent, tell_of
from bot.core.rules.windows import Windows, parse_window

EVENING = datetime(2026, 5, 1, 21, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
NIGHT = Windows(windows=(parse_window("22:00-07:00"),))
MORNING = datetime(2026, 5, 2, 7, tzinfo=UTC)


def moments(*, quiet: Windows = NIGHT, remind: float = 0.75, escalate: timedelta | None = None) -> Moments:
    to = {"escalate_to": ("U0HEAD",), "escalate_after": escalate} if escalate else {}
    return Moments(policy=Policy(name="p", quiet=quiet, **to), remind_after=remind)  # type: ignore[arg-type] # two keys


@pytest.mark.parametrize(
    ("of", "created", "lasts", "told"),
    [
        (moments(), EVENING, 30 * MINUTE, {Notice.NEW: EVENING, Notice.REMINDER: EVENING + 22.5 * MINUTE}),
        (moments(remind=1), EVENING, 30 * MINUTE, {Notice.NEW: EVENING}),
        (
            moments(escalate=20 * MINUTE), EVENING, 40 * MINUTE,
            {Notice.NEW: EVENING, Notice.ESCALATION: EVENING + 20 * MINUTE, Notice.REMINDER: EVENING + 30 * MINUTE},
        ),
        (moments(escalate=2 * HOUR), EVENING, HOUR, {Notice.NEW: EVENING, Notice.REMINDER: EVENING + 45 * MINUTE}),
        # at night
        (moments(), EVENING + 2 * HOUR, 30 * MINUTE, {}),  # it has expired by the morning
        (moments(), EVENING + 2 * HOUR, 9 * HOUR, {Notice.NEW: MORNING}),  # told and reminded at once would be twice
        (moments(), EVENING, 12 * HOUR, {Notice.NEW: EVENING, Notice.REMINDER: MORNING}),
        (
            moments(escalate=20 * MINUTE), EVENING + 2 * HOUR, 10 * HOUR,
            {Notice.NEW: MORNING, Notice.ESCALATION: MORNING + 20 * MINUTE},
        ),
        (moments(quiet=Windows()), EVENING + 2 * HOUR, 30 * MINUTE,
         {Notice.NEW: EVENING + 2 * HOUR, Notice.REMINDER: EVENING + 2 * HOUR + 22.5 * MINUTE}),
    ],
)  # fmt: skip
def test_each_notice_has_its_moment(
    of: Moments, created: datetime, lasts: timedelta, told: dict[Notice, datetime]
) -> None:
    assert dict(of.of(created, created + lasts)) == told


def test_what_is_urgent_is_told_at_night_too() -> None:
    created = EVENING + 2 * HOUR
    assert dict(moments().of(created, created + 30 * MINUTE, urgent=True))[Notice.NEW] == created


@given(
    st.integers(0, 2 * 24 * 60), st.integers(1, 3 * 24 * 60), st.integers(1, 24 * 60), st.floats(0.01, 1),
)  # fmt: skip
def test_nothing_is_told_in_quiet_hours_twice_at_once_or_too_late(
    start: int, lasts: int, escalate: int, remind: float
) -> None:
    created = EVENING + start * MINUTE
    of = moments(remind=remind, escalate=escalate * MINUTE)
    found = list(of.of(created, created + lasts * MINUTE))
    assert [notice for notice, _ in found][:1] in ([], [Notice.NEW])
    assert all(not NIGHT.covers(at) and created <= at < created + lasts * MINUTE for _, at in found)
    assert len({notice for notice, _ in found}) == len(found)
    assert all(at > found[0][1] for _, at in found[1:])


@pytest.mark.parametrize(
    ("disk", "urgent"),
    [
        (None, False),
        (DiskSpace(size=100, free=6), False),
        (DiskSpace(size=100, free=5), True),
        (DiskSpace(size=100, free=50, inodes=100, free_inodes=4), True),
    ],
)
def test_a_disk_that_is_nearly_full_is_urgent(disk: DiskSpace | None, *, urgent: bool) -> None:
    assert is_urgent(disk) is urgent


def test_a_policy_says_how_and_else_what_counts_everywhere() -> None:
    assert tell_of(Policy(name="p"), Tell.CHANNEL) is Tell.CHANNEL
    assert tell_of(Policy(name="p", tell=Tell.NEVER), Tell.CHANNEL) is Tell.NEVER


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kathmandu", "America/New_York"])
def test_a_digest_comes_at_nine_by_the_persons_own_clock(zone: str) -> None:
    there = ZoneInfo(zone)
    nine = datetime(2026, 3, 29, 9, tzinfo=there)  # the day of a change in Berlin
    assert digest_due(nine) == nine
    assert digest_due(nine - MINUTE) == datetime(2026, 3, 28, 9, tzinfo=there)
    assert digest_due(nine + 14 * HOUR) == nine
