"""Whatever Deckhand writes is its own account's alone, whatever the umask is."""

import logging
import os
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.config import toml
from bot.engines.ssh.known_hosts import ShownKey, pin
from bot.process import private
from bot.store.opening import open_store
from tests.store.cleaned import cleaned
from tests.support.shell import program


@pytest.fixture(autouse=True)
def careless() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    return {file.name: f"{stat.S_IMODE(file.stat().st_mode):o}" for file in folder.iterdir()}


def test_the_database_its_log_its_shared_memory_and_its_lock_are_nobody_elses(tmp_path: Path) -> None:
    with closing(open_store(f"sqlite:///{tmp_path / 'deckhand.db'}", for_bot=True)) as store:
        cleaned(store, "first")
        assert modes(tmp_path) == dict.fromkeys(
            ("deckhand.db", "deckhand.db-wal", "deckhand.db-shm", "deckhand.db.lock"), "600"
        )


def test_wider_files_of_a_release_before_are_narrowed_and_that_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "deckhand.db"
    with closing(open_store(f"sqlite:///{file}", for_bot=True)) as store:
        cleaned(store, "first")
        for each in tmp_path.iterdir():
            each.chmod(0o664)
        with closing(open_store(f"sqlite:///{file}")) as again:
            assert again.audit.head().seq > 0
        assert set(modes(tmp_path).values()) == {"600"}
    assert (
        "deckhand.db: other accounts could use this file (mode 664); now it is yours alone (600)"
        in caplog.text
    )


def test_what_cannot_be_narrowed_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    file = tmp_path / "deckhand.db"
    file.touch(0o644)
    monkeypatch.setattr(Path, "chmod", refuse)
    private.narrow(file)
    assert "other accounts may use this file (Operation not permitted)" in caplog.text
    assert caplog.records[-1].levelno == logging.WARNING


def test_exports_and_archives_are_private_and_follow_no_link_that_somebody_laid(tmp_path: Path) -> None:
    url, victim = f"sqlite:///{tmp_path / 'deckhand.db'}", tmp_path / "victim"
    (tmp_path / "deckhand.toml").write_text(f'[database]\nurl = "{url}"\n[hosts.a]\ncontext = "a"\n')
    victim.write_text("precious")
    for name in ("a.jsonl", "old.jsonl"):
        (tmp_path / f"{name}.partial").symlink_to(victim)
    with closing(open_store(url)) as store:
        cleaned(store, "first")
        assert store.chain.archive(datetime.now(UTC) + timedelta(days=1), tmp_path / "old.jsonl", "a test")
        cleaned(store, "second")
    ended = program("audit", "export", "--output", "a.jsonl", folder=tmp_path)
    assert ended.returncode == 0, ended.stderr
    found = modes(tmp_path)
    assert (found["a.jsonl"], found["old.jsonl"]) == ("600", "600")
    assert victim.read_text() == "precious"


def test_pinned_keys_and_their_folder_are_private(tmp_path: Path) -> None:
    pins = tmp_path / "new" / "deep" / "deckhand.known_hosts"
    for key in (b"one", b"another"):
        pin(pins, ShownKey(name="a.example", host="a.example", port=22, type="ssh-ed25519", blob=key))
    assert modes(pins.parent) == {"deckhand.known_hosts": "600"}
    assert (modes(tmp_path)["new"], modes(tmp_path / "new")["deep"]) == ("700", "700")


def test_a_configuration_that_deckhand_writes_is_private(tmp_path: Path) -> None:
    private.make_folder(tmp_path / "kept" / "data")
    toml.write(
        tmp_path / "kept" / "data" / "deckhand.toml", {"hosts": {"sample": {"docker": "unix:///a.sock"}}}
    )
    assert modes(tmp_path / "kept" / "data") == {"deckhand.toml": "600"}
    assert (modes(tmp_path)["kept"], modes(tmp_path / "kept")["data"]) == ("700", "700")


def test_whatever_a_library_writes_in_a_command_is_private_too(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        private.from_here_on()
        (tmp_path / "file").touch()
        (tmp_path / "folder").mkdir()
    finally:
        os.umask(before)
    assert modes(tmp_path) == {"file": "600", "folder": "700"}
