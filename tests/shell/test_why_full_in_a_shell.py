"""``deckhand why-full``: the whole disk in a terminal, and for programs."""

import json
from contextlib import closing
from pathlib import Path

from bot.store.opening import open_store
from tests.shell.test_history_in_a_shell import seed
from tests.support.shell import deckhand


def test_it_says_what_holds_the_disk_since_when_it_grows_and_what_to_do(folder: Path) -> None:
    with closing(open_store(f"sqlite:///{folder / 'deckhand.db'}")) as store:
        seed(store)
    ended = deckhand("why-full", "prod-3", folder=folder)
    assert ended.returncode == 0, ended.stderr
    for words in (
        "PART",
        "Images",
        "grew by",
        "Not in Docker's figures",
        "> A plan takes",
        "log that grows without an end",
    ):
        assert words in ended.stdout


def test_the_same_for_programs(folder: Path) -> None:
    found = json.loads(deckhand("why-full", "prod-3", "--json", folder=folder).stdout)
    assert found["host"] == "prod-3"
    assert found["disk"] is None, "the sample engine has none that could be seen"
    assert [part["part"] for part in found["parts"]] == [
        "images",
        "containers",
        "volumes",
        "build_cache",
        "rest",
    ]
    assert found["parts"][0]["bytes"] > 0
    assert found["parts"][0]["does"][0].startswith("A plan takes ")
    assert found["logs"]["default_driver"] == "json-file"
    assert all(log["driver"] == "json-file" for log in found["logs"]["unbounded"])


def test_a_host_that_nobody_registered_is_told_with_the_nearest(folder: Path) -> None:
    ended = deckhand("why-full", "prod-33", folder=folder)
    assert ended.returncode != 0
    assert "Did you mean prod-3?" in ended.stderr
