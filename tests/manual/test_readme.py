"""The README is one page that teaches, and each thing in it is so."""

import re
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from bot.config.settings import load
from bot.core.plan.profiles import BUILT_IN
from tests.e2e.browser.pages import BIGGEST
from tests.manual.pages import MANUAL, README, ROOT, blocks, links

TEXT = README.read_text(encoding="utf-8")


def test_it_is_one_page_with_a_moving_picture() -> None:
    assert len(TEXT.splitlines()) <= 150
    tour = "deploy/pictures/tour.gif"
    assert tour in [path for path, _ in links(README)]
    assert (ROOT / tour).stat().st_size <= BIGGEST
    with Image.open(ROOT / tour) as picture:
        assert getattr(picture, "n_frames", 1) >= 6


@pytest.mark.parametrize("script", ["deploy/try", "tests/run"])
def test_both_scripts_say_how_they_are_used(script: str) -> None:
    ended = subprocess.run([ROOT / script, "--help"], capture_output=True, text=True, check=True)
    assert "Usage" in ended.stdout


def test_its_fourteen_lines_are_for_three_people_and_five_hosts_none_of_whom_decides_alone(
    tmp_path: Path,
) -> None:
    (text,) = blocks(README, "toml")
    assert len(text.splitlines()) == 14
    file = tmp_path / "deckhand.toml"
    file.write_text(text)
    hosts = load(file, {}).rules.hosts.all()
    assert len(hosts) == 5
    for host in hosts:
        assert len(host.policy.approve) == 3
        assert not host.policy.self_approval
        assert host.policy.request
        assert host.policy.stop


def test_the_table_of_profiles_lists_the_profiles_in_their_order() -> None:
    table = (MANUAL / "profiles.md").read_text(encoding="utf-8").partition("| argument |")[0]
    assert re.findall(r"^\| `(\w+)`", table, re.MULTILINE) == list(BUILT_IN)


def test_every_variable_that_is_read_is_documented() -> None:
    sources = " ".join(file.read_text() for file in (ROOT / "bot" / "config").glob("*.py"))
    read = set(re.findall(r"\b(?:SLACK|DECKHAND)_[A-Z_]+\b", sources)) - {"SLACK_"}
    assert len(read) > 5
    page = (MANUAL / "operating.md").read_text(encoding="utf-8")
    assert read <= set(re.findall(r"`((?:SLACK|DECKHAND)_[A-Z_]+)`", page))
