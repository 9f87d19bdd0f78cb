"""What the manual says of keys, commands, events and metrics is what the code has."""

from pathlib import Path

import pytest
from typer.core import TyperCommand

from bot.config.file import tables
from bot.config.telling.described import described
from bot.core.audit.events import Tag
from bot.shell.commands import COMMANDS
from tests.manual.generated import PART, PARTS, SCHEMAS, schemas, written_anew
from tests.manual.pages import MANUAL, README
from tests.manual.shapes.all import SHAPES
from tests.support.schemas.printed import must_be_as_described


@pytest.mark.parametrize("page", [README, *sorted(MANUAL.glob("*.md"))], ids=lambda page: page.name)
def test_each_part_that_is_made_from_the_code_is_as_the_code_is_now(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert written_anew(text) == text, "write it anew: .venv/bin/python -m tests.manual.generated"


def test_the_schemas_are_as_the_code_is_now_and_there_are_no_others() -> None:
    kept = {file.name: file.read_text(encoding="utf-8") for file in SCHEMAS.iterdir()}
    assert kept == schemas(), "write them anew: .venv/bin/python -m tests.manual.generated"


def test_every_command_that_prints_json_has_its_schema() -> None:
    printing = {path for path, place in COMMANDS.items() if "json" in _options(place.loaded(path))}
    assert printing == set(SHAPES)


def _options(command: TyperCommand) -> set[str]:
    return {option.removeprefix("--") for one in command.params for option in one.opts}


@pytest.mark.parametrize("wrong", ["[]", '{"host": 1}', "3"])
def test_what_is_not_as_a_schema_says_is_seen(wrong: str) -> None:
    with pytest.raises(AssertionError, match="deckhand history"):
        must_be_as_described(["history", "prod-3", "--json"], wrong)


def test_every_part_is_on_a_page() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in (README, *MANUAL.glob("*.md")))
    assert sorted(name for _, name, _ in PART.findall(text)) == sorted(PARTS)


def test_every_key_and_every_event_has_its_sentence_in_the_code() -> None:
    assert [f"{place}.{key}" for place, table in tables() for key in table.model_fields
            if not described(table).get(key, "").endswith(".")] == []  # fmt: skip
    assert [tag for tag in Tag if not described(Tag).get(tag.name, "").endswith(".")] == []
