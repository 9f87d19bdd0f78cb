"""Whatever hosts, people and files say: no command of the shell lets it drive a terminal, or forge a line."""

import json
import os
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot.core.plan.plan import Person
from bot.shell.commands import COMMANDS as ALL
from bot.shell.main import main
from bot.store.opening import open_store
from tests.store.cleaned import cleaned, image
from tests.store.samples import ENGINE, drop_triggers, propose
from tests.support.lying.hostile import FORMULA, HOSTILE, STORED, driving, forged_lines, hostile_engine

CONFIGURATION = """
[database]
url = "sqlite:///deckhand.db"

[hosts.prod-3]
docker = "{url}"

[hosts.other]
docker = "{url}"

[hosts.broken]
docker = "{broken}"

[policies.default]
look = ["*"]
"""

COMMANDS: dict[str, Sequence[Sequence[str]]] = {
    "run": [["run"], ["run", "--config", f"a{STORED.replace(chr(0), '')}"]],
    "try": [["try", "--port", STORED], ["try", f"--{STORED}"]],
    "df": [
        ["df", "prod-3"], ["df", "prod-3", "--json"], ["df", "all"], ["df", "all", "--json"], ["df", "broken"],
        ["df", STORED], ["df", f"--{STORED}"],
    ],
    "history": [
        ["history", "prod-3"], ["history", "prod-3", "--json"], ["history", STORED], ["history", "prod-3", STORED],
    ],
    "why-full": [
        ["why-full", "prod-3"], ["why-full", "prod-3", "--json"], ["why-full", "broken"], ["why-full", STORED],
    ],
    "watch": [["watch"], ["watch", "--json"], ["watch", STORED], ["watch", "--every", STORED]],
    "plan": [
        ["plan", "prod-3"], ["plan", "prod-3", "--json"], ["plan", "prod-3", "system", "everything"],
        ["plan", "prod-3", "--why", f"bridge{HOSTILE}"], ["plan", "prod-3", "--why", f"bridge{HOSTILE}", "--json"],
        ["plan", "prod-3", "--why", "bridge"], ["plan", "prod-3", STORED], ["plan", "broken"],
    ],
    "schedules": [["schedules"], ["schedules", "--json"], ["schedules", "--config", "hostile.toml"]],
    "doctor": [["doctor"], ["doctor", "--config", "hostile.toml"], ["doctor", "--config", "damaged.toml"]],
    "db upgrade": [["db", "upgrade"], ["db", "upgrade", "--config", "elsewhere.toml"]],
    "db check": [["db", "check"], ["db", "check", "--config", "elsewhere.toml"]],
    "db backup": [["db", "backup", f"no{STORED}/copy"]],
    "db restore": [["db", "restore", f"no{STORED}"]],
    "hosts list": [["hosts", "list"], ["hosts", "list", STORED], ["hosts", "list", "--config", "hostile.toml"]],
    "hosts check": [["hosts", "check"], ["hosts", "check", "--json"], ["hosts", "check", STORED]],
    "hosts accept": [["hosts", "accept", "other", "--yes", STORED], ["hosts", "accept", "other"]],
    "hosts trust": [["hosts", "trust", "prod-3"], ["hosts", "trust", STORED]],
    "hosts import": [["hosts", "import", "--ssh-config"], ["hosts", "import", "--contexts"]],
    "policy explain": [["policy", "explain", "prod-3", "U0BOB"], ["policy", "explain", "prod-3", STORED]],
    "init": [
        ["init"], ["init", "--config", "new.toml"], ["init", "--config", "new.toml", "--hosts", STORED],
        ["init", "--config", "new.toml", "--hosts", "local", "--prod", STORED],
    ],
    "config check": [["config", "check", "--config", name] for name in ("hostile.toml", "damaged.toml", "named.toml")],
    "config show": [
        ["config", "show", "--config", "named.toml"], ["config", "show", "--config", "named.toml", "--json"],
        ["config", "show", "--config", "hostile.toml"],
    ],
    "config schema": [["config", "schema"]],
    "health": [["health", "--config", "hostile.toml"], ["health", "--config", "damaged.toml"]],
    "audit list": [["audit", "list"], ["audit", "list", "--json"], ["audit", "list", STORED]],
    "audit stats": [["audit", "stats"], ["audit", "stats", "--json"]],
    "audit show": [["audit", "show", "first"], ["audit", "show", "first", "--json"], ["audit", "show", STORED]],
    "audit export": [["audit", "export"], ["audit", "export", "--format", "csv"], ["audit", "export", STORED]],
    "audit head": [["audit", "head"], ["audit", "head", "--json"], ["audit", "head", "--config", "elsewhere.toml"]],
    "audit archive": [["audit", "archive", "--before", STORED, "--output", "a"]],
    "audit format": [["audit", "format"]],
    "audit verify": [["audit", "verify"], ["audit", "verify", "--json"], ["audit", "verify", f"no{STORED}"]],
}  # fmt: skip
"""Each command of the shell, as it may meet hostile words."""
SILENT = {"audit format", "config schema"}
"""Those that say nothing of anybody else's."""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with (
        TemporaryDirectory(prefix="dh-", dir="/tmp") as made,
        hostile_engine(Path(made) / "a.sock") as url,
        hostile_engine(Path(made) / "b.sock", fails=True) as broken,
    ):
        here = Path(made)
        (here / "deckhand.toml").write_text(CONFIGURATION.format(url=url, broken=broken))
        name = json.dumps(STORED).replace("\x7f", r"\u007f")
        (here / "hostile.toml").write_text(f"[hosts.{name}]\ndocker = {name}\n{name} = 1\n")
        (here / "damaged.toml").write_text(f'[hosts.a]\ndocker = "{STORED}\n')
        (here / "elsewhere.toml").write_text(
            f"[database]\nurl = {json.dumps(f'sqlite:////nowhere/{STORED}/a')}\n[hosts.a]\ncontext = 'a'\n"
        )
        (here / "named.toml").write_text(
            f"[hosts.a]\ncontext = {name}\n[protect]\nimages = [{name}]\n[log]\nlevels = {{ {name} = 'info' }}\n"
        )
        (here / ".ssh").mkdir()
        (here / ".ssh/config").write_text(f"Host a\nHost b{STORED}\n")
        fill(here)
        yield here


