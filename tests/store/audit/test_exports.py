"""Exports: they verify on their own, here and by somebody who has only read the format."""

import csv
import json
from collections.abc import Callable
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
from bot.store.audit.export import Selection, csv_lines
from bot.store.audit.export_files import verify_file
from bot.store.opening import Store, open_store
from tests.store.audit.exporting import EVERYTHING, KEYS, NEW_AND_OLD, OLD, exported, ours, rewritten
from tests.store.audit.independent_verifier import first_broken
from tests.store.audit.test_tampering import fill


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
