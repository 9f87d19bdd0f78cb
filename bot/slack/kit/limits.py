"""Slack's limits on a whole message, kept to before it is sent: what has no room is counted and becomes a file.

The parts keep to theirs where they are made (``bot.slack.kit.blocks``); most messages are far within these.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.slack.kit.blocks import Block, Message, context
from bot.slack.kit.text import clip, plural

BLOCKS_LIMIT = 50
CHARACTERS_LIMIT = 12_000
"""Of all blocks together: Slack was seen to refuse 13,200."""
TEXT_LIMIT = 4_000
"""Of what notifications and screen readers get: longer ones are cut by most clients."""
TABLE_ROWS_LIMIT, TABLE_COLUMNS_LIMIT = 100, 20
_LAST_TO_GO = frozenset({"header", "actions"})


def fitted(message: Message, rest: str = "the thread has the whole as a file") -> tuple[Message, str]:
    """The message as Slack takes it, and the whole of it as plain text when something had to be left out.

    ``rest`` tells where that is.
    """
    blocks = list(message.blocks)
    left = _cut_tables(blocks)
    while len(blocks) >= BLOCKS_LIMIT + (left == 0) or characters(blocks) > CHARACTERS_LIMIT - 100:
        blocks.pop(_next_to_go(blocks))
        left += 1
    if left:
        blocks.append(context(f"_… {plural(left, 'part')} left out: {rest}_"))
    text = clip(message.text, TEXT_LIMIT)
    native = message.native
    if len(native) > BLOCKS_LIMIT or characters(native) > CHARACTERS_LIMIT or left:
        native = ()
    return replace(message, text=text, blocks=tuple(blocks), native=native), as_text(message) if left else ""


def characters(value: object) -> int:
    """Count the characters of every text inside blocks, as Slack does."""
    if isinstance(value, Mapping):
        own = value.get("text")
        return (len(own) if isinstance(own, str) else 0) + sum(map(characters, value.values()))
    if isinstance(value, list | tuple):
        return sum(map(characters, value))
    return 0


def as_text(message: Message) -> str:
    """Everything that a message says, a block after the other; a table as tab-separated lines."""
    return "\n".join([message.text, "", *(line for block in message.blocks for line in _lines(block))]) + "\n"


def _lines(block: Block) -> Iterator[str]:
    if block["type"] == "table":
        yield from ("\t".join(str(cell.get("text", "")) for cell in row) for row in block["rows"])
    elif block["type"] != "actions":
        yield from _texts(block)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key == "text" and isinstance(inner, str):
                yield inner
            else:
                yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def _cut_tables(blocks: list[Block]) -> int:
    """Leave one table, with as many rows as Slack takes; how many parts were left out."""
    left, seen = 0, False
    for index, block in reversed(list(enumerate(blocks))):
        if block["type"] != "table":
            continue
        rows = block["rows"]
        if len(rows) > TABLE_ROWS_LIMIT:
            left += len(rows) - TABLE_ROWS_LIMIT
            blocks[index] = {**block, "rows": rows[:TABLE_ROWS_LIMIT]}
        if seen or len(rows[0]) > TABLE_COLUMNS_LIMIT:
            blocks.pop(index)
            left += 1
        else:
            seen = True
    return left


def _next_to_go(blocks: Sequence[Block]) -> int:
    """The last block that neither names the message nor answers it."""
    for index in range(len(blocks) - 1, -1, -1):
        if blocks[index]["type"] not in _LAST_TO_GO:
            return index
    return len(blocks) - 1
