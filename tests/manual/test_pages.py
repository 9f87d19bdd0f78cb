"""The README and the manual keep their word: commands work, tables load, links lead somewhere."""

import json
import re
from pathlib import Path

import pytest
from typer.core import TyperCommand, TyperGroup

from bot.config.settings import load
from bot.shell.commands import COMMANDS, cli
from tests.manual.pages import (
    INSTALL,
    MANUAL,
    PAGES,
    README,
    ROOT,
    anchors,
    blocks,
    commands,
    links,
    mentioned,
)
from tests.support.shell import deckhand

ELSEWHERE = {("run",), ("health",)}
"""``deckhand run`` and ``health`` have tests of their own: they need a bot."""
OURS = sorted(
    {
        tuple(words[1:])
        for page in PAGES
        if page != INSTALL
        for words in commands(page)
        if words[0] == "deckhand" and tuple(words[1:]) not in ELSEWHERE
    }
)
KNOWN = {"deckhand", "tests/run", ".venv/bin/python", "_DECKHAND_COMPLETE=source_bash"}
"""The last is followed in tests/shell/line/test_completion.py."""
MENTIONED = [
    pytest.param(words, id=f"{page.name}: {' '.join(words)}") for page in PAGES for words in mentioned(page)
]


def test_other_programs_stand_only_where_they_are_followed_word_by_word() -> None:
    assert {words[0] for words in commands(README)} == {
        "deploy/try",
        "tests/run",
        "pipx",
        "export",
        "deckhand",
    }
    for page in set(PAGES) - {README, INSTALL}:
        assert {words[0] for words in commands(page)} <= KNOWN, page.name
    followed = [line.split("#")[0].strip() for block in blocks(INSTALL, "sh") for line in block.splitlines()]
    assert [
        words for words in commands(README) if words[0] == "pipx" and " ".join(words) not in followed
    ] == []


@pytest.mark.parametrize("words", OURS, ids=" ".join)
def test_a_command_works_as_it_stands(folder: Path, words: tuple[str, ...]) -> None:
    if "restore" in words:
        assert deckhand("db", "backup", words[-1], folder=folder).returncode == 0
    (cleanup,) = json.loads(deckhand("audit", "list", "--json", folder=folder).stdout)
    ended = deckhand(*(cleanup["id"] if word == "ID" else word for word in words), folder=folder)
    assert (ended.returncode, ended.stderr.count("deckhand: ")) == (0, 0), ended.stderr
    assert ended.stdout


def test_there_are_as_many_as_there_were() -> None:
    assert len(OURS) > 25
    assert len(MENTIONED) > 20


@pytest.mark.parametrize("words", MENTIONED)
def test_a_command_that_a_sentence_names_exists_with_its_options(words: list[str]) -> None:
    group = cli.commands.get(words[0]) if not words[0].startswith("-") else cli
    assert group is not None, words
    path = " ".join(words[: 2 if hasattr(group, "commands") else 1])
    command: TyperCommand | TyperGroup = cli if group is cli else loaded(path)
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    assert [word for word in words if word.startswith("--") and word not in known] == []


def loaded(path: str) -> TyperCommand | TyperGroup:
    """The command itself; a group's name alone means the group."""
    if path in COMMANDS:
        return COMMANDS[path].loaded(path.rpartition(" ")[2])
    group = cli.commands[path]
    assert isinstance(group, TyperGroup)
    return group


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(text, id=f"{page.name}-{n}")
        for page in PAGES
        for n, text in enumerate(blocks(page, "toml"))
    ],
)
def test_a_configuration_loads(tmp_path: Path, text: str) -> None:
    file = tmp_path / "deckhand.toml"
    file.write_text(text)
    assert load(file, {}).rules.hosts.all()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file_and_every_anchor_to_a_title(page: Path) -> None:
    for path, anchor in links(page):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name}: {path}"
        assert target.is_relative_to(ROOT), f"{page.name}: {path}"
        assert not anchor or anchor in anchors(target), f"{page.name}: {path}#{anchor}"


def test_every_page_of_the_manual_is_in_the_readme_once() -> None:
    led_to = [path for path, _ in links(README) if path.startswith("deploy/manual/")]
    table = README.read_text(encoding="utf-8").partition("## The rest")[2]
    assert {f"deploy/manual/{page.name}" for page in MANUAL.iterdir()} == set(led_to)
    assert [path for path in set(led_to) if table.count(f"({path})") != 1] == []
    assert len(list(MANUAL.iterdir())) <= 14


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_leads_elsewhere_than_to_slack_and_none_names_a_place_on_the_machine_it_was_written_on(
    page: Path,
) -> None:
    text = page.read_text(encoding="utf-8")
    assert set(re.findall(r"https?://([\w.-]+)", text)) <= {"api.slack.com", "127.0.0.1"}
    assert not [
        place for place in (str(ROOT.parent), str(Path.home())) if place != "/" and f"{place}/" in text
    ]
