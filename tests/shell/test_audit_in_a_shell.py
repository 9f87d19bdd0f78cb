"""The audit in a shell: the filters of Slack, tables that stream, counts, and exit codes."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.core.life.states import Status
from bot.store.events import chain
from bot.store.opening import Store, open_store
from tests.store.cleaned import BYTES, CYD, cleaned, image
from tests.store.samples import ANNA
from tests.support.shell import deckhand

MANY = 620
"""More than are read, or put into a table, at once."""


@pytest.fixture
def past(folder: Path) -> Path:
    with closing(open_store(f"sqlite:///{folder / 'deckhand.db'}")) as store:
        cleaned(store, "first", image("registry.example/db/postgres:14"), host="prod-3")
        cleaned(store, "second", image("web:1", number=2), host="db-1", status=Status.PARTIAL, by=CYD)
        cleaned(store, "third", image("web:2", number=3), host="of-the-past", profile="ci")
    return folder


def printed(*arguments: str, folder: Path) -> Any:
    ended = deckhand(*arguments, folder=folder)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ((), ["third", "second", "first"]),
        (("postgres:14",), ["first"]),
        (("@web",), ["first"]),
        (("of-the-past",), ["third"]),
        (("by=@cyd ö.",), ["second"]),
        (("outcome=partial", "by=U0CYD", "since=1h"), ["second"]),
        (("text=web*", "profile=ci"), ["third"]),
        (("nowhere",), []),
    ],
)
def test_the_words_of_slack_find_the_same_in_a_shell(
    past: Path, words: tuple[str, ...], found: list[str]
) -> None:
    assert [one["plan"] for one in printed("audit", "list", *words, "--json", folder=past)] == found
    assert printed("audit", "stats", *words, "--json", folder=past)["all"]["cleanups"] == len(found)


def test_the_table_has_one_line_a_cleanup_and_says_when_there_is_none(past: Path) -> None:
    lines = deckhand("audit", "list", folder=past).stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["ID", "cleanup:third", "cleanup:second", "cleanup:first"]
    assert deckhand("audit", "list", "nowhere", folder=past).stdout == "No cleanup fits.\n"


def test_all_of_a_long_list_is_printed_under_one_head(folder: Path) -> None:
    with closing(open_store(f"sqlite:///{folder / 'deckhand.db'}")) as store:
        cleaned(store, "only")
        multiply(folder / "deckhand.db", store)
    lines = deckhand("audit", "list", "--limit", "0", folder=folder).stdout.splitlines()
    assert len(lines) == 1 + MANY
    assert sum(line.startswith("ID ") for line in lines) == 1
    assert len({line.index("prod-3") for line in lines[1:]}) == 1, "the columns stand below each other"
    everything = printed("audit", "list", "--limit", "0", "--json", folder=folder)
    assert len({one["plan"] for one in everything}) == MANY
    assert len(printed("audit", "list", "--limit", "501", "--json", folder=folder)) == 501
    assert len(printed("audit", "list", "--json", folder=folder)) == 20


def multiply(file: Path, store: Store) -> None:
    """Make many cleanups of the only one, its rows and its events."""
    links = store.audit.events("only")
    events = {
        f"p{number:04}/{link.once}": replace(link.event, plan=f"p{number:04}")
        for number in range(MANY - 1)
        for link in links
    }
    store.sessions.writing(partial(chain.append, events=events))
    with closing(sqlite3.connect(file)) as database, database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(plan)") if row[1] != "id"]
        names = ", ".join(columns)
        for number in range(MANY - 1):
            for statement in (
                f"INSERT INTO plan (id, {names}) SELECT ?, {names} FROM plan WHERE id = 'only'",  # noqa: S608
                "INSERT INTO vote SELECT ?, person_id, person_name, TRUE, '', at, version FROM vote LIMIT 1",
                "INSERT INTO cleanup_word SELECT word, started_at, ?, host FROM cleanup_word WHERE plan_id = 'only'",
            ):
                database.execute(statement, (f"p{number:04}",))


def test_statistics_count_by_all_that_a_cleanup_has_one_of(past: Path) -> None:
    counted = printed("audit", "stats", "--json", folder=past)
    assert counted["all"] == {"cleanups": 3, "bytes": 3 * BYTES}
    assert counted["by_requester"] == {
        ANNA.id: {"cleanups": 2, "bytes": 2 * BYTES}, CYD.id: {"cleanups": 1, "bytes": BYTES},
    }  # fmt: skip
    assert set(counted["by_host"]) == {"prod-3", "db-1", "of-the-past"}
    assert set(counted["by_profile"]) == {"routine", "ci"}
    assert set(counted["by_outcome"]) == {"done", "partial"}
    assert len(counted["by_month"]) == 1
    told = deckhand("audit", "stats", folder=past).stdout
    for words in (
        "3 cleanups, 3kB freed.",
        "HOST",
        "PROFILE",
        "MONTH",
        "ASKED BY",
        "OUTCOME",
        "of-the-past",
    ):
        assert words in told


@pytest.mark.parametrize("command", ["list", "stats"])
@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("outcome=good", "“good” is no outcome"),
        ("since=soon", "write how long ago (30d, 12h) or a day (2026-11-01)"),
        ("@nowhere", "No registered host is tagged “nowhere”. The tags are: prod, web."),
        ("host=prod-33", "Did you mean prod-3?"),
    ],
)
def test_a_wrong_filter_is_answered_with_what_is_wrong_and_exit_code_2(
    past: Path, command: str, word: str, says: str
) -> None:
    ended = deckhand("audit", command, word, folder=past)
    assert (ended.returncode, says in ended.stderr, ended.stdout) == (2, True, "")
    assert "Traceback" not in ended.stderr


def test_a_record_says_what_can_be_pulled_again(past: Path) -> None:
    with closing(open_store(f"sqlite:///{past / 'deckhand.db'}")) as store:
        digest = f"registry.example/db/postgres@sha256:{7:064x}"
        cleaned(store, "pulled", image("postgres:14", digest))
    record = printed("audit", "show", "pulled", "--json", folder=past)
    assert [image["digests"] for image in record["restorable"]] == [[digest]]
    assert record["restored"] is None
    told = deckhand("audit", "show", "pulled", folder=past).stdout
    assert f"1 removed image can be pulled again (Restore, in Slack), from:\n  {digest}" in told
    assert "can be pulled again" not in deckhand("audit", "show", "first", folder=past).stdout


def test_an_export_holds_the_events_of_the_cleanups_that_a_filter_means(past: Path) -> None:
    lines = [
        json.loads(line)
        for line in deckhand("audit", "export", "web*", "outcome=done", folder=past).stdout.splitlines()
    ]
    assert {line["plan"] for line in lines[1:-1]} == {"third"}
    assert (lines[0]["complete"], lines[-1]["events"]) == (False, len(lines) - 2)
    assert deckhand("audit", "export", "outcome=good", folder=past).returncode == 2
