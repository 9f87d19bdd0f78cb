"""What the page of messages quotes, Deckhand says."""

import ast
import re
from functools import cache

import pytest

from tests.manual.pages import MANUAL, ROOT

TEXT = (MANUAL / "troubleshooting.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (.*?) \| .* \|$", TEXT, re.MULTILINE)
MESSAGES = [row for row in ROWS if row not in {"it says", "a key, and what is wrong with it"}]


@cache
def said() -> str:
    """Every text in the source of the bot, one behind the other."""
    texts = []
    for file in (ROOT / "bot").rglob("*.py"):
        nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        texts += [re.sub(r"\{\w+\}", "\0", str(one.value)) for one in nodes if isinstance(one, ast.Constant)]
    return "\0".join(texts)


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_of_the_page_is_one_of_deckhands(message: str) -> None:
    parts = [part.strip(" “”().:;,") for part in message.split("…")]
    assert any(len(part) > 8 for part in parts)
    assert [part for part in parts if part not in said()] == []


def test_there_are_messages() -> None:
    assert len(MESSAGES) > 25
