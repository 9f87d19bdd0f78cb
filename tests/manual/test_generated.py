"""What the manual says of keys, commands, events and metrics is what the code has."""

from pathlib import Path

import pytest

from bot.config.described import described
from bot.config.file import tables
from bot.core.audit.events import Tag
from tests.manual.generated import PART, PARTS, SCHEMA, schema_text, written_anew
from tests.manual.pages import MANUAL, README


@pytest.mark.parametrize("page", [README, *sorted(MANUAL.glob("*.md"))], ids=lambda page: page.name)
def test_each_part_that_is_made_from_the_code_is_as_the_code_is_now(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert written_anew(text) == text, "write it anew: .venv/bin/python -m tests.manual.generated"


def test_the_schema_of_the_configuration_is_as_the_code_is_now() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == schema_text(), (
        "python -m tests.manual.generated writes it anew"
    )


def test_every_part_is_on_a_page() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in (README, *MANUAL.glob("*.md")))
    assert sorted(name for _, name, _ in PART.findall(text)) == sorted(PARTS)


def test_every_key_and_every_event_has_its_sentence_in_the_code() -> None:
    assert [f"{place}.{key}" for place, table in tables() for key in table.model_fields
            if not described(table).get(key, "").endswith(".")] == []  # fmt: skip
    assert [tag for tag in Tag if not described(Tag).get(tag.name, "").endswith(".")] == []
