"""Filters of the audit: words of a sentence to a value and back, and what is said of a word that is none."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.audit.filters import (
    EVERYTHING,
    EXAMPLE,
    KEYS,
    LONGEST,
    OUTCOMES,
    AuditFilter,
    parse_filter,
    split_line,
)
from bot.core.errors import UnknownHostError, UsageError

NOW = datetime(2026, 11, 24, 12, 30, 15, 250_000, tzinfo=UTC)
PAGE = Path(__file__).parents[3] / "deploy" / "manual" / "audit.md"
HOSTS = ("prod-3", "ci-1", "time=zone")


def read(line: str) -> AuditFilter:
    return parse_filter(split_line(line), HOSTS, NOW)


def test_a_sentence_is_read_word_by_word() -> None:
    assert read(
        'prod-3 @ci by=@Ann outcome=partial profile=routine postgres:14 text="my app"'
    ) == AuditFilter(
        hosts=("prod-3",),
        tags=("ci",),
        people=("@ann",),
        outcomes=("partial",),
        profiles=("routine",),
        texts=("postgres:14", "my app"),
    )


def test_every_field_of_a_filter_has_a_key_whose_example_sets_it_alone_and_which_people_are_told() -> None:
    assert [key.field for key in KEYS] == [each.name for each in fields(AuditFilter)]
    page = PAGE.read_text()
    for key in KEYS:
        found = read(key.usage.strip("`"))
        assert [each.field for each in KEYS if each.values(found)] == [key.field]
        assert found.words()[0].startswith(f"{key.name}=")
        assert bool(found.wanted()) == (key.field not in {"hosts", "tags", "since", "until"})
        assert f"| {key.usage} | {key.meaning} |" in page


def test_no_word_means_everything() -> None:
    assert read("") == EVERYTHING


@pytest.mark.parametrize(
    ("word", "since", "until"),
    [
        ("since=30d", NOW.replace(microsecond=0) - timedelta(days=30), None),
        ("since=1h30m", NOW.replace(microsecond=0) - timedelta(minutes=90), None),
        ("SINCE=2026-11-01", datetime(2026, 11, 1, tzinfo=UTC), None),
        ("until=2026-11-01", None, datetime(2026, 11, 2, tzinfo=UTC)),
        ("until=2026-11-01T08:00", None, datetime(2026, 11, 1, 8, tzinfo=UTC)),
        ("until=2026-11-01T08:00+02:00", None, datetime(2026, 11, 1, 6, tzinfo=UTC)),
        ("until=7d", None, NOW.replace(microsecond=0) - timedelta(days=7)),
    ],
)
def test_moments_are_so_long_ago_or_days_of_which_the_last_counts_whole(
    word: str, since: datetime | None, until: datetime | None
) -> None:
    assert read(word) == AuditFilter(since=since, until=until)


def test_the_same_key_again_and_commas_widen() -> None:
    found = read("outcome=partial,failed outcome=stopped by=U0ANN,@bob host=prod-3 ci-1 profile=ci,routine")
    assert found.outcomes == ("partial", "failed", "stopped")
    assert found.people == ("U0ANN", "@bob")
    assert found.hosts == ("prod-3", "ci-1")
    assert found.profiles == ("ci", "routine")


def test_a_word_with_an_equals_sign_may_be_the_name_of_a_host_or_of_an_object() -> None:
    assert read("time=zone").hosts == ("time=zone",)
    assert read("text=a=b my.label=x").texts == ("a=b", "my.label=x")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("since=soon", "since=soon”: write how long ago (30d, 12h) or a day (2026-11-01)"),
        ("since=99999999d", "that is longer ago than calendars go"),
        ("since=900000d", "that is longer ago than calendars go"),
        ("until=2026-13-01", "write how long ago"),
        ("until=9999-12-31", "“until=9999-12-31”: "),
        ("since=2d until=3d", "since= is later than until=: nothing lies between them"),
        ("outcome=good", "“good” is no outcome; they are running, done, partial, stopped, failed"),
        ("outcom=done", "there is no filter outcom=; did you mean outcome=?"),
        ("whatever=1", "there is no filter whatever=; the filters are host=, tag=, since=, until=, by="),
        ("by=", "nothing stands behind the equals sign"),
        ("by=@", "a name or a Slack user id stands behind by="),
        ("@", "a host's tag stands behind the @"),
        ("*", "a * stands only at the end of a name"),
        ("post*gres", "a * stands only at the end of a name"),
        ('text="open', "A quotation mark is opened and not closed"),
    ],
)
def test_a_wrong_word_is_named_with_what_is_wrong_and_what_to_write(line: str, says: str) -> None:
    with pytest.raises(UsageError) as wrong:
        read(line)
    assert says in str(wrong.value)
    assert f"Example: {EXAMPLE}" in str(wrong.value) or wrong.value.right == "outcome=done"


def test_the_example_is_one() -> None:
    assert read(EXAMPLE).texts == ("postgres:14",)


def test_a_host_that_is_named_as_one_and_is_none_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownHostError, match="Did you mean prod-3"):
        read("host=prod-33")


def test_more_than_a_button_could_carry_is_refused() -> None:
    with pytest.raises(UsageError, match=f"longer than {LONGEST} characters"):
        read("x" * LONGEST)


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20).filter(
    lambda text: text == text.strip() and text.strip(", @*") == text and "," not in text and "*" not in text
)
FILTERS = st.builds(
    AuditFilter,
    hosts=st.lists(st.sampled_from(HOSTS), unique=True).map(tuple),
    tags=st.lists(NAMES, unique=True, max_size=3).map(tuple),
    since=st.none() | st.datetimes(datetime(2000, 1, 1), datetime(2020, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - in UTC by the strategy
    until=st.none() | st.datetimes(datetime(2021, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - the same
    people=st.lists(st.from_regex(r"[UW][A-Z0-9]{2,9}", fullmatch=True), unique=True, max_size=3).map(tuple),
    outcomes=st.lists(st.sampled_from(OUTCOMES), unique=True).map(tuple),
    profiles=st.lists(NAMES, unique=True, max_size=3).map(tuple),
    texts=st.lists(NAMES | NAMES.map(lambda text: f"{text}*"), unique=True, max_size=3).map(tuple),
)


@given(FILTERS, st.datetimes(timezones=st.just(UTC)))
def test_a_filter_is_the_same_after_it_was_written_and_read_at_any_other_time(
    matching: AuditFilter, later: datetime
) -> None:
    assert parse_filter(split_line(matching.line()), HOSTS, later) == matching


@given(st.text(max_size=60))
def test_whatever_is_typed_is_a_filter_or_is_answered(line: str) -> None:
    try:
        found = read(line)
    except UsageError:
        return
    assert parse_filter(found.words(), HOSTS, NOW) == found
