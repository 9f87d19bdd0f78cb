"""``deckhand init``: five questions, a file that loads, and the next command."""

import os
import pty
import stat
import subprocess
from pathlib import Path

import pytest

from bot.config.settings import load
from tests.support.shell import DECKHAND, deckhand, environment

ALL = ("--hosts", "web-1,deckhand@db-1.example.com", "--prod", "db-1.example.com", "--ci", "",
       "--approve", "U0ANN,U0BOB", "--channel", "C0OPS")  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Of somebody whose SSH configuration names two hosts, and who has a Docker context."""
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "config").write_text("Host web-1 web-2\n  User deckhand\nHost *.example.com\n")
    for name in ("build", "default"):
        folder = tmp_path / ".docker" / "contexts" / "meta" / name
        folder.mkdir(parents=True)
        (folder / "meta.json").write_text(f'{{"Name": "{name}", "Endpoints": {{}}}}')
    return tmp_path


def typed(*lines: str, home: Path) -> tuple[int, str]:
    """How ``deckhand init`` ends for a person who types these lines, and what the terminal shows."""
    leader, follower = pty.openpty()
    with subprocess.Popen(
        [DECKHAND, "init"], cwd=home, stdin=follower, stdout=follower, stderr=follower,
        env={**environment({}), "HOME": str(home)},
    ) as process:  # fmt: skip
        os.close(follower)
        os.write(leader, "".join(f"{line}\n" for line in lines).encode())
        shown = b""
        while part := _read(leader):
            shown += part
        code = process.wait(60)
    os.close(leader)
    return code, shown.decode()


def _read(leader: int) -> bytes:
    try:
        return os.read(leader, 65536)
    except OSError:  # Linux says EIO where everything is read and nobody writes any more
        return b""


def test_five_answers_make_a_configuration_for_a_team_of_three_and_its_next_command_is_said(
    home: Path,
) -> None:
    code, shown = typed(
        "web-1, build local ops@db-1.example.com:2222", "web-1, db-1.example.com", "build",
        "U0ANN U0BOB,S0OPS", "C0OPS", home=home,
    )  # fmt: skip
    assert code == 0, shown
    assert "This machine knows these hosts: web-1, web-2, build, local." in shown
    assert "Next: deckhand hosts trust web-1" in shown
    file = home / "deckhand.toml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    hosts = load(file, {}).rules.hosts.by_name
    assert {name: (str(host.address), host.tags) for name, host in hosts.items()} == {
        "web-1": ("ssh web-1", ("prod",)),
        "build": ("context build", ("ci",)),
        "local": ("unix:///var/run/docker.sock", ()),
        "db-1.example.com": ("ssh ops@db-1.example.com:2222", ("prod",)),
    }
    policy = hosts["web-1"].policy
    assert (policy.look, policy.request, policy.approve) == (("*",), ("C0OPS",), ("U0ANN", "U0BOB", "S0OPS"))
    assert (policy.self_approval, policy.stop, policy.restore) == (False, ("*",), policy.approve)
    assert all(
        "#" in line
        for line in file.read_text().partition("[policies.default]\n")[2].split("\n\n")[0].splitlines()
    )


def test_what_cannot_be_is_asked_again_with_the_reason(home: Path) -> None:
    code, shown = typed("", "web-1", "web-9", "", "", "bob", "C0OPS", "U0ANN", "ops", "", home=home)
    assert code == 0, shown
    for sentence in (
        "Name at least one host", "“web-9” is none of the hosts: web-1.", "“bob” is no Slack id",
        "Name who may approve by their ids", "“ops” is no channel's id", "Only one person may approve",
    ):  # fmt: skip
        assert sentence in shown.replace("\r\n", " "), sentence


def test_who_ends_it_in_the_middle_has_no_file(home: Path) -> None:
    code, shown = typed("web-1", "\x04", home=home)
    assert (code, "Nothing was changed." in shown) == (1, True)
    assert not (home / "deckhand.toml").exists()


def test_options_answer_for_a_script_and_what_is_missing_is_named(home: Path) -> None:
    ended = deckhand("init", *ALL[:-2], folder=home, HOME=str(home))
    assert (ended.returncode, "write --channel too" in ended.stderr) == (2, True)
    assert not (home / "deckhand.toml").exists()
    ended = deckhand("init", *ALL, folder=home, HOME=str(home))
    assert ended.returncode == 0, ended.stderr
    assert deckhand("config", "check", folder=home).returncode == 0


@pytest.mark.parametrize("link", [False, True])
def test_a_file_that_is_there_stays_as_it_is(home: Path, *, link: bool) -> None:
    file = home / "deckhand.toml"
    if link:
        file.symlink_to(home / "nowhere")
    else:
        file.write_text("mine")
    ended = deckhand("init", *ALL, folder=home, HOME=str(home))
    assert (ended.returncode, "is there already" in ended.stderr) == (1, True)
    assert not (home / "nowhere").exists()
    assert link or file.read_text() == "mine"
