"""What people type behind a slash command, on keyboards and on phones."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import UsageError
from bot.core.plan.arguments import Arguments
from bot.core.plan.profiles import BUILT_IN
from bot.slack.parsing import (
    AUDIT,
    DF,
    PRUNE,
    USAGE,
    DfCommand,
    HelpRequestedError,
    PruneCommand,
    WhyCommand,
    as_typed,
    audit_words,
    parse_df,
    parse_prune,
    profiles_help,
)

PARSERS: dict[str, Callable[[str], DfCommand | PruneCommand | WhyCommand | list[str]]] = {
    DF: parse_df,
    PRUNE: parse_prune,
    AUDIT: audit_words,
}


@pytest.mark.parametrize("text", ["", "   ", "\t"])
def test_without_a_host_the_fleet_is_meant(text: str) -> None:
    assert parse_df(text) == DfCommand(host=None)
    assert audit_words(text) == []


@pytest.mark.parametrize(
    "text",
    ["prod-3", "  prod-3 ", "'prod-3'", '"prod-3"', "\u2018prod-3\u2019", "\u201cprod-3\u201d", "`prod-3`"],
)
def test_a_host_is_meant_whatever_quotes_a_phone_puts_around_it(text: str) -> None:
    assert parse_df(text) == DfCommand(host="prod-3")
    assert audit_words(text) == ["prod-3"]
    assert parse_prune(text) == PruneCommand(host="prod-3", arguments=Arguments())


def test_a_profile_stands_behind_the_host() -> None:
    everything, ci = Arguments(profile="everything"), Arguments(profile="ci")
    assert parse_prune("prod-3 everything") == PruneCommand(host="prod-3", arguments=everything)
    assert parse_prune(" prod-3\u00a0\u201cci\u201d ") == PruneCommand(host="prod-3", arguments=ci)


def test_arguments_and_single_objects_stand_behind_the_host_too() -> None:
    narrowed = parse_prune("prod-3 routine \u2018until=10d\u2019 keep=2")
    assert isinstance(narrowed, PruneCommand)
    assert narrowed.arguments.words == ("until=10d", "keep=2")
    picked = parse_prune("prod-3 image=app:1")
    assert isinstance(picked, PruneCommand)
    assert [str(pick) for pick in picked.arguments.picks] == ["image=app:1"]


def test_why_asks_for_an_object() -> None:
    assert parse_prune("prod-3 why app:1") == WhyCommand(host="prod-3", name="app:1")
    assert parse_prune("prod-3 WHY web-1") == WhyCommand(host="prod-3", name="web-1")
    for text in ("prod-3 why", "prod-3 why a b"):
        with pytest.raises(UsageError, match="Which object"):
            parse_prune(text)


@pytest.mark.parametrize("value", ["<!channel>", "a`b", "&lt;b", "a\u202eb", "$(rm)", "a;b", "x" * 600])
def test_what_no_name_has_is_refused_before_it_gets_anywhere(value: str) -> None:
    with pytest.raises(UsageError, match="has a character that no name"):
        parse_prune(f"prod-3 not={value}")


def test_a_cleanup_without_a_host_is_asked_which() -> None:
    with pytest.raises(UsageError) as refused:
        parse_prune(" ")
    assert str(refused.value) == f"Which host?\n{USAGE[PRUNE]}"


@pytest.mark.parametrize(
    ("command", "text", "odd"),
    [
        (DF, "prod-3 prod-4", "prod-4"),
        (PRUNE, "prod-3 routine now please", "now"),
    ],
)
def test_a_word_too_many_is_named_in_one_line(command: str, text: str, odd: str) -> None:
    with pytest.raises(UsageError) as refused:
        PARSERS[command](text)
    assert str(refused.value).startswith(f"I do not understand “{odd}”.")
    assert "\n" not in str(refused.value)
    assert not isinstance(refused.value, HelpRequestedError)


@pytest.mark.parametrize("command", PARSERS)
@pytest.mark.parametrize("text", ["help", "HELP", " help me please ", "“help”"])
def test_help_is_the_usage_of_the_command_with_an_example(command: str, text: str) -> None:
    with pytest.raises(HelpRequestedError) as helped:
        PARSERS[command](text)
    assert str(helped.value) == USAGE[command]
    assert f"Example: `{command} " in USAGE[command]


def test_the_help_about_cleanups_lists_every_profile() -> None:
    lines = profiles_help(BUILT_IN.values()).splitlines()
    assert lines == [f"• `{profile.name}`: {profile.words()}" for profile in BUILT_IN.values()]
    assert "dangling image" in USAGE[PRUNE]
    assert "unused one" in USAGE[PRUNE]


@given(st.sampled_from(sorted(PARSERS)), st.text())
def test_whatever_is_typed_is_understood_or_answered_in_one_line_or_with_the_usage(
    command: str, text: str
) -> None:
    try:
        understood = PARSERS[command](text)
    except UsageError as refused:
        said = str(refused)
        helped = said in {USAGE[command], f"Which host?\n{USAGE[command]}"}
        assert helped or "\n" not in said.replace(text, "")
        return
    assert isinstance(understood, list) or understood.host is None or understood.host in text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("by=<@U0ANN|ann>", ["by=U0ANN"]),
        ("by=<@U0ANN>,<@W0BOB|bob b.>", ["by=U0ANN,W0BOB"]),
        ("<@U0ANN|Ann B.> prod-3", ["by=U0ANN", "prod-3"]),
        ("<!subteam^S0OPS|@ci>", ["@ci"]),
        ("@ci  since=30d", ["@ci", "since=30d"]),
        ("text=\u201cmy app\u201d", ["text=my app"]),
        ("text=`my app`", ["text=my app"]),
        ("a&amp;b &lt;none&gt;", ["a&b", "<none>"]),
    ],
)
def test_a_filter_comes_as_slack_and_phones_write_it(text: str, words: list[str]) -> None:
    assert audit_words(text) == words


def test_help_about_the_audit_names_every_filter() -> None:
    with pytest.raises(HelpRequestedError) as told:
        audit_words("help")
    for word in ("since=", "until=", "by=", "outcome=", "profile=", "`prod-3`", "`@ci`", "postgres:14"):
        assert word in str(told.value)


@pytest.mark.parametrize(
    ("arrived", "typed"),
    [
        ("<http://registry.example.com/app:1|registry.example.com/app:1>", "registry.example.com/app:1"),
        ("<https://a.example/b>", "https://a.example/b"),
        ("<mailto:a@b.example|a@b.example>", "a@b.example"),
        ("<!subteam^S0OPS|@ops-team> <!subteam^S0OPS>", "@ops-team @S0OPS"),
        ("<#C0OPS|ops> <#C0OPS>", "#ops #C0OPS"),
        ("<@U0BOB|bob> <@U0BOB>", "@bob @U0BOB"),
        ("prod-3 <none>", "prod-3 <none>"),
        ("label!=a&amp;b &lt;@U0BOB&gt;", "label!=a&b <@U0BOB>"),
    ],
)
def test_what_slack_made_of_a_name_is_what_somebody_typed(arrived: str, typed: str) -> None:
    assert as_typed(arrived) == typed


def test_links_and_mentions_are_names_in_every_command() -> None:
    link = "<http://registry.example.com/app:1|registry.example.com/app:1>"
    assert parse_df("<http://web.example.com|web.example.com>").host == "web.example.com"
    assert parse_prune(f"prod-3 why {link}") == WhyCommand(host="prod-3", name="registry.example.com/app:1")
    assert parse_prune("prod-3 why a&amp;b") == WhyCommand(host="prod-3", name="a&b")
    assert audit_words(f"{link} <@U0BOB|bob> <!subteam^S0CI|@ci>") == [
        "registry.example.com/app:1",
        "by=U0BOB",
        "@ci",
    ]
