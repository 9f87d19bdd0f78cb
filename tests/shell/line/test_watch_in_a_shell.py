"""``deckhand watch``: one line a host; kept up to date on a terminal, one table and out anywhere else."""

import json
import os
import pty
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.docker.usage import DiskSpace, DiskUsage, LastLook
from bot.core.watch.pressure.alert import Kind, Measured
from bot.core.watch.pressure.lines import Bounds, Line, Lines
from bot.core.watch.pressure.machine import looked as told
from bot.store.opening import Store, open_store
from tests.shell.conftest import CONFIGURATION
from tests.shell.test_history_in_a_shell import seed
from tests.support.databases import migrated_sqlite
from tests.support.shell import DECKHAND, deckhand, environment

GB, INTERRUPT = 10**9, signal.SIGINT
PATIENCE = 60.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "deckhand.toml").write_text(CONFIGURATION.format(url="unix:///nonexistent"))
    (tmp_path / "deckhand.db").write_bytes(migrated_sqlite().read_bytes())
    return tmp_path


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    with closing(open_store(f"sqlite:///{folder / 'deckhand.db'}")) as opened:
        yield opened


def looked(store: Store, host: str, free: int, ago: timedelta = timedelta()) -> None:
    disk = DiskSpace(size=100 * GB, free=free * GB)
    store.ledger.remember_look(
        host, LastLook(at=store.ledger.now() - ago, usage=DiskUsage(rows=()), disk=disk)
    )


def test_in_a_pipe_it_prints_one_table_and_ends(folder: Path, store: Store) -> None:
    seed(store)
    looked(store, "prod-3", 9, timedelta(minutes=5))
    looked(store, "build", 60, timedelta(days=2))
    ended = deckhand("watch", folder=folder)
    assert (ended.returncode, ended.stderr) == (0, "")
    head, *lines = [line.rstrip() for line in ended.stdout.splitlines()]
    assert head.split() == [
        "HOST",
        "FULL",
        "FREE",
        "DOCKER",
        "HOLDS",
        "GROWS",
        "BY",
        "LASTS",
        "ALERT",
        "SEEN",
    ]
    assert [line.split()[0] for line in lines] == ["prod-3", "build", "db-1"], "those that are full first"
    assert "91%" in lines[0]
    assert "27 days left" in lines[0]
    assert lines[0].endswith("5 minutes ago")
    assert lines[1].endswith("2 days ago: old")
    assert lines[2].split()[1:] == ["?", "?", "?", "?", "?", "never"]
    assert "\x1b" not in ended.stdout


def test_as_json_it_is_the_same_for_programs(folder: Path, store: Store) -> None:
    looked(store, "prod-3", 9)
    found = json.loads(deckhand("watch", "prod-3,db-1", "--json", folder=folder).stdout)
    seen, never = found["hosts"]
    assert (seen["host"], seen["disk"]["free"], seen["alerts"]) == ("prod-3", 9 * GB, [])
    assert (never["host"], never["disk"], never["seen_at"]) == ("db-1", None, None)


def test_an_open_alert_stands_in_the_line_of_its_host(folder: Path, store: Store) -> None:
    line = Bounds(at=Line(share=0.9), clears=Line(share=0.8))
    seen = Measured(at=store.ledger.now(), engine="E1", size=100 * GB, free=GB)
    store.alerts.look(
        "prod-3", Kind.PRESSURE,
        lambda before: told("prod-3", Kind.PRESSURE, before, seen, Lines(warn=line, holds=timedelta())),
    )  # fmt: skip
    looked(store, "prod-3", 1)
    assert "  warn  " in deckhand("watch", "prod-3", folder=folder).stdout
    (host,) = json.loads(deckhand("watch", "prod-3", "--json", folder=folder).stdout)["hosts"]
    assert [(alert["kind"], alert["level"]) for alert in host["alerts"]] == [("pressure", "warn")]


def test_on_a_terminal_it_is_brought_up_to_date_until_ctrl_c(folder: Path, store: Store) -> None:
    looked(store, "prod-3", 40)
    here, there = pty.openpty()
    with subprocess.Popen(
        [DECKHAND, "watch", "--every", "1s"], cwd=folder, stdin=there, stdout=there, stderr=there,
        env=environment({"TERM": "xterm", "COLUMNS": "120"}), start_new_session=True,
    ) as running:  # fmt: skip
        os.close(there)
        try:
            reading(here, "60%")
            looked(store, "prod-3", 13)
            reading(here, "87%")
            running.send_signal(INTERRUPT)
            assert running.wait(PATIENCE) == 0
        finally:
            running.kill()
            os.close(here)


def reading(terminal: int, words: str) -> None:
    """Read what a terminal shows until these words come."""
    until, shown = time.monotonic() + PATIENCE, ""
    while words not in shown:
        assert time.monotonic() < until, shown
        shown += os.read(terminal, 65_536).decode(errors="replace")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--every", "soon"), "“soon” is not a duration"),
        (("--every", "1ms"), "--every is from 1s to 1h."),
        (("prod-33",), "Did you mean prod-3?"),
    ],
)
def test_what_cannot_be_watched_is_told_with_what_to_write(
    folder: Path, words: tuple[str, ...], said: str
) -> None:
    ended = deckhand("watch", *words, folder=folder)
    assert ended.returncode == 2
    assert said in ended.stderr
