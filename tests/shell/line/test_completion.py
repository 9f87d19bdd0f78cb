"""Completion in bash, zsh and fish: commands, options, and the names that the configuration has."""

import shutil
import subprocess
from pathlib import Path

import pytest

from bot.core.audit.filters import OUTCOMES
from bot.core.plan.profiles import BUILT_IN
from tests.support.shell import DECKHAND, environment, program

ZSH = {"_DECKHAND_COMPLETE": "complete_zsh"}
FISH = {"_DECKHAND_COMPLETE": "complete_fish", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}


def completed(line: str, folder: Path, **more: str) -> list[str]:
    """The words that fish is told for a line that ends where the cursor is."""
    ended = program(folder=folder, **FISH, _TYPER_COMPLETE_ARGS=line, **more)
    assert ended.stderr == ""
    return [word.split("\t")[0] for word in ended.stdout.splitlines()]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("deckhand ho", ["hosts"]),
        ("deckhand hosts c", ["check"]),
        ("deckhand plan --wh", ["--why"]),
        ("deckhand hosts trust ", ["prod-3", "build", "db-1"]),
        ("deckhand plan b", ["build"]),
        ("deckhand df ", ["all", "prod-3", "build", "db-1", "@prod", "@web"]),
        ("deckhand df db-1,@p", ["db-1,@prod"]),
        ("deckhand plan prod-3 d", ["dangling", "drop="]),
        ("deckhand plan prod-3 routine no", ["not="]),
        ("deckhand audit list out", [f"outcome={each}" for each in OUTCOMES]),
        ("deckhand audit export --format ", ["json", "csv"]),
        ("deckhand policy explain d", ["db-1"]),
    ],
)  # fmt: skip
def test_what_can_follow_is_offered(folder: Path, line: str, words: list[str]) -> None:
    assert sorted(completed(line, folder)) == sorted(words)


def test_profiles_are_the_built_in_ones_and_those_of_the_file_that_the_line_names(folder: Path) -> None:
    (folder / "other.toml").write_text('[hosts.x]\ndocker = 1\n[profiles.nightly]\n"no such key" = 1\n')
    found = completed("deckhand plan --config other.toml x ", folder)
    assert [*BUILT_IN, "nightly"] == [word for word in found if not word.endswith("=")]


@pytest.mark.parametrize(
    "text", [None, "nonsense", "[hosts]\nx = 1\n", "hosts = 3\n", '[hosts.a]\ntags = "ci"\n']
)
def test_a_configuration_with_mistakes_completes_what_it_can_without_a_word(
    tmp_path: Path, text: str | None
) -> None:
    if text is not None:
        (tmp_path / "deckhand.toml").write_text(text)
    assert completed("deckhand df al", tmp_path) == ["all"]


def test_zsh_is_told_the_same(folder: Path) -> None:
    ended = program(folder=folder, **ZSH, _TYPER_COMPLETE_ARGS="deckhand hosts trust db")
    assert "db-1" in ended.stdout


def test_bash_completes_after_it_has_read_the_script_that_is_shown(folder: Path) -> None:
    bash = shutil.which("bash")
    assert bash
    script = (
        'eval "$(_DECKHAND_COMPLETE=source_bash deckhand)"; '
        "COMP_WORDS=(deckhand hosts trust db); COMP_CWORD=3; "
        "$(complete -p deckhand | sed 's/.*-F \\([^ ]*\\) .*/\\1/') deckhand; echo \"${COMPREPLY[@]}\""
    )
    path = f"{Path(DECKHAND).parent}:/usr/bin:/bin"
    ended = subprocess.run(
        [bash, "--norc", "-c", script], cwd=folder, capture_output=True, text=True, check=True, timeout=60,
        env={**environment({}), "PATH": path},
    )  # fmt: skip
    assert ended.stdout.strip() == "db-1", ended.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell_is_printed_for_who_names_it(tmp_path: Path, shell: str) -> None:
    ended = program(folder=tmp_path, _DECKHAND_COMPLETE=f"source_{shell}")
    assert (ended.returncode, "_DECKHAND_COMPLETE=complete_" in ended.stdout) == (0, True)
