"""Hosts whose engines share an id, in a shell: named as one engine or as clones, and one engine is counted once."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot.trial.sample import SampleEngine
from tests.support.lying.twins import furnished
from tests.support.shell import deckhand

CONFIGURATION = """
[database]
url = "sqlite:///deckhand.db"
[hosts.north]
docker = "{north}"
[hosts.also-north]
docker = "{north}"
[hosts.south]
docker = "{south}"
[policies.default]
look = ["*"]
"""
ONE = "also-north and north are one engine: it is counted once, and one cleanup at a time runs on it"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with ExitStack() as stack:
        sockets = Path(stack.enter_context(TemporaryDirectory(prefix="dh-", dir="/tmp")))
        engines = {
            name: stack.enter_context(SampleEngine(universe=furnished(name), socket_path=sockets / name))
            for name in ("north", "south")
        }
        (tmp_path / "deckhand.toml").write_text(
            CONFIGURATION.format(**{name: engine.url for name, engine in engines.items()})
        )
        yield tmp_path


def test_check_and_doctor_name_one_engine_and_clones(folder: Path) -> None:
    deckhand("plan", "north", folder=folder)
    clones = "share an engine id, as cloned machines do: they are two engines, told apart"
    for command in (("hosts", "check"), ("doctor",)):
        said = deckhand(*command, folder=folder).stdout
        assert f"note  {ONE}" in said
        assert said.count(clones) == 2
        assert "south (south, /var/lib/docker)" in said
    assert "north (north, /var/lib/docker, first seen 20" in deckhand("doctor", folder=folder).stdout


def test_a_fleet_counts_one_engine_once(folder: Path) -> None:
    told = json.loads(deckhand("df", "all", "--json", folder=folder).stdout)
    sizes = {host["host"]: host["size"] for host in told["hosts"]}
    assert {host["host"]: host["same_engine_as"] for host in told["hosts"]} == {
        "north": "also-north", "also-north": None, "south": None,
    }  # fmt: skip
    assert told["total"]["hosts"] == 2
    assert told["total"]["size"] == sizes["north"] + sizes["south"]
    said = deckhand("df", "all", folder=folder).stdout
    assert "note  north is the same engine as also-north: it is counted once" in said
    assert "all 2" in said
