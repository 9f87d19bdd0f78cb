"""Exports: they verify on their own, here and by somebody who has only read the format; archives too."""

import csv
import json
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from bot.core.audit.breaks import BreakKind
from bot.core.audit.events import Event, Tag
from bot.core.audit.format import AuditKeys, Head
from bot.core.errors import UsageError
from bot.core.json import Json
from bot.core.visible import visible
from bot.store.audit.export import Selection, csv_lines, json_lines
from bot.store.audit.export_files import verify_file
from bot.store.opening import Store, open_store
from tests.store.audit.independent_verifier import first_broken
from tests.store.audit.test_tampering import fill
from tests.store.samples import drop_triggers, event, running

KEYS = ("k" * 40, "o" * 40)
NEW_AND_OLD, OLD = AuditKeys(*KEYS), AuditKeys(KEYS[1])
EVERYTHING = Selection()


def exported(store: Store, path: Path, selection: Selection = EVERYTHING) -> list[str]:
    with store.chain.exported(json_lines, selection) as lines:
        path.write_text("".join(lines), encoding="utf-8")
    return path.read_text(encoding="utf-8").splitlines()


def ours(
    path: Path, keys: AuditKeys | None = None, known: Head | None = None
) -> tuple[int, BreakKind] | None:
    broken = verify_file(path, keys or AuditKeys(), known).broken
    return (broken.seq, broken.kind) if broken else None


