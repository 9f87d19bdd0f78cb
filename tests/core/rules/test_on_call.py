"""Who is on call at a moment: by weeks of the clock on a wall, through both changes of summer time."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.rules.on_call import WEEK, OnCall, parse_beginning

BERLIN = ZoneInfo("Europe/Berlin")
SECOND = timedelta(seconds=1)
THREE = (("U0ANN",), ("U0BOB", "S0OPS"), ("U0CYD",))


def weeks(begins: str = "2026-03-02 09:00", zone: ZoneInfo = BERLIN) -> OnCall:
    return OnCall(name="ops", weeks=THREE, begins=parse_beginning(begins), zone=zone)


def berlin(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold)


@pytest.mark.parametrize(
    ("moment", "called"),
    [
        ("2026-03-02T08:59", ()),  # before the first week there is a gap
        ("2026-03-02T09:00", THREE[0]),
        ("2026-03-09T08:59", THREE[0]),
        ("2026-03-09T09:00", THREE[1]),
        ("2026-03-16T09:00", THREE[2]),
        ("2026-03-23T09:00", THREE[0]),
        ("2026-03-30T08:59", THREE[0]),  # nine in summer is an hour earlier
        ("2026-03-30T09:00", THREE[1]),
        ("2031-03-03T10:00", THREE[261 % 3]),
    ],
)
def test_each_week_has_its_people_and_the_first_comes_again(moment: str, called: tuple[str, ...]) -> None:
    assert weeks().at(berlin(moment)) == called


def test_an_hour_that_summer_time_leaves_out_hands_over_right_after() -> None:
    night = weeks("2026-03-22 02:30")  # on the 29th the clock goes from 2 to 3
    assert night.at(berlin("2026-03-29T01:59")) == THREE[0]
    assert night.at(berlin("2026-03-29T03:30")) == THREE[1]


def test_an_hour_that_comes_twice_hands_over_once() -> None:
    night = weeks("2026-10-18 02:30")  # on the 25th the clock goes from 3 back to 2
    assert night.at(berlin("2026-10-25T02:29")) == THREE[0]
    assert night.at(berlin("2026-10-25T02:30")) == THREE[1]
    assert night.at(berlin("2026-10-25T02:10", fold=1)) == THREE[1]  # nobody takes it back


@given(
    st.integers(0, 2102400),
    st.sampled_from(("2026-03-22 02:30", "2026-10-18 02:30", "2026-01-05 09:00")),
    st.sampled_from((BERLIN, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe"))),
)
def test_a_week_lasts_until_it_hands_over(minutes: int, begins: str, zone: ZoneInfo) -> None:
    schedule, at = weeks(begins, zone), datetime(2025, 1, 1, tzinfo=UTC) + minutes * 60 * SECOND
    end = schedule.until(at)
    assert at < end
    called = schedule.at(at)
    if called:
        assert end - at <= WEEK + timedelta(hours=1)
        assert schedule.at(end) == THREE[(THREE.index(called) + 1) % 3]
    else:
        assert schedule.at(end) == THREE[0]
    assert schedule.at(end - SECOND) == called


@pytest.mark.parametrize(
    "text", ["", "2026-11-02", "09:00", "2026-02-30 09:00", "2026-11-02 25:00", "2026-11-02T09:00"]
)
def test_what_is_no_beginning_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="2026-11-02 09:00"):
        parse_beginning(text)
