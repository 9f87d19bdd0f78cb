"""The command line itself: version, help, the order of use, examples, and what a pipe gets."""

import os
import pty
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from bot.core.audit.facts import deckhand as version
from bot.shell.commands import COMMANDS, cli
from tests.support.shell import DECKHAND, deckhand, environment

BY_HAND = {"try", "init", "run", "health", "hosts accept", "audit show", "db restore", "hosts import"}
"""They need a bot, a person, an id or a home of their own."""


def test_the_version_is_told_by_a_command_that_reads_no_configuration(tmp_path: Path) -> None:
    ended = deckhand("--version", folder=tmp_path)
    assert (ended.returncode, ended.stdout) == (0, f"Deckhand {version()}\n")


def test_the_help_lists_the_commands_in_the_order_of_use(tmp_path: Path) -> None:
    shown = deckhand("--help", folder=tmp_path).stdout
    listed = re.findall(r"^│ ([a-z][a-z-]*) ", shown, re.MULTILINE)
    assert listed == list(dict.fromkeys(path.partition(" ")[0] for path in COMMANDS)) == list(cli.commands)
    before = [listed.index(name) for name in ("try", "hosts", "doctor", "run", "df", "plan", "audit", "db")]
    assert before == sorted(before)


@pytest.mark.parametrize("path", COMMANDS)
def test_the_help_of_each_command_ends_with_an_example_of_it(tmp_path: Path, path: str) -> None:
    example = COMMANDS[path].example
    assert example == f"deckhand {path}" or example.startswith(f"deckhand {path} ")
    shown = deckhand(*path.split(), "--help", folder=tmp_path, COLUMNS="80").stdout
    assert shown.rstrip().splitlines()[-1].strip() == f"Example: {example}"


@pytest.mark.parametrize("path", [path for path in COMMANDS if path not in BY_HAND])
def test_the_example_of_a_command_works(folder: Path, path: str) -> None:
    file = folder / "deckhand.toml"
    hosts = file.read_text().partition("[hosts.build]")[0]
    file.write_text(f'{hosts}[policies.default]\nlook = ["*"]\n')
    ended = deckhand(*shlex.split(COMMANDS[path].example)[1:], folder=folder)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("columns", ["20", "80"])
def test_no_line_of_a_table_is_wrapped_in_a_pipe_however_narrow_the_terminal_is(
    folder: Path, columns: str
) -> None:
    file = folder / "deckhand.toml"
    file.write_text(f'{file.read_text()}[hosts.far]\nssh = "someone@{"a" * 60}.{"b" * 60}.example:22"\n')
    ended = deckhand("hosts", "list", folder=folder, COLUMNS=columns)
    (line,) = [line for line in ended.stdout.splitlines() if line.startswith("far ")]
    assert f"ssh someone@{'a' * 60}.{'b' * 60}.example:22" in line
    assert len(ended.stdout.splitlines()) == 5


def on_a_terminal(*arguments: str, folder: Path, **more: str) -> str:
    """What a command writes to a terminal of eighty columns."""
    leader, follower = pty.openpty()
    try:
        subprocess.run(
            [DECKHAND, *arguments], cwd=folder, stdout=follower, stderr=follower, stdin=follower, check=False,
            env={**environment(more), "TERM": "xterm-256color", "COLUMNS": "80"}, timeout=60,
        )  # fmt: skip
        os.close(follower)
        read = b""
        while part := _read(leader):
            read += part
        return read.decode()
    finally:
        os.close(leader)


def plainly(text: str) -> str:
    """Without what drives a terminal."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def _read(leader: int) -> bytes:
    try:
        return os.read(leader, 65536)
    except OSError:  # Linux says EIO where everything is read and nobody writes any more
        return b""


def test_who_waits_for_several_hosts_at_a_terminal_sees_how_many_have_answered(folder: Path) -> None:
    file = folder / "deckhand.toml"
    file.write_text(
        file.read_text().partition("[hosts.build]")[0] + '[hosts.dead]\ndocker = "tcp://127.0.0.1:1"\n'
    )
    for command in (("df", "all"), ("hosts", "check"), ("doctor",)):
        assert re.search(r"looking at hosts .*[012]/2", plainly(on_a_terminal(*command, folder=folder))), (
            command
        )
        ended = deckhand(*command, folder=folder)
        assert "looking at" not in ended.stdout + ended.stderr
        assert "\x1b" not in ended.stdout + ended.stderr


def test_a_terminal_is_not_overrun_and_no_color_is_shown_where_nobody_wants_it(folder: Path) -> None:
    shown = on_a_terminal("hosts", "list", folder=folder)
    assert "\x1b[1m" in shown
    plain = on_a_terminal("hosts", "list", folder=folder, NO_COLOR="1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", plain)
    assert max(len(line) for line in plainly(plain).splitlines()) <= 80
