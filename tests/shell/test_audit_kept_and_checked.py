"""The audit in a shell: exported, verified with and without a database, archived, and its head kept elsewhere."""

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from bot.config.settings import load
from bot.core.audit.events import Event, Tag
from bot.core.audit.format import AuditKeys
from bot.core.errors import ConfigurationError
from bot.core.life.states import Status
from bot.store.opening import open_store
from tests.store.samples import approved, propose, to
from tests.support.shell import deckhand

KEY = "k" * 40


@pytest.fixture
def database(folder: Path) -> Path:
    """The folder's database, with two plans that have ended: five events."""
    with closing(open_store(f"sqlite:///{folder / 'deckhand.db'}")) as store:
        for plan_id, host in (("p1", "prod-3"), ("p2", "db-1")):
            approved(store, plan_id, host)
            store.plans.change(plan_id, to(Status.CANCELLED))
    return folder / "deckhand.db"


def change(database: Path, statement: str) -> None:
    """Change the audit as whoever owns the file can."""
    with closing(sqlite3.connect(database)) as connection, connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement)


def audit(*arguments: str, folder: Path, **more: str) -> CompletedProcess[str]:
    ended = deckhand("audit", *arguments, folder=folder, **more)
    assert "Traceback" not in ended.stderr
    return ended


def verdict(*arguments: str, folder: Path, code: int = 0, **more: str) -> Any:
    ended = audit("verify", *arguments, "--json", folder=folder, **more)
    assert ended.returncode == code, ended.stderr
    return json.loads(ended.stdout)


def test_a_whole_audit_holds_and_says_how_far_it_goes(database: Path, folder: Path) -> None:
    head = audit("head", folder=folder).stdout.strip()
    ended = audit("verify", "--head", head, folder=folder)
    assert (ended.returncode, ended.stdout.splitlines()) == (
        0,
        [
            "The audit holds: every event is as it was written.",
            f"6 events from 1 to 6. Head: {head}",
            "The rows of 2 plans say what their events say.",
        ],
    )
    seq, _, digest = head.partition(":")
    assert json.loads(audit("head", "--json", folder=folder).stdout) == {"seq": int(seq), "hash": digest}
    assert verdict(folder=folder) == {
        "holds": True, "broken": None, "events": 6, "first": 1, "last": 6, "hash": digest, "keyed_from": None,
        "complete": True, "left_out": 0, "gaps": [], "head": None, "notes": [],
        "rows": {"plans": 2, "archived": 0, "differences": [], "more": 0},
    }  # fmt: skip


def test_a_broken_audit_ends_with_1_and_names_the_event_and_what_happened(
    database: Path, folder: Path
) -> None:
    head = audit("head", folder=folder).stdout.strip()
    change(database, "DELETE FROM event WHERE seq = 3")
    ended = audit("verify", folder=folder)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "The audit does not hold: event 3 is missing: event 4 stands in its place." in ended.stderr
    assert verdict(folder=folder, code=1)["broken"] == {
        "seq": 3, "kind": "missing", "reason": "event 3 is missing: event 4 stands in its place",
    }  # fmt: skip
    change(database, "DELETE FROM event")
    change(database, "UPDATE chain_head SET seq = 0, hash = printf('%064d', 0)")
    emptied = verdict(folder=folder, code=1)
    assert (emptied["events"], emptied["holds"], emptied["broken"]) == (0, False, None)
    assert "plan p1: no event tells of this row" in emptied["rows"]["differences"]
    with_key = verdict(folder=folder, code=1, DECKHAND_AUDIT_KEY=KEY)["broken"]
    assert (with_key["kind"], "the chain is empty, and the database is not" in with_key["reason"]) == (
        "missing",
        True,
    )
    assert verdict("--head", head, folder=folder, code=1)["broken"]["kind"] == "cut_off"


