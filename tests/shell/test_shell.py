"""What the commands of the shell print, and how they end."""

import json
import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.store.opening import open_store
from bot.trial.sample.server import SampleEngine
from tests.store.samples import approved, propose, running
from tests.support.shell import deckhand


def printed(*arguments: str, folder: Path) -> Any:
    ended = deckhand(*arguments, folder=folder)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_df_prints_the_four_rows_in_bytes_or_as_dockers_own_table(folder: Path) -> None:
    rows = printed("df", "prod-3", "--json", folder=folder)
    assert [row["type"] for row in rows] == ["Images", "Containers", "Local Volumes", "Build Cache"]
    assert all(
        set(row) == {"type", "total", "active", "size", "reclaimable"}
        and all(type(row[key]) is int for key in ("total", "active", "size", "reclaimable"))
        for row in rows
    )
    table = deckhand("df", "prod-3", folder=folder).stdout
    assert "TYPE" in table
    assert re.search(r"Images +36 +14 +11\.23GB +9\.259GB \(82%\)", table)


def test_plan_prints_items_and_kept_objects_and_removes_nothing(folder: Path, sample: SampleEngine) -> None:
    before = printed("df", "prod-3", "--json", folder=folder)
    draft = printed("plan", "prod-3", "routine", "--json", folder=folder)
    assert set(draft) >= {"host", "profile", "engine", "frees", "items", "kept"}
    assert (draft["host"], draft["profile"]) == ("prod-3", "routine")
    assert set(draft["engine"]) == {"id", "version", "api_version", "store"}
    assert set(draft["frees"]) == {"low", "high", "exact", "why"}
    assert {frozenset(item) for item in draft["items"]} == {
        frozenset({"kind", "id", "name", "references", "bytes", "rule"})
    }
    assert {frozenset(kept) for kept in draft["kept"]} == {frozenset({"kind", "id", "name", "rule"})}
    assert all(type(item["bytes"]) is int for item in draft["items"])
    assert all(thing["rule"] for thing in (*draft["items"], *draft["kept"]))
    assert printed("df", "prod-3", "--json", folder=folder) == before

    shown = deckhand("plan", "prod-3", "routine", folder=folder).stdout
    assert f"would remove {len(draft['items'])} objects" in shown
    assert all(item["rule"].split(";")[0] in shown for item in draft["items"])


def test_plan_without_a_profile_is_routine(folder: Path) -> None:
    assert printed("plan", "prod-3", "--json", folder=folder)["profile"] == "routine"


def test_unknown_names_end_with_2_and_the_nearest_ones(folder: Path) -> None:
    host = deckhand("df", "prod-33", folder=folder)
    assert (host.returncode, "Did you mean prod-3?" in host.stderr) == (2, True)
    profile = deckhand("plan", "prod-3", "rutine", folder=folder)
    said = "no profile “rutine”. Did you mean routine? The profiles are: "
    assert (profile.returncode, said in profile.stderr) == (2, True)


def test_hosts_list_shows_how_each_host_is_reached(folder: Path, sample: SampleEngine) -> None:
    lines = deckhand("hosts", "list", folder=folder).stdout.splitlines()
    assert lines[0].split() == ["HOST", "ENGINE", "POLICY", "TAGS"]
    assert lines[1].split(maxsplit=3) == ["prod-3", sample.url, "default", "prod, web"]
    assert lines[2].split() == ["build", "context", "build", "default"]
    assert lines[3].split() == ["db-1", "ssh", "deploy@db-1.example.com:2222", "prod"]


def test_the_doctor_names_what_fails_and_says_so_with_its_exit_code(folder: Path) -> None:
    ended = deckhand("doctor", folder=folder)
    assert ended.returncode == 1
    assert re.search(r"^ok +deckhand\.toml and its database$", ended.stdout, re.MULTILINE)
    assert re.search(r"^ok +prod-3: Docker Engine 26\.1\.5 at unix://", ended.stdout, re.MULTILINE)
    assert re.search(r"^fail +build: .*context", ended.stdout, re.MULTILINE)
    assert re.search(r"^fail +db-1: ", ended.stdout, re.MULTILINE)
    assert re.search(r"^note +environment: SLACK_BOT_TOKEN", ended.stdout, re.MULTILINE)
    assert "Traceback" not in ended.stderr


def test_the_doctor_says_whose_clock_is_far_from_the_databases(
    folder: Path, sample: SampleEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "clock" not in deckhand("doctor", folder=folder).stdout
    monkeypatch.setattr(sample.universe, "clock", lambda: datetime.now(UTC) - timedelta(hours=3, minutes=1))
    told = deckhand("doctor", folder=folder).stdout
    assert re.search(
        r"^note +The clock of prod-3's engine is 3 hours behind the database's\.", told, re.MULTILINE
    )


def test_the_audit_lists_newest_first_and_shows_every_item_and_event(folder: Path) -> None:
    with closing(open_store(f"sqlite:///{folder / 'deckhand.db'}")) as store:
        running(store, "older", "prod-3")
        run = running(store, "newer", "build")
        store.runs.start_items(run, [0])
        propose(store, "undecided", "db-1")

    listed = printed("audit", "list", "--json", folder=folder)
    assert [one["plan"] for one in listed] == ["newer", "older"]
    assert set(listed[0]) == {
        "id", "plan", "host", "engine_id", "profile", "requested_by", "approved_by", "outcome",
        "predicted_bytes", "reclaimed_bytes", "started_at", "finished_at", "basis", "differs",
    }  # fmt: skip
    assert [one["plan"] for one in printed("audit", "list", "prod-3", "--json", folder=folder)] == ["older"]
    assert len(printed("audit", "list", "--limit", "1", "--json", folder=folder)) == 1

    record = printed("audit", "show", listed[0]["id"], "--json", folder=folder)
    of_both = listed[0].keys() - {"differs"}  # which a record tells of each object
    assert {key: record[key] for key in of_both} == {key: listed[0][key] for key in of_both}
    assert set(record) >= {"items", "before", "after", "events"}
    assert [set(item) for item in record["items"]] == [
        {"kind", "id", "name", "outcome", "reason", "bytes", "reconciled"}
    ] * 3
    assert [item["outcome"] for item in record["items"]] == ["removing", "planned", "planned"]
    assert [event["tag"] for event in record["events"]] == [
        "slack:plan:proposed", "slack:plan:approved", "deckhand:cleanup:started", "deckhand:item:removing",
    ]  # fmt: skip


def test_an_id_that_is_not_there_is_said_to_be_so(folder: Path) -> None:
    ended = deckhand("audit", "show", "nowhere", folder=folder)
    assert (ended.returncode, "There is no cleanup or plan “nowhere”" in ended.stderr) == (1, True)


def test_verify_names_the_event_that_somebody_changed(folder: Path) -> None:
    file = folder / "deckhand.db"
    with closing(open_store(f"sqlite:///{file}")) as store:
        approved(store)
    whole = deckhand("audit", "verify", folder=folder)
    assert (whole.returncode, "The audit holds" in whole.stdout) == (0, True)

    with closing(sqlite3.connect(file)) as database, database:
        database.execute("DROP TRIGGER event_refuses_update")
        database.execute("UPDATE event SET actor = 'U0EVE' WHERE seq = 2")
    broken = deckhand("audit", "verify", folder=folder)
    assert broken.returncode == 1
    assert "The audit does not hold: event 2 was changed" in broken.stderr
