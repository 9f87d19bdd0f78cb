"""Sizes and durations as Docker writes them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.units import duration_text, duration_words, human_size, parse_duration

LONGEST = 10**9 * 86400 - 1  # seconds in timedelta.max


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0B"), (1, "1B"), (999, "999B"), (1000, "1kB"), (1023, "1.023kB"), (1024, "1.024kB"),
        (9999, "9.999kB"), (12_345, "12.35kB"), (999_900, "999.9kB"), (999_949, "999.9kB"),
        (999_950, "1000kB"), (999_999, "1000kB"), (1_000_000, "1MB"), (1_048_576, "1.049MB"),
        (2_000_000, "2MB"), (3_420_000_000, "3.42GB"), (5_372_000_000_000, "5.372TB"),
        (2_220_000_000_000_000, "2.22PB"), (10**18, "1EB"), (10**21, "1ZB"), (10**24, "1YB"),
        (10**28, "1e+04YB"), (-5000, "-5000B"),
    ],
)  # fmt: skip
def test_sizes_read_as_go_units_writes_them(size: int, text: str) -> None:
    assert human_size(size) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30m", timedelta(minutes=30)), ("168h", timedelta(days=7)), ("1h30m", timedelta(minutes=90)),
        ("10d", timedelta(days=10)), ("2w", timedelta(weeks=2)), ("1d12h", timedelta(hours=36)),
        ("1.5h", timedelta(minutes=90)), ("250ms", timedelta(milliseconds=250)), ("5s", timedelta(seconds=5)),
        ("1m5ms", timedelta(minutes=1, milliseconds=5)), ("0s", timedelta()),
    ],
)  # fmt: skip
def test_durations_are_read_in_docker_units_and_in_days_and_weeks(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", " ", "7", "h", "7 h", " 7h", "7h ", "7h\n", "-7h", "+7h", "7H", "7y", "7hours", "1h,30m", "1.h", ".5h",
     "1..5h", "1e3h", "infh", "nanh", "7h; rm", "\u0663h", "\uff17h", "1.\u0665h"],
)  # fmt: skip
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(
        ValueError, match="is not a duration; write it like 30m, 168h, 1h30m or 10d"
    ) as raised:
        parse_duration(text)
    assert str(raised.value).startswith(f"“{text}”")


@pytest.mark.parametrize("text", [f"{LONGEST + 1}s", "9" * 30 + "w", "9" * 400 + "h"])
def test_a_duration_beyond_all_measure_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is longer than a duration can be"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("duration", "text", "words"),
    [
        (timedelta(), "0s", "0 seconds"),
        (timedelta(milliseconds=999), "0s", "0 seconds"),
        (timedelta(seconds=1), "1s", "1 second"),
        (timedelta(seconds=59), "59s", "59 seconds"),
        (timedelta(minutes=1), "1m", "1 minute"),
        (timedelta(seconds=61), "61s", "1 minute"),
        (timedelta(minutes=59, seconds=59), "3599s", "59 minutes"),
        (timedelta(hours=1), "1h", "1 hour"),
        (timedelta(minutes=90), "90m", "1 hour"),
        (timedelta(hours=23, minutes=59), "1439m", "23 hours"),
        (timedelta(days=1), "24h", "1 day"),
        (timedelta(days=7), "168h", "7 days"),
    ],
)
def test_a_duration_is_written_for_docker_and_for_people(duration: timedelta, text: str, words: str) -> None:
    assert (duration_text(duration), duration_words(duration)) == (text, words)


@given(st.integers(0, LONGEST))
def test_what_is_written_for_docker_is_read_back(seconds: int) -> None:
    assert parse_duration(duration_text(timedelta(seconds=seconds))) == timedelta(seconds=seconds)
