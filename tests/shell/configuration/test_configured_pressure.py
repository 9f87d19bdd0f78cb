"""``[watch.pressure]``: from where on a disk is told to be too full; for all, by tag, and for one host."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.config import toml
from bot.config.settings import load
from bot.config.telling.shown import shown
from bot.core.errors import ConfigurationError
from bot.core.plan.arguments import parse_arguments
from bot.core.rules.alerting import NO_ALERTS, Alerting
from bot.core.watch.pressure.lines import Bounds, Level, Line
from tests.slack.states import MADE


def alerting(folder: Path, table: dict[str, Any] | None, **host: Any) -> dict[str, Alerting]:
    file = folder / "deckhand.toml"
    hosts = {
        "plain": {"docker": "unix:///x"},
        "ci-1": {"docker": "unix:///y", "tags": ["ci", "eu"]},
        "own": {"docker": "unix:///z", "tags": ["ci"], **host},
    }
    toml.write(file, {"hosts": hosts, **({} if table is None else {"watch": {"pressure": table}})})
    return {name: host.alerts for name, host in load(file, {}).rules.hosts.by_name.items()}


def used(at: float, clears: float) -> Bounds:
    return Bounds(at=Line(share=at), clears=Line(share=clears))


def test_a_configuration_from_before_has_no_alerts_and_what_it_says_of_lines_alone_makes_none(
    tmp_path: Path,
) -> None:
    assert set(alerting(tmp_path, None).values()) == {NO_ALERTS}
    assert not any(
        each.channel for each in alerting(tmp_path, {"warn": "50%", "warn_clears": "40%"}).values()
    )


def test_a_channel_is_all_it_takes_and_the_lines_are_those_of_the_field(tmp_path: Path) -> None:
    found = alerting(tmp_path, {"channel": "C0OPS"})["plain"]
    lines = found.lines
    assert (found.channel, found.repeat, found.escalation) == ("C0OPS", timedelta(hours=4), None)
    assert (lines.warn, lines.inodes_warn) == (used(0.9, 0.8), used(0.9, 0.8))
    assert lines.critical == Bounds(at=Line(share=0.98, free=5 * 10**9), clears=Line(share=0.9))
    assert lines.inodes_critical == used(0.98, 0.9)
    assert lines.hours is not None
    assert (lines.hours.at, lines.hours.clears) == (timedelta(hours=8), timedelta(hours=48))
    assert (lines.holds, lines.clears) == (timedelta(minutes=1), timedelta(minutes=15))
    assert lines.unreachable == timedelta(minutes=30)


def test_a_tag_and_a_host_have_lines_of_their_own_and_the_nearest_counts(tmp_path: Path) -> None:
    table = {
        "channel": "C0OPS", "for": "5m", "warn": "20GB", "warn_clears": "40GB",
        "tags": {"eu": {"channel": "C0EU"}, "ci": {"warn": "off", "unreachable": "off"}},
    }  # fmt: skip
    found = alerting(tmp_path, table, pressure={"critical": "10GB", "critical_clears": "15GB"})
    assert found["plain"].lines.warn == Bounds(at=Line(free=20 * 10**9), clears=Line(free=40 * 10**9))
    assert found["plain"].lines.holds == timedelta(minutes=5)
    assert (found["ci-1"].channel, found["ci-1"].lines.warn) == ("C0EU", found["plain"].lines.warn)
    assert (found["own"].channel, found["own"].lines.warn, found["own"].lines.unreachable) == (
        "C0OPS",
        None,
        None,
    )
    assert found["own"].lines.critical == Bounds(at=Line(free=10 * 10**9), clears=Line(free=15 * 10**9))
    assert alerting(tmp_path, table, pressure={"channel": "off"})["own"] == NO_ALERTS
    assert alerting(tmp_path, table, watch="off")["own"] == NO_ALERTS, "nobody looks at it"


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({}, ("routine", "below=80%")),
        ({"warn": "20GB", "warn_clears": "40GB", "profile": "everything"}, ("everything", "free=40001MB")),
        ({"warn_clears": "82.5% and 10GB"}, ("routine", "below=82%")),
        ({"warn": "off"}, ("routine", "below=90%")),
        ({"warn": "off", "critical": "20GB", "critical_clears": "40GB"}, ("routine", "free=40001MB")),
        ({"warn": "off", "critical": "off"}, ("routine",)),
    ],
)
def test_the_plan_of_an_alert_takes_what_it_takes_to_be_behind_the_line(
    tmp_path: Path, table: dict[str, Any], words: tuple[str, ...]
) -> None:
    found = alerting(tmp_path, {"channel": "C0OPS", **table})["plain"]
    assert found.ends(["disk:warn"]) == words
    assert found.ends(["hours", "inodes:warn"]) == words[:1]
    assert parse_arguments(words).profile == words[0]


def test_quiet_hours_hold_by_the_week_and_once_and_what_is_critical_is_told_all_the_same(
    tmp_path: Path,
) -> None:
    table = {
        "channel": "C0OPS", "quiet": ["mon-fri 20:00-07:00"], "quiet_once": ["2026-03-01 12:00 to 2026-03-01 15:00"],
        "time_zone": "Europe/Berlin",
    }  # fmt: skip
    quiet = alerting(tmp_path, table)["plain"].quiet
    assert quiet.holds(MADE, Level.WARN), "13:00 in Berlin, on that Sunday"
    assert not quiet.holds(MADE, Level.CRITICAL)
    assert not quiet.holds(MADE + timedelta(hours=2), Level.WARN)
    assert quiet.holds(MADE + timedelta(days=1, hours=8), Level.WARN), "Monday, 21:00 in Berlin"
    assert not quiet.holds(MADE + timedelta(hours=8), Level.WARN), "Sunday, 21:00 in Berlin"
    assert alerting(tmp_path, {**table, "quiet_critical": True})["plain"].quiet.holds(MADE, Level.CRITICAL)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"warn": "soon"}, r"watch\.pressure\.warn: “soon” in “soon” is no line; write it like 90%"),
        ({"warn": "120%"}, r"watch\.pressure\.warn: “120%” is no share of a disk"),
        ({"warn": "90% and 95%"}, r"watch\.pressure\.warn: “90% and 95%” says the same twice"),
        ({"warn": 90}, r"watch\.pressure\.warn: a line is written as text, like \"90%\""),
        ({"for": "soon"}, r"watch\.pressure\.for: “soon” is not a duration; write it like 30m"),
        ({"for_": "1m"}, r"watch\.pressure\.for_: there is no such key; did you mean for\?"),
        ({"wrn": "90%"}, r"watch\.pressure\.wrn: there is no such key; did you mean warn\?"),
        ({"inodes_warn": "20GB"}, r"inodes_warn: “20GB” is no share; inodes are counted in percent"),
        ({"warn": "80%", "warn_clears": "90%"}, r"pressure\.warn_clears: 90% is beyond warn \(80%\)"),
        ({"warn": "20GB", "warn_clears": "10GB"}, r"pressure\.warn_clears: 10GB is beyond warn \(20GB\)"),
        ({"warn": "70%"}, r"pressure\.warn_clears: 80% is beyond warn \(70%\)"),
        ({"critical": "85%", "critical_clears": "80%"}, r"critical: 85% comes before warn \(90%\)"),
        ({"hours_left": "72h"}, r"hours_left_clears: is shorter than hours_left \(72h\)"),
        ({"channel": "ops"}, r"channel: “ops” is no channel's id"),
        ({"quiet": ["nightly"]}, r"quiet\.0: “nightly” is no window"),
        ({"quiet_once": ["tomorrow"]}, r"quiet_once\.0: “tomorrow” is no period; write it like 2026-12-24 18:00 to"),
        ({"quiet_once": ["2026-02-30 10:00 to 2026-03-01 10:00"]}, r"names a day or a time that there is not"),
        ({"escalate_to": ["*"], "escalate_after": "1h"}, r"escalate_to: “\*” is nobody in particular"),
        ({"escalate_to": ["U0BOB"]}, r"escalate_to: after how long\?"),
        ({"escalate_after": "1h"}, r"escalate_after: to whom\?"),
        ({"profile": "routin"}, r"pressure\.profile: “routin” is no profile; did you mean routine\?"),
        ({"profile": "volumes"}, r"pressure\.profile: “volumes” takes volumes, which only a person picks"),
        ({"tags": {"cj": {"warn": "90%"}}}, r"watch\.pressure\.tags\.cj: no host has the tag “cj”; there are: ci, eu"),
        ({"tags": {"ci": {"warn": "70%"}}}, r"pressure\.tags\.ci\.warn_clears: 80% is beyond warn \(70%\)"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place_and_remedy(
    tmp_path: Path, table: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        alerting(tmp_path, table)


def test_a_host_s_own_line_is_told_wrong_at_the_host(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigurationError, match=r"hosts\.own\.pressure\.warn_clears: 80% is beyond warn \(60%\)"
    ):
        alerting(tmp_path, None, pressure={"warn": "60%"})


def test_where_each_value_comes_from_is_shown(tmp_path: Path) -> None:
    table = {"channel": "C0OPS", "quiet": ["mon-fri 20:00-07:00"], "tags": {"ci": {"for": "2m"}}}
    alerting(tmp_path, table, pressure={"repeat": "6h"})
    found = {
        (each.table, each.key): (each.value, each.place) for each in shown(tmp_path / "deckhand.toml", {})
    }
    file = str(tmp_path / "deckhand.toml")
    assert found["watch.pressure", "channel"] == ("C0OPS", file)
    assert found["watch.pressure", "for"] == ("1m", "default")
    assert found["watch.pressure.tags.ci", "for"] == ("2m", file)
    assert found["watch.pressure.tags.ci", "channel"] == ("C0OPS", "[watch.pressure]")
    assert found["hosts.own.pressure", "repeat"] == ("6h", file)
    assert found["hosts.own.pressure", "for"] == ("2m", "[watch.pressure.tags.ci]")
    assert found["hosts.own.pressure", "quiet"] == (["mon-fri 20:00-07:00"], "[watch.pressure]")
    assert found["hosts.own.pressure", "warn"] == ("90%", "default")