def test_what_is_no_head_or_no_export_is_a_wrong_command(database: Path, folder: Path) -> None:
    for arguments in (["--head", "7"], ["--head", "x:y"], ["deckhand.toml"], ["nowhere.jsonl"]):
        ended = audit("verify", *arguments, folder=folder)
        assert (ended.returncode, ended.stdout, ended.stderr.startswith("deckhand: ")) == (2, "", True)
    for arguments in (["export", "--since", "soon"], ["archive", "--before", "2999-01-01", "--output", "x"]):
        assert audit(*arguments, folder=folder).returncode == 2


def test_an_export_goes_to_standard_output_or_to_a_file(database: Path, folder: Path) -> None:
    lines = audit("export", folder=folder).stdout.splitlines()
    assert [json.loads(line)["seq"] for line in lines[1:-1]] == [1, 2, 3, 4, 5, 6]
    assert audit("export", "--output", "all.jsonl", folder=folder).stdout == "Exported to all.jsonl.\n"
    assert (folder / "all.jsonl").read_text().splitlines() == lines
    of_host = audit("export", "--host", "db-1", folder=folder).stdout.splitlines()
    assert [json.loads(line)["host"] for line in of_host[1:-1]] == ["db-1"] * 3
    assert len(audit("export", "--until", "2020-01-01", folder=folder).stdout.splitlines()) == 2
    assert len(audit("export", "--since", "1h", "--plan", "p2", folder=folder).stdout.splitlines()) == 5
    table = audit("export", "--format", "csv", folder=folder).stdout.splitlines()
    assert (table[0].startswith("seq,at,event,plan,host,by"), len(table)) == (True, 7)


