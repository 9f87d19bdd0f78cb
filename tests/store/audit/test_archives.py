"""Archives: what leaves the database, and what stays, is one chain."""

import json
import shutil
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.core.audit.breaks import BreakKind
from bot.core.audit.events import Tag
from bot.store.audit.export import json_lines
from bot.store.audit.export_files import verify_file
from bot.store.opening import Store, open_store
from tests.store.audit.exporting import EVERYTHING, KEYS, OLD, exported, ours
from tests.store.audit.independent_verifier import first_broken
from tests.store.audit.test_tampering import fill
from tests.store.samples import drop_triggers, event, running


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
        assert not list(tmp_path.glob("*.partial"))
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
