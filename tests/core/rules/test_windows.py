"""When cleanups may run: by the clock on the wall, over midnight, and through both changes of summer time."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.rules.windows import DAYS, Windows, parse_window

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
ZONES = (UTC, BERLIN, NEW_YORK, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Asia/Kathmandu"))
MINUTE = timedelta(minutes=1)


def windows(*texts: str, zone: ZoneInfo = BERLIN) -> Windows:
    return Windows(windows=tuple(map(parse_window, texts)), zone=zone)


def berlin(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold)


def test_without_windows_cleanups_may_run_at_any_time() -> None:
    now = datetime(2026, 5, 1, tzinfo=UTC)
    assert Windows().open_at(now)
    assert Windows().opening(now) == now
    assert Windows().words() == ""


@pytest.mark.parametrize(
    ("window", "moment", "is_open"),
    [
        ("mon-fri 22:00-06:00", "2026-05-01T22:00", True),  # a Friday
        ("mon-fri 22:00-06:00", "2026-05-01T21:59", False),
        ("mon-fri 22:00-06:00", "2026-05-02T05:59", True),  # Saturday morning belongs to Friday
        ("mon-fri 22:00-06:00", "2026-05-02T06:00", False),
        ("mon-fri 22:00-06:00", "2026-05-02T23:00", False),
        ("mon-fri 22:00-06:00", "2026-05-04T03:00", False),  # Monday morning belongs to Sunday
        ("sun 22:00-06:00", "2026-05-04T03:00", True),
        ("01:00-05:00", "2026-05-03T01:00", True),
        ("01:00-05:00", "2026-05-03T05:00", False),
        ("sat,sun 00:00-24:00", "2026-05-03T23:59", True),
        ("sat,sun 00:00-24:00", "2026-05-04T00:00", False),
        ("fri-mon 10:00-11:00", "2026-05-03T10:30", True),
        ("fri-mon 10:00-11:00", "2026-05-05T10:30", False),
        ("mon 22:00-24:00", "2026-05-04T23:59", True),
        ("mon 22:00-00:00", "2026-05-04T23:59", True),
        ("mon 22:00-00:00", "2026-05-05T00:00", False),
        ("SAT  10:00 - 11:00", "2026-05-02T10:00", True),
    ],
)
def test_a_window_is_open_from_its_first_minute_and_closed_at_its_end(
    window: str, moment: str, *, is_open: bool
) -> None:
    assert windows(window).open_at(berlin(moment)) is is_open


def test_a_window_follows_its_own_time_zone() -> None:
    at = datetime(2026, 7, 1, 22, tzinfo=UTC)
    assert windows("22:00-23:00", zone=ZoneInfo("UTC")).open_at(at)
    assert not windows("22:00-23:00").open_at(at)
    assert windows("00:00-01:00").open_at(at)


@pytest.mark.parametrize(
    ("window", "moment", "opening"),
    [
        ("mon-fri 22:00-06:00", berlin("2026-05-02T12:00"), berlin("2026-05-04T22:00")),
        # The hour from 2 to 3 is left out: its windows do not open that day.
        ("02:00-03:00", berlin("2026-03-29T01:30"), berlin("2026-03-30T02:00")),
        ("02:15-02:45", berlin("2026-03-29T00:30"), berlin("2026-03-30T02:15")),
        # A window that begins in the gap and ends after it opens when the gap is over.
        ("02:30-04:00", berlin("2026-03-29T01:30"), berlin("2026-03-29T03:00")),
        ("sun 02:10-02:20", berlin("2026-03-29T01:30"), berlin("2026-04-05T02:10")),
        # The hour from 2 to 3 comes twice: it opens twice, and so does what ends within it.
        ("02:00-02:30", berlin("2026-10-25T02:40"), berlin("2026-10-25T02:00", fold=1)),
        ("02:15-02:30", berlin("2026-10-25T02:40"), berlin("2026-10-25T02:15", fold=1)),
        ("01:30-02:30", berlin("2026-10-25T02:45"), berlin("2026-10-25T02:00", fold=1)),
        ("02:30-02:40", berlin("2026-10-25T02:50", fold=1), berlin("2026-10-26T02:30")),
    ],
)
def test_the_next_opening_is_told_by_the_clock_on_the_wall(
    window: str, moment: datetime, opening: datetime
) -> None:
    assert windows(window).opening(moment).astimezone(UTC) == opening.astimezone(UTC)


IN_THE_NIGHT = st.integers(60, 4 * 60)  # where the clocks are changed
TIMES = st.one_of(st.integers(0, 24 * 60 - 1), IN_THE_NIGHT).map(lambda m: f"{m // 60:02}:{m % 60:02}")
ONE_DAY = st.sampled_from(DAYS)
SOME_DAYS = st.one_of(st.just(""), ONE_DAY, st.tuples(ONE_DAY, ONE_DAY).map("-".join), st.just("sat,sun"))


@st.composite
def some_windows(draw: st.DrawFn) -> Windows:
    texts = draw(
        st.lists(
            st.tuples(SOME_DAYS, TIMES, TIMES).filter(lambda parts: parts[1] != parts[2]),
            min_size=1, max_size=3,
        )
    )  # fmt: skip
    made = tuple(parse_window(f"{days} {start}-{end}".strip()) for days, start, end in texts)
    return Windows(windows=made, zone=draw(st.sampled_from(ZONES)))


CHANGES = (
    datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC),  # Berlin
    datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC),  # New York
    datetime(2026, 4, 4, 15, tzinfo=UTC), datetime(2026, 10, 3, 15, 30, tzinfo=UTC),  # Lord Howe: half an hour
)  # fmt: skip
NEAR_A_CHANGE = st.builds(
    lambda change, minutes: change + timedelta(minutes=minutes),
    st.sampled_from(CHANGES),
    st.integers(-1500, 300),
)


@given(given_windows=some_windows(), moment=NEAR_A_CHANGE)
def test_open_is_exactly_what_the_wall_shows(given_windows: Windows, moment: datetime) -> None:
    wall = moment.astimezone(given_windows.zone)
    minute = wall.hour * 60 + wall.minute
    shown = False
    for window in given_windows.windows:
        length = (window.end - window.start) % (24 * 60) or 24 * 60
        for back in (0, 1):  # it may have begun yesterday
            since = minute + back * 24 * 60 - window.start
            shown |= (wall.weekday() - back) % 7 in window.days and 0 <= since < length
    assert given_windows.open_at(moment) is shown


@given(given_windows=some_windows(), moment=NEAR_A_CHANGE)
def test_the_next_opening_is_the_first_minute_that_is_open(given_windows: Windows, moment: datetime) -> None:
    opening = given_windows.opening(moment)
    assert opening >= moment
    assert given_windows.open_at(opening)
    step = moment
    for _ in range(3000):
        if step >= opening:
            break
        assert not given_windows.open_at(step)
        step += MINUTE


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is no window"),
        ("night", "is no window"),
        ("22:00", "is no window"),
        ("mon-fri 22-6", "is no window"),
        ("22:00-22:00", "begins where it ends"),
        ("24:00-06:00", "begins where it ends"),
        ("22:60-23:00", "“22:60” in “22:60-23:00” is no time of day"),
        ("22:00-24:01", "“24:01”"),
        ("25:00-26:00", "“25:00”"),
        ("mo-fri 22:00-06:00", "“mo” in “mo-fri 22:00-06:00” is no day; the days are mon, tue"),
        ("mon-wed-fri 22:00-06:00", "“mon-wed-fri” in"),
        ("mon,,fri 22:00-06:00", "“” in"),
    ],
)
def test_what_is_no_window_is_told_with_an_example(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=r"22:00-06:00|00:00 to 24:00") as refused:
        parse_window(text)
    assert why in str(refused.value)


@pytest.mark.parametrize(
    ("texts", "moment", "end"),
    [
        (("22:00-07:00",), "2026-05-01T21:59", "2026-05-01T21:59"),
        (("22:00-07:00",), "2026-05-01T22:00", "2026-05-02T07:00"),
        (
            ("22:00-24:00", "00:00-07:00"),
            "2026-05-01T23:00",
            "2026-05-02T07:00",
        ),  # one goes on where another ends
        (("mon-fri 22:00-07:00", "sat,sun 00:00-24:00"), "2026-05-01T23:00", "2026-05-04T00:00"),
        (("00:00-03:00",), "2026-03-29T01:30", "2026-03-29T03:00"),  # three comes right after two
        (("00:00-02:30",), "2026-03-29T01:30", "2026-03-29T03:00"),  # half past two never comes
        (("00:00-02:30",), "2026-10-25T01:30", "2026-10-25T02:30"),  # and comes twice
    ],
)
def test_what_a_window_covers_ends_when_the_clock_on_the_wall_has_left_it(
    texts: tuple[str, ...], moment: str, end: str
) -> None:
    assert windows(*texts).closing(berlin(moment)) == berlin(end).astimezone(UTC)


def test_hours_that_never_end_are_known_and_no_hours_cover_nothing() -> None:
    now = berlin("2026-05-01T12:00")
    assert windows("00:00-24:00").closing(now) is None
    assert Windows().closing(now) == now
    assert not Windows().covers(now)


@given(
    texts=st.lists(
        st.builds(
            "{} {:02}:{:02}-{:02}:00".format,
            st.sampled_from((*DAYS, "mon-fri", "sat,sun")), st.integers(0, 23), st.sampled_from((15, 30)),
            st.integers(0, 23),
        ),
        min_size=1, max_size=3,
    ),
    zone=st.sampled_from(ZONES),
    minutes=st.integers(0, 525600),
)  # fmt: skip
def test_until_its_end_a_window_covers_every_minute(texts: list[str], zone: ZoneInfo, minutes: int) -> None:
    quiet, at = windows(*texts, zone=zone), datetime(2026, 1, 1, tzinfo=UTC) + minutes * MINUTE
    end = quiet.closing(at)
    assert end is not None
    assert not quiet.covers(end)
    covered = range(int((end - at) / MINUTE))
    assert all(quiet.covers(at + minute * MINUTE) for minute in covered)
