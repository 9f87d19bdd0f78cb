"""A command loads what it uses, and nothing else: held by what it has imported, not by a clock."""

import inspect
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from importlib import import_module
from pathlib import Path

import pytest

from bot.shell.commands import COMMANDS, GROUPS
from tests.support.shell import deckhand, environment, program

HEAVY = frozenset(
    {
        "alembic", "cryptography", "docker", "matplotlib", "numpy", "paramiko", "psycopg", "requests",
        "slack_bolt", "slack_sdk", "sqlalchemy", "sqlmodel", "starlette", "uvicorn", "websockets",
    }
)  # fmt: skip
"""Packages that take long to import; typer itself asks for pydantic."""
ENGINES = {"docker", "requests"}
STORE = {"alembic", "sqlalchemy", "sqlmodel"}
MAY: dict[str, AbstractSet[str]] = {
    "": set(),
    "--help": set(),
    "hosts": set(),
    "audit --help": set(),
    "nowhere": set(),
    "df prod-3": ENGINES,
    "df prod-3 --json": ENGINES,
    "df prod-3,prod-3": ENGINES,
    "df nowhere": ENGINES,
    "hosts list": ENGINES,
    "hosts import --contexts": ENGINES,
    "plan prod-3": ENGINES | STORE,
    "hosts accept prod-3": ENGINES | STORE,
    "schedules": STORE,
    "health": set(),
    "db upgrade": ENGINES | STORE,
    "audit list": STORE,
    "audit stats": STORE,
    "audit show nowhere": STORE,
    "audit export": STORE,
    "audit head": STORE,
    "audit verify": STORE,
    "audit format": STORE,
    "policy explain prod-3 U0BOB": {"slack_sdk"},
    "run": HEAVY - {"matplotlib", "numpy", "psycopg"},
}
"""What each command may import of that, for hosts that no SSH leads to."""
LOADED = """
import json, sys
from bot.shell.main import main
sys.argv = ["deckhand", *sys.argv[1:]]
try:
    main()
finally:
    with open("loaded.json", "w") as file:
        json.dump([*sys.modules], file)
"""


@pytest.mark.parametrize("command", MAY)
def test_a_command_imports_no_heavy_package_that_it_does_without(folder: Path, command: str) -> None:
    subprocess.run(
        [sys.executable, "-c", LOADED, *command.split()], cwd=folder, env=environment({}), capture_output=True,
        check=False,
    )  # fmt: skip
    loaded = {name for name in json.loads((folder / "loaded.json").read_text()) if name in HEAVY}
    assert loaded <= MAY[command]


def test_a_host_behind_ssh_is_reached_with_paramiko_all_the_same(folder: Path) -> None:
    (folder / "deckhand.toml").write_text('[hosts.far]\nssh = "deploy@127.0.0.1:1"\n')
    ended = program("df", "far", folder=folder)
    assert (ended.returncode, "far: nothing listens on 127.0.0.1:1" in ended.stderr) == (1, True)


@pytest.mark.parametrize("path", COMMANDS)
def test_the_line_that_help_shows_of_a_command_is_its_own(path: str) -> None:
    place = COMMANDS[path]
    function = getattr(import_module(f"bot.shell.{place.module}"), place.function)
    assert " ".join((inspect.getdoc(function) or "").split("\n\n")[0].split()) == place.purpose


def test_every_group_of_the_table_has_commands_and_every_command_its_group(folder: Path) -> None:
    assert {path.partition(" ")[0] for path in COMMANDS if " " in path} == set(GROUPS)
    shown = deckhand("--help", folder=folder).stdout
    for name in {path.partition(" ")[0] for path in COMMANDS}:
        assert re.search(rf"^│ {name} +\S", shown, re.MULTILINE)


SAME: Sequence[Sequence[str]] = (
    (), ("--help",), ("hosts",), ("hosts", "check", "--help"), ("hots",), ("hosts", "lst"), ("df",),
    ("df", "prod-33"), ("df", "prod-3", "--nope"), ("hosts", "list"), ("doctor",), ("audit", "export"),
    ("audit", "show", "nowhere"), ("run",), ("hosts", "accept", "prod-3"),
)  # fmt: skip


@pytest.mark.parametrize("arguments", SAME, ids=" ".join)
def test_a_command_says_the_same_in_a_process_of_its_own_and_in_that_of_the_tests(
    folder: Path, arguments: Sequence[str]
) -> None:
    alone, here = program(*arguments, folder=folder), deckhand(*arguments, folder=folder)
    assert (here.returncode, here.stdout, here.stderr) == (alone.returncode, alone.stdout, alone.stderr)
