"""``[watch]``: how often hosts are looked at by themselves, for all, by tag, and for one host."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.config import toml
from bot.config.settings import load
from bot.core.errors import ConfigurationError
from bot.core.watch.pace import Pace

SIX_HOURS = timedelta(hours=6)


def paces(folder: Path, table: dict[str, Any] | None, **host: Any) -> dict[str, Pace]:
    file = folder / "deckhand.toml"
    hosts = {
        "plain": {"docker": "unix:///x"},
        "ci-1": {"docker": "unix:///y", "tags": ["ci", "eu"]},
        "own": {"docker": "unix:///z", "tags": ["ci"], **host},
    }
    toml.write(file, {"hosts": hosts, **({} if table is None else {"watch": table})})
    return {name: host.watch for name, host in load(file, {}).rules.hosts.by_name.items()}


def minutes(count: float, volumes: timedelta = SIX_HOURS) -> Pace:
    return Pace(every=timedelta(minutes=count), volumes_every=volumes)


def test_every_host_is_watched_each_quarter_of_an_hour_unless_told_otherwise(tmp_path: Path) -> None:
    assert set(paces(tmp_path, None).values()) == {minutes(15)}
    assert set(paces(tmp_path, {"every": "1h", "volumes_every": "1d"}).values()) == {
        minutes(60, timedelta(days=1))
    }
    assert set(paces(tmp_path, {"every": "off"}).values()) == {Pace(every=None)}


def test_a_tag_and_a_host_have_a_pace_of_their_own_and_the_nearest_counts(tmp_path: Path) -> None:
    watch = {"every": "30m", "tags": {"eu": {"volumes_every": "12h"}, "ci": {"every": "5m"}}}
    found = paces(tmp_path, watch, watch="off")
    assert found == {
        "plain": minutes(30),
        "ci-1": minutes(30, timedelta(hours=12)),  # the first of its tags in the file
        "own": Pace(every=None),
    }
    assert paces(tmp_path, watch)["own"] == minutes(5)
    assert paces(tmp_path, {"every": "off"}, watch="10m")["own"] == minutes(10)


@pytest.mark.parametrize(
    ("watch", "words"),
    [
        ({"every": "soon"}, r"watch\.every: “soon” is not a duration"),
        ({"every": "10s"}, r"watch\.every: is between 1m and 1d"),
        ({"every": "2d"}, r"watch\.every: is between 1m and 1d"),
        ({"every": 15}, r"watch\.every: a pace is written as text"),
        ({"evry": "15m"}, r"watch\.evry: there is no such key; did you mean every\?"),
        ({"tags": {"cj": {"every": "5m"}}}, r"watch\.tags\.cj: no host has the tag “cj”"),
        (
            {"tags": {"ci": {"evry": "5m"}}},
            r"watch\.tags\.ci\.evry: there is no such key; did you mean every\?",
        ),
        ({"every": "6h", "volumes_every": "1h"}, r"watch\.volumes_every: is shorter than every \(6h\)"),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_remedy(
    tmp_path: Path, watch: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        paces(tmp_path, watch)


def test_a_host_s_own_pace_is_told_wrong_at_the_host(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"hosts\.own\.watch: is between 1m and 1d"):
        paces(tmp_path, None, watch="1s")