def test_an_export_is_verified_without_a_database_and_compared_where_there_is_one(
    database: Path, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("auditor")
    audit("export", "--output", str(elsewhere / "all.jsonl"), folder=folder)
    whole = audit("verify", "all.jsonl", folder=elsewhere)
    assert (whole.returncode, "every event is as it was written" in whole.stdout) == (0, True)
    assert list(elsewhere.iterdir()) == [elsewhere / "all.jsonl"]

    here = str(elsewhere / "all.jsonl")
    assert verdict(here, folder=folder)["notes"] == ["Event 6 of the database names the same end."]
    change(database, "UPDATE event SET hash = 'another' WHERE seq = 6")
    compared = verdict(here, folder=folder, code=1)["broken"]
    assert (compared["kind"], compared["seq"]) == ("changed", 6)

    export = elsewhere / "all.jsonl"
    export.write_text(export.read_text().replace('"actor":"U0ANNA"', '"actor":"U0EVE"', 1))
    assert verdict("all.jsonl", folder=elsewhere, code=1)["broken"]["seq"] == 1


def test_old_events_move_to_an_archive_and_both_verify_alone_and_together(
    database: Path, folder: Path
) -> None:
    open_plan = audit("archive", "--before", "0s", "--output", "old.jsonl", folder=folder)
    assert "Archived events 1 to 6 to old.jsonl" in open_plan.stdout
    assert verdict(folder=folder)["first"] == 7
    alone = audit("verify", folder=folder).stdout
    assert "Events 1 to 6 were archived to old.jsonl, sha256 " in alone
    assert "2 plans were archived: `deckhand audit verify ARCHIVE` compares their rows" in alone
    with_file = verdict("old.jsonl", folder=folder)
    assert with_file["notes"] == ["Event 7 of the database names the same end."]
    assert with_file["rows"] == {"plans": 2, "archived": 0, "differences": [], "more": 0}
    again = audit("archive", "--before", "2020-01-01", "--output", "older.jsonl", folder=folder)
    assert (again.returncode, "nothing to archive" in again.stdout) == (0, True)
    with closing(open_store(f"sqlite:///{database}")) as store:
        propose(store, "p3", "prod-3")
    refused = audit("archive", "--before", "0s", "--output", "open.jsonl", folder=folder)
    assert (refused.returncode, "plan p3, which is proposed" in refused.stderr) == (1, True)
    event = json.loads(audit("export", folder=folder).stdout.splitlines()[1])
    assert re.fullmatch(r"\S+@\S+", event["facts"]["by"])

    text = (folder / "old.jsonl").read_text().replace('{"seq":', '{ "seq":')
    (folder / "old.jsonl").write_text(text)
    (note,) = verdict("old.jsonl", folder=folder)["notes"]
    assert "not byte for byte" in note


def test_a_keyed_audit_needs_its_key_which_nothing_prints(database: Path, folder: Path) -> None:
    with closing(open_store(f"sqlite:///{database}", audit_keys=AuditKeys(KEY))) as store:
        store.chain.begin_sealing()
    said = audit("verify", folder=folder)
    assert (said.returncode, "set DECKHAND_AUDIT_KEY" in said.stderr) == (1, True)
    keyed = verdict(folder=folder, DECKHAND_AUDIT_KEY=KEY)
    assert (keyed["holds"], keyed["keyed_from"]) == (True, 7)
    archived = audit(
        "archive", "--before", "0s", "--output", "a.jsonl", folder=folder, DECKHAND_AUDIT_KEY=KEY
    )
    assert archived.returncode == 0
    assert verdict("a.jsonl", folder=folder, DECKHAND_AUDIT_KEY=KEY)["holds"]
    short = audit("verify", folder=folder, DECKHAND_AUDIT_KEY="hunter2")
    assert (short.returncode, "DECKHAND_AUDIT_KEY" in short.stderr, "hunter2" in short.stderr) == (
        2,
        True,
        False,
    )
    settings = load(folder / "deckhand.toml", {"DECKHAND_AUDIT_KEY": KEY})
    assert KEY not in repr(settings)


def test_an_archive_from_before_the_key_is_vouched_for_by_the_keyed_checkpoint(
    database: Path, folder: Path
) -> None:
    with closing(open_store(f"sqlite:///{database}", audit_keys=AuditKeys(KEY))) as store:
        last = store.audit.head().seq
    audit("archive", "--before", "0s", "--output", "old.jsonl", folder=folder, DECKHAND_AUDIT_KEY=KEY)
    together = verdict("old.jsonl", folder=folder, DECKHAND_AUDIT_KEY=KEY)
    assert (together["holds"], together["last"], together["keyed_from"]) == (True, last, None)
    database.unlink()
    alone = verdict("old.jsonl", folder=folder, DECKHAND_AUDIT_KEY=KEY, code=1)
    assert alone["broken"]["kind"] == "unkeyed"
    assert "Not compared with the database" in alone["notes"][0]


def test_a_row_that_was_changed_is_named_and_the_audit_does_not_hold(database: Path, folder: Path) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:  # with its triggers in place
        connection.execute("UPDATE plan SET host = 'somewhere' WHERE id = 'p1'")
        connection.execute("DELETE FROM vote WHERE plan_id = 'p2'")
    said = audit("verify", folder=folder)
    assert (said.returncode, said.stdout) == (1, "")
    assert 'plan p1: host is "somewhere", and by the events it is "prod-3"' in said.stderr
    assert "vote of U0BEN on p2: the row is missing, and the events tell of it" in said.stderr
    found = verdict(folder=folder, code=1)
    assert (found["holds"], found["broken"], len(found["rows"]["differences"])) == (False, None, 2)


def test_a_row_of_an_archived_plan_is_compared_with_its_archive(database: Path, folder: Path) -> None:
    audit("archive", "--before", "0s", "--output", "old.jsonl", folder=folder)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE plan SET requester_id = 'U0EVE' WHERE id = 'p1'")
    shown = audit("show", "p1", folder=folder).stdout
    assert "Its events were archived, so what is shown is what the database's rows say" in shown
    assert verdict(folder=folder)["rows"]["archived"] == 2
    (difference, *_) = verdict("old.jsonl", folder=folder, code=1)["rows"]["differences"]
    assert 'requester_id is "U0EVE", and by the events it is "U0ANNA"' in difference


def test_a_file_that_leaves_events_out_says_which_and_never_that_every_event_is_there(
    database: Path, folder: Path
) -> None:
    with closing(open_store(f"sqlite:///{database}")) as store:
        for number in range(10):
            store.trail.record(Event(tag=Tag.LOOK_REFUSED, host="prod-3", facts={"number": number}))
    export = folder / "all.jsonl"
    audit("export", "--output", "all.jsonl", folder=folder)
    assert (
        "every event is as it was written" in audit("verify", "all.jsonl", "--complete", folder=folder).stdout
    )
    lines = export.read_text().replace('"complete": true', '"complete": false').splitlines()
    footer = json.loads(lines[-1]) | {"events": 9}
    export.write_text("\n".join([*lines[:4], *lines[8:9], *lines[12:-1], json.dumps(footer), ""]))
    said = audit("verify", "all.jsonl", folder=folder)
    assert (said.returncode, "every event" in said.stdout) == (0, False)
    assert "7 events between its first and its last are left out: 4 to 7, 9 to 11." in said.stdout
    found = verdict("all.jsonl", folder=folder)
    assert (found["complete"], found["left_out"], found["gaps"]) == (False, 7, [[4, 7], [9, 11]])
    demanded = audit("verify", "all.jsonl", "--complete", folder=folder)
    assert (demanded.returncode, "The file is not complete. 7 events" in demanded.stderr) == (1, True)


@pytest.mark.parametrize("selection", [("--host", "db-1"), ("--until", "2020-01-01")])
def test_an_export_of_a_part_says_so_when_it_is_written_and_when_it_is_verified(
    database: Path, folder: Path, selection: tuple[str, str]
) -> None:
    audit("export", *selection, "--output", "part.jsonl", folder=folder)
    said = audit("verify", "part.jsonl", folder=folder)
    assert (said.returncode, "every event" in said.stdout) == (0, False)
    assert audit("verify", "part.jsonl", "--complete", folder=folder).returncode == 1


def test_an_empty_export_does_not_hold_for_who_has_the_key(database: Path, folder: Path) -> None:
    genesis = {"seq": 0, "hash": "0" * 64}
    footer = {"events": 0, "first": None, "last": None, "hash": None, "head": genesis}
    header = {"audit": "deckhand", "version": 1, "complete": True}
    (folder / "empty.jsonl").write_text(f"{json.dumps(header)}\n{json.dumps(footer)}\n")
    assert "every event" not in audit("verify", "empty.jsonl", folder=folder).stdout
    broken = verdict("empty.jsonl", folder=folder, code=1, DECKHAND_AUDIT_KEY=KEY)["broken"]
    assert (broken["kind"], "the chain is empty" in broken["reason"]) == ("unkeyed", True)


def test_a_new_database_holds_with_a_key(folder: Path) -> None:
    assert verdict(folder=folder, DECKHAND_AUDIT_KEY=KEY)["holds"]


def test_the_format_is_printed_for_whoever_writes_a_verifier(folder: Path) -> None:
    said = audit("format", folder=folder).stdout
    for word in ("canonical form", "hmac-sha256:", '"complete"', "shell:audit:archived", "64 zeros"):
        assert word in said


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('head_channel = "#ops"', "is no channel's id"),
        ('head_at = "9"', "a time of day is written as text"),
        ("head_at = 9", "a time of day is written as text"),
        ('head_at = "24:00"', "a time of day is written as text"),
        ('head = "C0OPS"', "did you mean head_at"),
        (
            'archive_after = "400d"',
            'audit.archive_after: says nothing without archive_to; write archive_to = "archive"',
        ),
        ('archive_to = "archive"', 'write archive_after = "400d" beside it'),
        ('archive_after = "30d"\narchive_to = "archive"', "audit.archive_after: "),
    ],
)
def test_a_mistake_about_the_daily_head_is_named_with_its_remedy(folder: Path, line: str, said: str) -> None:
    file = folder / "deckhand.toml"
    file.write_text(f"{file.read_text()}\n[audit]\n{line}\n")
    with pytest.raises(ConfigurationError, match=said):
        load(file, {})
