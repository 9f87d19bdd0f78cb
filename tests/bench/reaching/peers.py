"""Other tools that ask many hosts, in an environment of their own; left out with a note where they can't be had."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path("~/.cache/deckhand-tests/peers").expanduser()
PACKAGES = ("ansible-core", "pyinfra")


def peer(name: str) -> str:
    """The path of a peer's program; it is installed when it is missing, and the test skipped when it can't be."""
    found = FOLDER / "bin" / name
    if not found.exists():
        commands = ([sys.executable, "-m", "venv", str(FOLDER)],
                    [str(FOLDER / "bin" / "pip"), "install", "--quiet", *PACKAGES])  # fmt: skip
        for command in commands:
            if subprocess.run(command, capture_output=True, check=False).returncode:
                break
    return str(found) if found.exists() else pytest.skip(f"{name} cannot be installed here")


def environment(home: Path) -> dict[str, str]:
    """Where docker, the SDK, ansible and pyinfra find their SSH configuration: nothing of the developer's own."""
    path = f"{home / 'bin'}:{FOLDER / 'bin'}:{os.environ['PATH']}"
    return {
        **os.environ, "HOME": str(home), "PATH": path, "ANSIBLE_LOCALHOST_WARNING": "False",
        "ANSIBLE_HOST_KEY_CHECKING": "False", "ANSIBLE_NOCOLOR": "1", "DOCKER_CONFIG": str(home / "docker"),
    }  # fmt: skip


def make_home(folder: Path, configuration: str) -> Path:
    """A home folder whose ``ssh`` reads this configuration: OpenSSH takes no other home from the environment."""
    (folder / ".ssh").mkdir(parents=True)
    (folder / "bin").mkdir()
    (folder / ".ssh" / "config").write_text(configuration)
    ssh = folder / "bin" / "ssh"
    ssh.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {folder / ".ssh" / "config"} "$@"\n')
    ssh.chmod(0o755)
    return folder
