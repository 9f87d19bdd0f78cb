"""Text for Slack: nothing from a host pings, links, breaks a line or grows without bound."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.kit.text import (
    bar,
    clip,
    code,
    date,
    escape,
    lines_within,
    link,
    mention_id,
    mentions,
    one_line,
    paragraphs,
    plain,
    plural,
)

MOMENT = datetime(2026, 3, 1, 12, 30, 59, tzinfo=UTC)


def test_the_three_control_characters_are_escaped_and_nothing_else() -> None:
    assert escape("<!channel> & <@U1> > \"'`*_~") == "&lt;!channel&gt; &amp; &lt;@U1&gt; &gt; \"'`*_~"


def test_what_is_escaped_already_is_shown_as_it_was_written() -> None:
    assert escape("&lt;!channel&gt;") == "&amp;lt;!channel&amp;gt;"


@given(st.text())
def test_escaping_loses_nothing(text: str) -> None:
    escaped = escape(text)
    assert not set("<>") & set(escaped)
    assert escaped.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == text


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("", 3, ""), ("abcd", 1, "…")],
)
def test_a_long_text_is_cut_visibly_and_a_fitting_one_is_left_alone(
    text: str, limit: int, shown: str
) -> None:
    assert clip(text, limit) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("web:1", "`web:1`"),
        ("<none>", "`&lt;none&gt;`"),
        ("a`b`c", "`a'b'c`"),
        ("one\ntwo\r\n\tthree", "`one two three`"),
        ("x\u202ey\u2066z\u200f", "`xyz`"),
        ("\x00a\ud800b\x1b", "`ab`"),
        ("déjà vu 日本 שלום", "`déjà vu 日本 שלום`"),
        ("", "` `"),
        ("\n\u200b", "` `"),
    ],
)
def test_a_name_becomes_one_line_of_code(text: str, shown: str) -> None:
    assert code(text) == shown


def test_a_name_is_cut_before_it_is_escaped_so_that_no_escape_is_cut_in_two() -> None:
    assert code("&&&&", 3) == "`&amp;&amp;…`"
    assert plain("<<<<", 3) == "&lt;&lt;…"


@given(st.text(), st.integers(min_value=1, max_value=50))
def test_whatever_a_name_is_its_code_is_one_bounded_line_without_markup(text: str, limit: int) -> None:
    shown = code(text, limit)
    assert shown[0] == shown[-1] == "`"
    inner = shown[1:-1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert 1 <= len(inner) <= limit
    assert not {"`", *"\n\r\x0b\x0c\x85\u2028\u2029"} & set(inner)
    assert not set("<>") & set(shown)
    shown.encode()


@given(st.text())
def test_one_line_keeps_every_word_that_can_be_seen(text: str) -> None:
    kept = one_line(text)
    assert kept.splitlines() == ([kept] if kept else [])
    assert [c for c in kept if not c.isspace()] == [c for c in text if c.isprintable() and not c.isspace()]


@pytest.mark.parametrize(
    ("user_id", "shown"),
    [
        ("U0ANN", "<@U0ANN>"),
        ("W012A3CDE", "<@W012A3CDE>"),
        ("S0OPS", "S0OPS"),
        ("root", "root"),
        ("Ursula", "Ursula"),
        ("U0ANN> <!channel", "U0ANN&gt; &lt;!channel"),
        ("", ""),
    ],
)
def test_only_a_slack_id_is_mentioned(user_id: str, shown: str) -> None:
    assert mention_id(user_id) == shown


def test_ten_people_are_mentioned_and_the_others_are_counted() -> None:
    people = [f"U{number:04}" for number in range(12)]
    assert mentions(people[:10]).count("<@") == 10
    assert mentions(people[:10]).endswith("<@U0009>")
    assert mentions(people).endswith("<@U0009> and 2 more")
    assert mentions([]) == ""


def test_a_moment_is_shown_in_the_readers_zone_with_utc_to_fall_back_on() -> None:
    seconds = int(MOMENT.timestamp())
    assert date(MOMENT) == f"<!date^{seconds}^{{date_short_pretty}} {{time}}|2026-03-01 12:30 UTC>"
    assert date(MOMENT, "{date}") == f"<!date^{seconds}^{{date}}|2026-03-01 12:30 UTC>"


def test_a_moment_of_another_zone_falls_back_to_utc_all_the_same() -> None:
    elsewhere = MOMENT.astimezone(timezone(timedelta(hours=-9)))
    assert date(elsewhere) == date(MOMENT)


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0, "░░░░"), (0.5, "██░░"), (1, "████"), (-1, "░░░░"), (7, "████"), (0.9, "████"), (0.2, "█░░░")],
)
def test_a_bar_is_as_full_as_its_share_and_never_wider(share: float, shown: str) -> None:
    assert bar(share, 4) == shown


def test_lines_are_taken_whole_up_to_the_limit_and_the_rest_is_counted() -> None:
    lines = ["aaaa", "bbbb", "cccc"]
    assert lines_within(lines, 15) == (lines, 0)
    assert lines_within(lines, 14) == (["aaaa", "bbbb"], 1)
    assert lines_within(lines, 4) == ([], 3)
    assert lines_within([], 4) == ([], 0)


def test_after_the_first_line_that_does_not_fit_none_is_taken() -> None:
    assert lines_within(["aaaa", "b" * 40, "c"], 20) == (["aaaa"], 2)


@given(st.lists(st.text(min_size=1, max_size=30)), st.integers(min_value=30, max_value=100))
def test_paragraphs_hold_every_line_and_none_is_longer_than_the_limit(lines: list[str], limit: int) -> None:
    texts = paragraphs(lines, limit)
    assert "\n".join(texts) == "\n".join(lines)
    assert all(len(text) <= limit for text in texts)


def test_paragraphs_are_as_full_as_they_may_be() -> None:
    assert paragraphs(["aaaa", "bbbb", "cccc"], 9) == ["aaaa\nbbbb", "cccc"]


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 objects"), (1, "1 object"), (2, "2 objects"), (1234567, "1,234,567 objects")]
)
def test_a_count_goes_with_its_noun(count: int, words: str) -> None:
    assert plural(count, "object") == words


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*bold* and _it_ and ~no~", "\u2217bold\u2217 and \uff3fit\uff3f and \u223cno\u223c"),
        ("my_own_volume a*b*c", "my_own_volume a*b*c"),
        ("postgres*", "postgres*"),
        ("__init__ **", "\uff3f\uff3finit\uff3f\uff3f \u2217\u2217"),
        ("`rm -rf`", "'rm -rf'"),
    ],
)
def test_text_from_a_host_formats_nothing_and_stays_as_it_is_where_it_could_not(
    text: str, shown: str
) -> None:
    assert plain(text) == shown


@pytest.mark.parametrize(
    "address",
    [
        "", "javascript:alert(1)", "https://a|b> <!channel", "https://a> <@U0EVE>", "https://a\n<!here>",
        "https://a b", "//a", "mailto:eve@a", "https://",
    ],
)  # fmt: skip
def test_an_address_of_the_database_leads_somewhere_or_is_no_link(address: str) -> None:
    assert link(address, "Open") == ""


def test_a_link_has_its_words() -> None:
    place = "https://acme.slack.example/archives/C0OPS/p1772368200000100?thread_ts=1.2&cid=C0OPS"
    assert link(place, "Open the plan") == f"<{place}|Open the plan>"
