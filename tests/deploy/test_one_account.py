"""pipx and uv, followed word by word, with packages from a folder and no index."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.wheel import tracked
from tests.manual.pages import ROOT, script, sections
from tests.support.machines.debian import wheels

BLOCKS = sections()["For one account: pipx, or uv"]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The files of this checkout, and nothing else of it."""
    for name in tracked():
        (tmp_path / "checkout" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / "checkout" / name)
    return tmp_path / "checkout"


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.split()[0])
def test_a_command_for_one_account_is_installed_replaced_and_removed(
    checkout: Path, folder: Path, tmp_path: Path, block: str
) -> None:
    packages = str(wheels(f"{sys.version_info.major}.{sys.version_info.minor}"))
    home = tmp_path / "home"
    home.mkdir()
    # pipx installs with uv where that is there, and uv reads all of this from a file.
    (tmp_path / "uv.toml").write_text(
        f'no-index = true\nfind-links = ["{packages}"]\npython-downloads = "never"\n'
    )
    kept = {name: os.environ[name] for name in ("LANG", "LC_ALL") if name in os.environ}
    environment = {
        **kept, "UV_PYTHON": sys.executable, "HOME": str(home), "UV_CONFIG_FILE": str(tmp_path / "uv.toml"),
        "PATH": f"{home}/.local/bin:{Path(sys.executable).parent}:/usr/bin:/bin",
    }  # fmt: skip
    # The tests' environment has a deckhand of its own, which must not be the one that answers.
    mine = f"{home}/.local/bin/deckhand"
    looks = (
        f'test "$(command -v deckhand)" = {mine}\ndeckhand --help\n'
        f"deckhand df prod-3 --config {folder}/deckhand.toml"
    )
    checked = block.replace("deckhand --help", looks)
    ended = subprocess.run(
        ["bash", "-c", script(checked, f"test ! -e {mine}")],
        cwd=checkout, env=environment, capture_output=True, text=True, check=False, timeout=900,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert "Usage: deckhand" in ended.stdout
    assert re.search(r"^Images +\d", ended.stdout, re.MULTILINE)
