"""When a schedule comes next: never twice, never at a time that it does not name."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.docker.usage import DiskSpace
from bot.core.plan.arguments import Arguments
from bot.core.rules.schedules import Schedule, check_cron, parse_when

BERLIN = ZoneInfo("Europe/Berlin")


def schedule(cron: str, zone: ZoneInfo = BERLIN) -> Schedule:
    return Schedule(
        name="nightly", hosts=("a",), arguments=Arguments(profile="ci"), cron=cron, zone=zone, channel="C0OPS"
    )


def berlin(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("cron", "moment", "following"),
    [
        ("0 3 * * *", berlin("2026-05-01T03:00"), berlin("2026-05-02T03:00")),
        ("0 3 * * *", berlin("2026-05-01T02:59"), berlin("2026-05-01T03:00")),
        ("*/15 * * * mon-fri", berlin("2026-05-01T23:45"), berlin("2026-05-04T00:00")),
        (
            "30 2 * * *",
            berlin("2026-03-29T01:00"),
            berlin("2026-03-29T03:00"),
        ),  # left out: right after the gap
        ("30 2 * * *", berlin("2026-10-25T01:00"), berlin("2026-10-25T02:30")),  # comes twice: the first one
        ("30 2 * * *", berlin("2026-10-25T02:30"), berlin("2026-10-26T02:30")),
        ("30 2 * * *", berlin("2026-10-25T02:10", fold=1), berlin("2026-10-26T02:30")),
        (
            "0 * * * *",
            berlin("2026-10-25T02:00"),
            berlin("2026-10-25T02:00", fold=1),
        ),  # each hour that passes
    ],
)
def test_the_next_moment_is_as_debians_cron_has_it(cron: str, moment: datetime, following: datetime) -> None:
    assert schedule(cron).after(moment) == following


@given(
    cron=st.sampled_from(["0 3 * * *", "30 2 * * *", "*/20 * * * *", "5 2,3 * * sun", "59 23 31 * *"]),
    zone=st.sampled_from([BERLIN, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")]),
    moment=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_the_next_moment_is_always_later_and_the_one_after_it_too(
    cron: str, zone: ZoneInfo, moment: datetime
) -> None:
    one = schedule(cron, zone)
    following = one.after(moment)
    assert moment < following < one.after(following)


def test_a_time_that_comes_twice_fires_once_and_none_is_lost_over_a_year() -> None:
    one, at = schedule("30 2 * * *"), berlin("2026-01-01T00:00")
    days = []
    while (at := one.after(at)) < berlin("2027-01-01T00:00"):
        days.append(at.astimezone(BERLIN).date())
    assert len(days) == len(set(days)) == 365


@pytest.mark.parametrize(
    ("cron", "why"),
    [
        ("", "has not five fields"),
        ("0 3 * *", "has not five fields"),
        ("0 0 3 * * *", "has not five fields"),
        ("60 3 * * *", "bad minute"),
        ("0 3 * * mo", "bad day-of-week"),
        ("0 0 30 2 *", "bad day-of-month"),
        ("*/0 * * * *", "bad minute"),
        ("@daily", "has not five fields"),
        ("0 3 */20 * 1L", "never comes"),
        ("0 0 29 2 mon#5", ""),
    ],
)
def test_what_is_no_cron_expression_is_told_with_an_example(cron: str, why: str) -> None:
    if not why:
        assert check_cron(cron) == cron
        return
    with pytest.raises(ValueError, match=r"like 0 3 \* \* \*") as refused:
        check_cron(cron)
    assert why in str(refused.value)


def test_another_cron_or_another_time_zone_is_another_definition() -> None:
    one = schedule("0 3 * * *")
    assert one.definition == schedule("0 3 * * *").definition
    assert one.definition != schedule("0 4 * * *").definition
    assert one.definition != schedule("0 3 * * *", ZoneInfo("UTC")).definition


def test_a_schedule_asks_in_a_name_that_no_person_has() -> None:
    assert schedule("0 3 * * *").requester.id == "schedule:nightly"
    assert schedule("0 3 * * *").grace == timedelta(hours=1)


@pytest.mark.parametrize(
    ("when", "free", "holds"),
    [
        ("above 75%", 26, False),
        ("above 75%", 25, True),
        ("above 75%", 1, True),
        ("under 30B", 30, True),
        ("under 30B", 31, False),
    ],
)
def test_a_schedule_waits_until_a_disk_is_so_full(when: str, free: int, *, holds: bool) -> None:
    assert parse_when(when).holds(DiskSpace(size=100, free=free)) is holds
    assert str(parse_when(when)) == when


@pytest.mark.parametrize(
    "text", ["75%", "above", "above 20GB", "under 75%", "above 75% and 20GB", "above 0%", "below 75%"]
)
def test_what_does_not_say_how_full_a_disk_has_to_be_is_told_with_an_example(text: str) -> None:
    with pytest.raises(
        ValueError, match=f"^“{text}” does not say how full .* like above 75%, or under 20GB$"
    ):
        parse_when(text)
