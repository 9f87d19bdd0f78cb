"""``deckhand history``, and what `deckhand df` says of how long disks last."""

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bot.services.watch.histories import Histories
from bot.shell.stored import DatabaseClock
from bot.store.opening import Store, open_store
from tests.core.watch.histories import GB, made
from tests.support.shell import deckhand


@pytest.fixture
def watched(folder: Path) -> Path:
    """The host prod-3 was watched for a month."""
    with closing(open_store(f"sqlite:///{folder / 'deckhand.db'}")) as store:
        seed(store)
    return folder


def seed(store: Store) -> None:
    past = made(5, 30, size=460 * GB).samples
    by = store.ledger.now() - past[-1].at
    store.samples.keep("prod-3", "", "engine", *(replace(each, at=each.at + by) for each in past))
    clock = DatabaseClock(store.ledger)
    Histories(samples=store.samples, audit=store.audit, clock=clock).foretell("prod-3")


def test_a_history_says_when_the_disk_is_full_what_grows_and_how_full_it_was(watched: Path) -> None:
    ended = deckhand("history", "prod-3", folder=watched)
    assert ended.returncode == 0, ended.stderr
    for words in ("If nobody cleans up: full in 27 days", "GROWS BY", "Not in Docker's figures", "IN DOCKER"):
        assert words in ended.stdout
    assert 20 < ended.stdout.count("%") < 30
    week = deckhand("history", "prod-3", "7d", folder=watched).stdout
    assert "full in 27 days" in week, "the forecast is made of the whole of it"


def test_a_history_as_json_has_all_samples_in_bytes_and_the_forecast(watched: Path) -> None:
    found = json.loads(deckhand("history", "prod-3", "--json", folder=watched).stdout)
    assert found["host"] == "prod-3"
    assert len(found["samples"]) > 700
    last = found["samples"][-1]
    assert last["size"] == pytest.approx(460 * GB, rel=0.001)
    assert set(last["kinds"]) == {"images", "containers", "volumes", "build_cache"}
    forecast = found["forecast"]
    assert forecast["enough"]
    assert forecast["filling"]
    assert forecast["bytes_a_day"] == pytest.approx(5.9 * GB, rel=0.1)
    full = forecast["if_nobody_cleans_up"]
    assert full["earliest"] < full["at"] < full["latest"]
    assert forecast["at_the_present_rhythm"]["at"] is None


def test_a_host_that_was_never_sampled_has_none(folder: Path) -> None:
    ended = deckhand("history", "prod-3", folder=folder)
    assert ended.returncode == 0
    assert ended.stdout.startswith("prod-3: no history yet.")
    found = json.loads(deckhand("history", "prod-3", "--json", folder=folder).stdout)
    assert (found["samples"], found["forecast"]) == ([], None)


def test_what_is_no_host_or_no_time_is_told(folder: Path) -> None:
    assert "Did you mean prod-3?" in deckhand("history", "prod-33", folder=folder).stderr
    assert "“soon” is not a duration" in deckhand("history", "prod-3", "soon", folder=folder).stderr
    assert "at least 1h" in deckhand("history", "prod-3", "5m", folder=folder).stderr


def test_df_says_how_long_the_disk_lasts_and_puts_what_fills_first_on_top(watched: Path) -> None:
    assert "How long the disk lasts: 27 days left." in deckhand("df", "prod-3", folder=watched).stdout
    several = deckhand("df", "prod-3,build", folder=watched).stdout
    assert "LASTS" in several
    assert "27 days left" in several


def test_df_makes_no_database_where_there_is_none(folder: Path) -> None:
    (folder / "deckhand.db").unlink()
    ended = deckhand("df", "prod-3", folder=folder)
    assert ended.returncode == 0
    assert "How long" not in ended.stdout
    assert not (folder / "deckhand.db").exists()
