"""Programs that Deckhand starts learn nothing of its secrets."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import bot
from bot.core.rules.hosts import SshAddress
from bot.engines.ssh.children import environment
from bot.engines.ssh.config.files import SshFiles
from tests.support.machines.needs import program

SECRETS = {
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_SIGNING_SECRET": "s",
    "DECKHAND_DATABASE_URL": "postgresql://deckhand:secret@db/deckhand",
    "DECKHAND_AUDIT_KEY": "k",
    "DECKHAND_SSH_PASSPHRASE": "p",
    "PGPASSWORD": "p",
    "AWS_SECRET_ACCESS_KEY": "a",
    "HTTPS_PROXY": "http://user:secret@proxy",
}


def test_a_match_exec_sees_where_it_is_and_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program("ssh")
    for name, value in {**SECRETS, "LC_ALL": "C", "XDG_RUNTIME_DIR": "/run/user/7"}.items():
        monkeypatch.setenv(name, value)
    seen = tmp_path / "seen"
    config = tmp_path / "config"
    config.write_text(f'Match exec "env > {seen}"\n HostName 127.0.0.9\n')
    route = SshFiles(config=config, known_hosts=tmp_path / "known").route(SshAddress(host="prod-3"))
    assert route.host == "127.0.0.9"
    found = dict(line.split("=", 1) for line in seen.read_text().splitlines())
    assert not SECRETS.keys() & found.keys()
    assert {name: found.get(name) for name in ("HOME", "PATH", "LC_ALL", "XDG_RUNTIME_DIR")} == {
        name: os.environ.get(name) for name in ("HOME", "PATH", "LC_ALL", "XDG_RUNTIME_DIR")
    }


def test_the_environment_of_a_child_is_a_list_of_names_and_not_all_but_some(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("A_SECRET_THAT_NOBODY_HAS_THOUGHT_OF", "x")
    assert "A_SECRET_THAT_NOBODY_HAS_THOUGHT_OF" not in environment()


STARTING = {"subprocess", "pty", "multiprocessing"}
OF_OS = ("system", "popen", "spawn", "exec", "posix_spawn", "fork")


def starts(tree: ast.AST) -> list[ast.Call]:
    """The calls that start a program."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner, name = node.func.value, node.func.attr
            if isinstance(owner, ast.Name) and (
                owner.id in STARTING or (owner.id == "os" and name.startswith(OF_OS))
            ):
                found.append(node)
    return found


def test_every_program_that_is_started_gets_that_environment() -> None:
    calls = {}
    for path in Path(str(bot.__file__)).parent.rglob("*.py"):
        tree = ast.parse(path.read_text())
        taken = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        assert not [node for node in taken if node.module in STARTING], path
        calls.update({(path.name, call.lineno): call for call in starts(tree)})
    assert calls
    allowed = ("environment()", "environment(named)", "environment() | NESTED")
    for where, call in calls.items():
        given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        assert given.get("env") in allowed, where


def test_drawing_a_picture_starts_no_program(tmp_path: Path) -> None:
    """Matplotlib lists the machine's fonts with fc-list, unless it is told not to."""
    code = (
        "import sys\n"
        "started = []\n"
        "sys.addaudithook(lambda event, args: started.append(args) if event == 'subprocess.Popen' else None)\n"
        "import bot.slack.look.picture\n"
        "import matplotlib.font_manager\n"
        "sys.exit(str(started) if started else 0)\n"
    )
    environment = {
        **os.environ,
        "MPLCONFIGDIR": str(tmp_path),
        "PYTHONPATH": str(Path(str(bot.__file__)).parents[1]),
    }
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=False, capture_output=True, text=True
    )
    assert not done.returncode, done.stderr
