"""The README keeps its word: its files exist, its tables of configuration load, its commands work."""

import re
import shlex
import subprocess
import tomllib
from contextlib import closing
from pathlib import Path

import pytest

from bot.config.settings import load
from bot.core.audit import facts
from bot.core.life.states import Status
from bot.core.plan.profiles import BUILT_IN
from bot.slack.parsing import AUDIT, DF, PRUNE
from bot.store.opening import open_store
from tests.store.samples import running, the
from tests.support.shell import deckhand

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def commands() -> list[list[str]]:
    lines = (line for block in blocks("sh") for line in block.splitlines())
    return [words for line in lines if (words := shlex.split(line, comments=True))]


OURS = [words[1:] for words in commands() if words[0] == "deckhand" and words[1] not in {"run", "health"}]
"""`deckhand run` and `health` have tests of their own, and so has `deploy/try`; `tests/run` runs this test."""


def test_the_commands_are_those_that_have_a_test() -> None:
    assert {words[0] for words in commands()} == {"deploy/try", "tests/run", "export", "deckhand"}
    assert len(OURS) == 23


@pytest.mark.parametrize("words", OURS, ids=" ".join)
def test_a_command_of_the_readme_works_as_it_stands(folder: Path, words: list[str]) -> None:
    with closing(open_store(f"sqlite:///{folder / 'deckhand.db'}")) as store:
        run = running(store, "p1", "prod-3")
        store.runs.finish(run, Status.DONE, facts.finished(the(store), None))
        cleanup = store.audit.cleanups()[0].id
    file = folder / "deckhand.toml"
    file.write_text(file.read_text().partition("[hosts.build]")[0] + '[policies.default]\nlook = ["*"]\n')
    if "restore" in words:
        assert deckhand("db", "backup", words[-1], folder=folder).returncode == 0
    ended = deckhand(*(cleanup if word == "ID" else word for word in words), folder=folder)
    assert (ended.returncode, ended.stderr.count("deckhand: ")) == (0, 0), ended.stderr
    assert ended.stdout


@pytest.mark.parametrize("script", ["deploy/try", "tests/run"])
def test_both_scripts_say_how_they_are_used(script: str) -> None:
    ended = subprocess.run([ROOT / script, "--help"], capture_output=True, text=True, check=True)
    assert "Usage" in ended.stdout


@pytest.mark.parametrize("text", blocks("toml"))
def test_a_configuration_of_the_readme_loads(tmp_path: Path, text: str) -> None:
    file = tmp_path / "deckhand.toml"
    file.write_text(text)
    assert load(file, {}).rules.hosts.all()


def test_every_link_and_picture_is_there() -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert {"deploy/pictures/report.png", "LICENSE"} <= set(targets)
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_the_table_of_profiles_lists_the_profiles_in_their_order() -> None:
    section = README.partition("## Choose what a cleanup takes")[2]
    assert re.findall(r"^\| `(\w+)`", section, re.MULTILINE) == list(BUILT_IN)


def test_every_variable_that_is_read_is_documented() -> None:
    sources = " ".join(file.read_text() for file in (ROOT / "bot" / "config").glob("*.py"))
    read = set(re.findall(r"\b(?:SLACK|DECKHAND)_[A-Z_]+\b", sources)) - {"SLACK_"}
    assert len(read) > 5
    assert read <= set(re.findall(r"`((?:SLACK|DECKHAND)_[A-Z_]+)`", README))


def test_the_manifest_names_our_commands_socket_mode_and_no_scope_too_many() -> None:
    manifest = (ROOT / "deploy" / "slack-manifest.yaml").read_text()
    assert re.findall(r"command: (\S+)", manifest) == [DF, PRUNE, AUDIT]
    assert "socket_mode_enabled: true" in manifest
    assert set(re.findall(r"^      - ([a-z_]+(?::[a-z]+)?)(?: #.*)?$", manifest, re.MULTILINE)) == {
        "app_mentions:read",
        "channels:read",
        "commands",
        "chat:write",
        "groups:read",
        "im:history",
        "files:write",
        "im:write",
        "usergroups:read",
        "users:read",
    }


def test_the_manifest_of_http_mode_is_the_same_but_for_its_addresses() -> None:
    of_socket, of_http = (
        [line for line in (ROOT / "deploy" / name).read_text().splitlines() if not line.startswith("#")]
        for name in ("slack-manifest.yaml", "slack-manifest-http.yaml")
    )
    url = re.compile(r" +(?:request_)?url: https://deckhand\.example\.com/slack/events")
    addresses = [line for line in of_http if url.fullmatch(line)]
    assert len(addresses) == len([DF, PRUNE, AUDIT, "events", "interactivity"])
    rest = [line.replace("socket_mode_enabled: false", "socket_mode_enabled: true") for line in of_http]
    assert [line for line in rest if line not in addresses] == of_socket


def test_the_image_runs_without_root_and_needs_no_buildx() -> None:
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text()
    instructions = [line.split()[0] for line in dockerfile.splitlines() if line[:1].isupper()]
    assert instructions.index("USER") < instructions.index("ENTRYPOINT")
    assert re.search(
        r"^USER [1-9]\d*$", dockerfile, re.MULTILINE
    )  # a number, which Kubernetes can tell from root
    assert not re.search(r"--mount|<<|# syntax", dockerfile)


def test_the_package_and_its_lock_files_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    locked = (ROOT / "requirements.txt").read_text()
    for requirement in project["dependencies"]:
        name = re.split(r"[\[<>=]", requirement)[0]
        assert re.search(rf"^{re.escape(name)}(\[\w+\])?==", locked, re.MULTILINE), name