def fill(here: Path) -> None:
    """A database in which people, hosts and objects have hostile names."""
    evil = Person(id=f"U0{STORED}", name=f"{FORMULA}{STORED}")
    with closing(open_store(f"sqlite:///{here / 'deckhand.db'}")) as store:
        cleaned(store, "first", image(f"web:1{STORED}", f"r/web@sha256:{1:064x}{STORED}"), image(FORMULA),
                host=f"prod-3{STORED}", profile=f"routine{STORED}", by=evil, approver=evil)  # fmt: skip
        propose(store, "second")
        store.ledger.accept_engine("other", replace(ENGINE, name=STORED, version=STORED), "a test")
    with closing(sqlite3.connect(here / "deckhand.db")) as database, database:
        drop_triggers("sqlite", database.execute)  # type: ignore[arg-type] # what comes back is not looked at
        database.execute(
            "UPDATE event SET actor = actor || ?, facts = facts || ? WHERE seq = 2", (STORED, STORED)
        )


def test_every_command_of_the_shell_is_among_those_that_meet_hostile_words() -> None:
    assert set(ALL) == set(COMMANDS)


@pytest.fixture
def shell(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process is a shell in that folder."""
    for name in [name for name in os.environ if name.startswith(("SLACK_", "DECKHAND_", "DOCKER_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(folder)
    monkeypatch.setattr("bot.shell.main.log_to_stderr", lambda: None)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_lets_a_hostile_word_drive_the_terminal_or_forge_a_line(
    shell: None, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    met = ""
    for arguments in COMMANDS[command]:
        monkeypatch.setattr(sys, "argv", ["deckhand", *arguments])
        with pytest.raises(SystemExit):
            main()
        out, err = capfd.readouterr()
        for shown in (out.replace("\r\n", "\n") if "csv" in arguments else out, err):
            assert not driving(shown)
            assert not forged_lines(shown)
            met += shown
    assert command in SILENT or "]0;owned" in met, "hostile words are seen"
    assert command != "plan" or "would remove" in met
