"""A command loads what it uses, and nothing else: held by what it has imported, not by a clock."""

import inspect
import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import pytest

from bot.shell.commands import COMMANDS, GROUPS
from bot.trial.sample.server import SampleEngine
from tests.shell.conftest import configure
from tests.support.shell import deckhand, environment, program

HEAVY = frozenset(
    {
        "alembic", "cryptography", "docker", "google", "h2", "matplotlib", "numpy", "paramiko", "psycopg", "requests",
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
    "df prod-3": ENGINES | STORE,
    "df prod-3 --json": ENGINES,
    "df prod-3,prod-3": ENGINES | STORE,
    "history prod-3": STORE,
    "df nowhere": ENGINES,
    "hosts list": ENGINES,
    "hosts import --contexts": ENGINES,
    "plan prod-3": ENGINES | STORE,
    "hosts accept prod-3": ENGINES | STORE,
    "schedules": STORE,
    "init": ENGINES,
    "config check": set(),
    "config show": set(),
    "config schema": set(),
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
SAME: Sequence[str] = (
    "", "--help", "hosts", "hosts check --help", "hots", "hosts lst", "df", "df prod-33", "df prod-3 --nope",
    "hosts list", "doctor", "audit export", "audit show nowhere", "run", "hosts accept prod-3",
)  # fmt: skip
"""Commands that say the same in a process of their own and in that of the tests."""
EACH = """
import json, os, sys
from pathlib import Path
from bot.shell.main import main
for folder in sorted(Path.cwd().iterdir()):
    pid = os.fork()
    if pid:
        os.waitpid(pid, 0)
        continue
    os.chdir(folder)
    for number, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT), number)
    sys.argv = ["deckhand", *json.loads(Path("arguments").read_text())]
    code = 1
    try:
        main()
    except SystemExit as ended:
        code = ended.code or 0
    finally:
        sys.stdout.flush()
        Path("ended").write_text(json.dumps([code, *sys.modules]))
        os._exit(0)
"""
"""Runs the command of each folder in a process of its own, which begins with what all commands load."""


class Ended(NamedTuple):
    code: int
    stdout: str
    stderr: str
    loaded: frozenset[str]


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory, sample: SampleEngine) -> Mapping[str, Ended]:
    """How each command ended in a process of its own."""
    everything = tmp_path_factory.mktemp("each")
    folders = {
        command: everything / f"{number:03}" for number, command in enumerate(dict.fromkeys((*MAY, *SAME)))
    }
    for command, folder in folders.items():
        folder.mkdir()
        (folder / "arguments").write_text(json.dumps(command.split()))
        configure(folder, sample)
    subprocess.run([sys.executable, "-c", EACH], cwd=everything, env=environment({}), check=True)
    return {command: ended_in(folder) for command, folder in folders.items()}


def ended_in(folder: Path) -> Ended:
    code, *loaded = json.loads((folder / "ended").read_text())
    out, err = ((folder / name).read_text() for name in ("stdout", "stderr"))
    return Ended(code, out, err, frozenset(loaded))


@pytest.mark.parametrize("command", MAY)
def test_a_command_imports_no_heavy_package_that_it_does_without(
    ended: Mapping[str, Ended], command: str
) -> None:
    assert ended[command].loaded & HEAVY <= MAY[command]


@pytest.mark.parametrize("command", SAME)
def test_a_command_says_the_same_in_a_process_of_its_own_and_in_that_of_the_tests(
    ended: Mapping[str, Ended], folder: Path, command: str
) -> None:
    here = deckhand(*command.split(), folder=folder)
    assert (here.returncode, here.stdout, here.stderr) == ended[command][:3]


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
