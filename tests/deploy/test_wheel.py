"""The wheel holds everything: no file of the checkout is needed beside it."""

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from bot.store.db import revisions
from tests.deploy.wheel import ROOT, build_wheel, tracked
from tests.support.shell import environment


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def unpacked(wheel: Path, tmp_path: Path) -> Path:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    return tmp_path / "site"


def test_every_file_of_the_bot_and_its_migrations_is_in_the_wheel(wheel: Path) -> None:
    wanted = [*tracked("bot"), *(f"bot/{name}" for name in tracked("migrations"))]
    with zipfile.ZipFile(wheel) as archive:
        assert set(wanted) - set(archive.namelist()) == set()
        assert [name for name in archive.namelist() if name.startswith(("tests/", "deploy/"))] == []


def test_the_wheel_alone_makes_a_database_and_serves_the_trial_page(unpacked: Path, tmp_path: Path) -> None:
    (tmp_path / "deckhand.toml").write_text('[hosts.local]\ndocker = "unix:///var/run/docker.sock"\n')
    program = (
        "import sys, bot; from bot.store.db import revisions; from importlib.resources import files;"
        "page = files('bot.trial.workspace.page').joinpath('static/app.js');"
        "print(bot.__file__, revisions.folder(), page.is_file());"
        "sys.argv = ['deckhand', 'db', 'upgrade']; from bot.shell.main import main; main()"
    )
    ended = subprocess.run(
        [sys.executable, "-P", "-c", program], cwd=tmp_path, env=environment({"PYTHONPATH": str(unpacked)}),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    bot, migrations, page = ended.stdout.splitlines()[0].split()
    assert (Path(bot), Path(migrations)) == (unpacked / "bot/__init__.py", unpacked / "bot/migrations")
    assert page == "True"
    assert "up to date" in ended.stdout
    assert (tmp_path / "deckhand.db").exists()
    assert revisions.newest() in {file.name[:4] for file in (unpacked / "bot/migrations/versions").iterdir()}


def test_what_draws_is_an_extra_and_all_that_the_lock_file_has_is_wanted() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["optional-dependencies"]["pictures"] == ["matplotlib>=3.10"]
    assert not [name for name in project["dependencies"] if name.startswith("matplotlib")]
    assert "\nmatplotlib==" in (ROOT / "requirements.txt").read_text()