def rewritten(path: Path, lines: Sequence[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def test_an_export_holds_every_event_as_it_stands_and_verifies_on_its_own(
    store: Store, tmp_path: Path
) -> None:
    fill(store, "a", 6)
    lines = exported(store, tmp_path / "audit.jsonl")
    events = [json.loads(line) for line in lines[1:-1]]
    for read, link in zip([e for e in events if e["plan"] == "a1"], store.audit.events("a1"), strict=True):
        assert (read["seq"], read["hash"], read["once"], read["facts"]) == (
            link.seq, link.hash, link.once, dict(link.event.facts),
        )  # fmt: skip
    verdict, whole = verify_file(tmp_path / "audit.jsonl", AuditKeys()), store.chain.verify()
    assert verdict == whole
    assert first_broken(lines) is None
    assert json.loads(lines[-1])["head"] == {"seq": whole.last.seq, "hash": whole.last.hash}


def test_an_export_of_nothing_holds(store: Store, tmp_path: Path) -> None:
    lines = exported(store, tmp_path / "audit.jsonl")
    assert len(lines) == 2
    assert (ours(tmp_path / "audit.jsonl"), first_broken(lines)) == (None, None)


def test_a_part_verifies_from_the_hash_before_its_first_event(store: Store, tmp_path: Path) -> None:
    fill(store, "a", 4)
    middle = datetime.now(UTC)
    fill(store, "b", 4)
    since = exported(store, tmp_path / "since.jsonl", Selection(since=middle))
    until = exported(store, tmp_path / "until.jsonl", Selection(until=middle))
    assert [ours(tmp_path / f"{name}.jsonl") for name in ("since", "until")] == [None, None]
    assert (first_broken(since), first_broken(until)) == (None, None)
    assert len(since) + len(until) - 4 == store.audit.head().seq
    assert json.loads(since[1])["previous"] == json.loads(until[-2])["hash"]
    assert ours(tmp_path / "until.jsonl", known=store.audit.head()) == (len(until) - 1, BreakKind.CUT_OFF)
    with pytest.raises(UsageError, match="verify the archive"):
        ours(tmp_path / "since.jsonl", known=Head(seq=1, hash="0" * 64))
    assert exported(store, tmp_path / "none", Selection(since=datetime.now(UTC) + timedelta(days=1)))[1:] == [
        exported(store, tmp_path / "none", Selection(until=middle - timedelta(days=1)))[-1]
    ]


def test_a_selection_says_that_it_leaves_events_out_and_each_of_them_is_verified(
    store: Store, tmp_path: Path
) -> None:
    fill(store, "a", 8)
    path = tmp_path / "audit.jsonl"
    for selection in (Selection(host="host-1"), Selection(plan="a4")):
        lines = exported(store, path, selection)
        assert (json.loads(lines[0])["complete"], len(lines) > 3) == (False, True)
        assert (ours(path), first_broken(lines)) == (None, None)
        changed = [line.replace("U0ANNA", "U0EVE").replace('"actor":"U', '"actor":"W') for line in lines]
        assert ours(rewritten(path, changed)) == (first_broken(changed), BreakKind.CHANGED)
        assert ours(rewritten(path, [*lines[:1], *lines[2:]])) is not None
        assert first_broken([*lines[:1], *lines[2:]]) is not None


def test_a_selection_cannot_be_compared_with_an_event_that_it_leaves_out(
    store: Store, tmp_path: Path
) -> None:
    fill(store, "a", 8)
    lines = exported(store, tmp_path / "audit.jsonl", Selection(host="host-1"))
    there = {json.loads(line)["seq"] for line in lines[1:-1]}
    left_out = next(seq for seq in range(min(there), max(there)) if seq not in there)
    with pytest.raises(UsageError, match="cannot be compared"):
        ours(tmp_path / "audit.jsonl", known=Head(seq=left_out, hash="0" * 64))


def changes(lines: list[str], random: Random) -> list[str]:
    """The lines with one change that somebody made with an editor."""
    at, other = random.sample(range(1, len(lines) - 1), 2)
    event = json.loads(lines[at])
    name = random.choice(["at", "tag", "plan", "host", "actor", "facts", "previous", "hash", "once"])
    value = {"n": 12345} if name == "facts" else f"{event[name]}0"
    swapped = {at: lines[other], other: lines[at]}
    return random.choice([
        [json.dumps({**event, name: value}) if n == at else line for n, line in enumerate(lines)],
        [line for n, line in enumerate(lines) if n != at],
        [swapped.get(n, line) for n, line in enumerate(lines)],
        [*lines[:at], lines[other], *lines[at:]],
        [*lines[:at], lines[-1]],
        lines[: at + 1],
    ])  # fmt: skip


def test_two_verifiers_find_the_same_in_whole_and_in_broken_exports(store: Store, tmp_path: Path) -> None:
    fill(store, "a", 4)
    path, random = tmp_path / "audit.jsonl", Random(7)  # noqa: S311 - the same in every run
    lines = exported(store, path)
    assert ours(rewritten(path, [json.dumps(json.loads(line), indent=None) for line in lines])) is None
    for _ in range(150):
        changed = changes(lines, random)
        found = ours(rewritten(path, changed))
        theirs = first_broken(changed)
        assert found is not None
        assert theirs is not None
        # A line that was put between others is named by its own number; theirs is the place where it stands.
        assert found[0] == theirs or found[1] is BreakKind.INSERTED


def test_two_verifiers_find_the_same_in_a_keyed_export(url: str, store: Store, tmp_path: Path) -> None:
    fill(store, "a", 2)
    for keys in (OLD, NEW_AND_OLD):
        with closing(open_store(url, migrate=False, audit_keys=keys)) as keyed:
            keyed.chain.begin_sealing()
            fill(keyed, f"b{len(repr(keys))}", 2)
            head = keyed.audit.head()
            path = tmp_path / "audit.jsonl"
            lines = exported(keyed, path)
    assert (ours(path, NEW_AND_OLD, head), first_broken(lines, KEYS)) == (None, None)
    assert ours(path, AuditKeys()) == (first_broken(lines), BreakKind.KEY_NEEDED)
    assert ours(path, OLD) == (first_broken(lines, KEYS[1:]), BreakKind.KEY_NEEDED)
    events = [json.loads(line) for line in lines]
    changed = [
        json.dumps({**e, "actor": "U0EVE"}) if e.get("seq") == head.seq - 3 else json.dumps(e) for e in events
    ]
    assert ours(rewritten(path, changed), NEW_AND_OLD) == (first_broken(changed, KEYS), BreakKind.CHANGED)
    plain = rewritten(path, [*lines[:4], json.dumps({**json.loads(lines[-1]), **tail(lines[3])})])
    assert ours(plain) is None
    assert ours(plain, NEW_AND_OLD) == (first_broken(plain.read_text().splitlines(), KEYS), BreakKind.UNKEYED)


def tail(line: str) -> dict[str, object]:
    """The last line's own figures, for an export that ends with this one."""
    last = json.loads(line)
    return {"events": last["seq"], "last": last["seq"], "hash": last["hash"]}


@pytest.mark.parametrize(
    ("spoil", "kind"),
    [
        (lambda text: text[: text.rindex('{"events"')], BreakKind.CUT_OFF),
        (lambda text: text[:-40], BreakKind.CUT_OFF),
        (lambda text: text + '{"seq":99}\n', BreakKind.CHANGED),
        (lambda text: text.replace('{"seq":2,', '{"seq":2,"seq":2,'), BreakKind.CHANGED),
        (lambda text: text.replace('"n":0', '"n":0.0', 1), BreakKind.CHANGED),
        (lambda text: text.replace('{"seq":2,', '"seq":2,'), BreakKind.CHANGED),
        (lambda text: text.replace('"seq":2,', '"seq":true,'), BreakKind.CHANGED),
    ],
)
@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_spoilt_file_does_not_hold(
    store: Store, tmp_path: Path, spoil: Callable[[str], str], kind: BreakKind
) -> None:
    fill(store, "a", 2)
    path = tmp_path / "audit.jsonl"
    exported(store, path)
    whole = path.read_text(encoding="utf-8")
    path.write_text(spoil(whole), encoding="utf-8")
    assert path.read_text(encoding="utf-8") != whole
    found = ours(path)
    assert found is not None
    assert found[1] is kind


@pytest.mark.parametrize("text", ["", "no JSON\n", "[1]\n", '{"audit":"deckhand","version":2}\n'])
def test_what_is_no_export_is_said_to_be_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(text)
    with pytest.raises(UsageError, match="no export of Deckhand's audit"):
        verify_file(path, AuditKeys())
    with pytest.raises(UsageError, match="cannot be read"):
        verify_file(tmp_path / "nowhere", AuditKeys())


def test_in_a_table_no_cell_is_a_formula(store: Store, tmp_path: Path) -> None:
    names = ["=cmd|' /C calc'!A0", "+1", "-2", "@SUM(1)", "\t=1", "\r=1", 'a,"b"\nc', "x"]
    for number, name in enumerate(names):
        facts: dict[str, Json] = {
            "actor_name": name, "name": name, "reason": name, "outcome": "kept", "bytes": -number,
        }  # fmt: skip
        store.trail.record(Event(tag=Tag.ITEM_ENDED, plan="p1", host=name, actor=name, facts=facts))
    path = tmp_path / "audit.csv"
    with store.chain.exported(csv_lines, EVERYTHING) as lines:
        path.write_text("".join(lines), encoding="utf-8", newline="")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["object"].removeprefix("'") for row in rows] == [visible(name) for name in names]
    assert not [
        cell
        for row in rows
        for name, cell in row.items()
        if name != "bytes" and cell[:1] in "=+-@\t\r" and cell
    ]
    assert [int(row["bytes"]) for row in rows] == [-number for number in range(len(names))]
    assert [json.loads(row["facts"])["name"] for row in rows] == names


# --- archives -----------------------------------------------------------------------------------


def now() -> datetime:
    moment = datetime.now(UTC)
    time.sleep(0.002)  # SQLite's clock counts milliseconds: what comes next shall be later
    return moment


def test_an_archive_and_the_database_it_left_are_one_chain(url: str, store: Store, tmp_path: Path) -> None:
    before = store.audit.head()
    for part in ("a", "b"):
        fill(store, part, 4)
        everything = exported(store, tmp_path / f"{part}-all.jsonl")
        path = tmp_path / f"{part}.jsonl"
        archived = store.chain.archive(now(), path, "ann@ops")
        assert archived is not None
        lines = path.read_text(encoding="utf-8").splitlines()
        assert lines[1:-1] == everything[1:-1]
        assert (archived.first, json.loads(lines[1])["previous"]) == (before.seq + 1, before.hash)
        assert (ours(path, known=archived.last), first_broken(lines)) == (None, None)
        before = archived.last
        verdict = store.chain.verify()
        assert (verdict.broken, verdict.events, verdict.first) == (None, 1, archived.last.seq + 1)
        witness = store.chain.witness(archived.last.seq)
        assert witness is not None
        assert (witness.seq, witness.hash, witness.sha256) == (
            archived.checkpoint.seq, archived.last.hash, archived.sha256,
        )  # fmt: skip
        assert not (tmp_path / f"{part}.jsonl.partial").exists()
    fill(store, "c", 2)
    rest = exported(store, tmp_path / "rest.jsonl")
    assert (ours(tmp_path / "rest.jsonl"), first_broken(rest)) == (None, None)
    (checkpoint,) = [e for e in map(json.loads, rest[1:-1]) if e["tag"] == Tag.AUDIT_ARCHIVED]
    assert checkpoint["facts"]["by"] == "ann@ops"
    assert checkpoint["facts"]["hash"] == json.loads(rest[1])["previous"]


def test_an_archive_of_a_keyed_chain_needs_its_key_and_is_vouched_for_by_the_checkpoint(
    url: str, store: Store, tmp_path: Path
) -> None:
    fill(store, "a", 3)
    cut = now()
    with closing(open_store(url, migrate=False, audit_keys=OLD)) as keyed:
        keyed.chain.begin_sealing()
        fill(keyed, "b", 3)
        unkeyed = keyed.chain.archive(cut, tmp_path / "unkeyed.jsonl", "")
        assert unkeyed is not None
        witness = keyed.chain.witness(unkeyed.last.seq)
        assert witness is not None
        assert (witness.vouches_for(unkeyed.last), witness.contradicts(unkeyed.last)) == (True, None)
        assert ours(tmp_path / "unkeyed.jsonl", OLD) == (unkeyed.last.seq, BreakKind.UNKEYED)
        archived = keyed.chain.archive(now(), tmp_path / "keyed.jsonl", "")
        assert archived is not None
        assert ours(tmp_path / "keyed.jsonl", OLD) is None
        assert keyed.chain.verify().broken is None
    lines = (tmp_path / "keyed.jsonl").read_text().splitlines()
    assert first_broken(lines, KEYS[1:]) is None
    assert ours(tmp_path / "keyed.jsonl") == (first_broken(lines), BreakKind.KEY_NEEDED)
    found = verify_file(tmp_path / "unkeyed.jsonl", OLD, demand_key=False)
    assert found.broken is None


def test_the_events_of_a_plan_that_has_not_ended_stay(store: Store, tmp_path: Path) -> None:
    fill(store, "a", 2)
    early = now()
    running(store, "q1", "elsewhere")
    before = store.chain.verify()
    path = tmp_path / "archive.jsonl"
    with pytest.raises(
        Exception, match=r"belongs to plan q1, which is running and has not ended\. Nothing was archived"
    ):
        store.chain.archive(now(), path, "")
    assert store.chain.verify() == before
    assert list(tmp_path.glob("archive*")) == []
    assert store.chain.archive(early, path, "") is not None
    assert store.chain.archive(early, path, "") is None
    assert [str(link.event.tag) for link in store.audit.events("q1")] != []


def test_a_file_that_is_there_is_never_overwritten_and_the_same_one_is_taken_as_done(
    url: str, store: Store, tmp_path: Path
) -> None:
    fill(store, "a", 2)
    cut, path = now(), tmp_path / "archive.jsonl"
    path.write_text("my notes")
    with pytest.raises(Exception, match="exists, and is another file"):
        store.chain.archive(cut, path, "")
    assert (path.read_text(), store.chain.verify().first) == ("my notes", 1)
    copy = tmp_path / "copy.db"
    if url.startswith("sqlite"):
        with store.chain.exported(json_lines, EVERYTHING):
            shutil.copy(url.removeprefix("sqlite:///"), copy)
    path.unlink()
    (tmp_path / "archive.jsonl.partial").write_text("an attempt that was killed while it wrote")
    done = store.chain.archive(cut, path, "")
    assert done is not None
    store.trail.record(event(Tag.PLAN_REFUSED))
    assert store.chain.verify().broken is None


@pytest.mark.parametrize("when", ["before the file has its name", "after it has"])
def test_an_archive_that_was_interrupted_loses_nothing_and_is_done_again(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    fill(store, "a", 3)
    before, cut, path = store.chain.verify(), now(), tmp_path / "archive.jsonl"
    step = "_put_in_place" if when.startswith("before") else "_let_go"

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(f"bot.store.audit.archive.{step}", killed)
        with pytest.raises(KeyboardInterrupt):
            store.chain.archive(cut, path, "")
    assert store.chain.verify() == before
    store.trail.record(event(Tag.PLAN_REFUSED))
    archived = store.chain.archive(cut, path, "")
    assert archived is not None
    assert (archived.last, ours(path), store.chain.verify().broken) == (before.last, None, None)


def test_a_chain_that_does_not_hold_is_not_archived(
    store: Store, sql: Callable[[str], None], url: str, tmp_path: Path
) -> None:
    fill(store, "a", 3)
    drop_triggers(url, sql)
    sql("UPDATE event SET actor = 'U0EVE' WHERE seq = 4")
    with pytest.raises(Exception, match="nothing was archived: event 4 was changed"):
        store.chain.archive(now(), tmp_path / "archive.jsonl", "")
    assert store.chain.verify().events == 3
