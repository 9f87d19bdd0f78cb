"""Slack's limits on each kind of block."""

from collections.abc import Callable
from typing import Literal, TypeAlias

from bot.trial.workspace.core import JSON
from bot.trial.workspace.limits.elements import IN_ACTIONS, IN_INPUT, IN_SECTION, check_element
from bot.trial.workspace.limits.native import check_chart, check_data_table
from bot.trial.workspace.limits.parts import (
    Findings,
    check_id,
    check_optional_text,
    check_picture,
    check_string,
    check_text,
    items_at,
    object_at,
    text_characters,
)

Surface: TypeAlias = Literal["message", "modal", "home"]

SECTION_TEXT = 3000
FIELD_TEXT = 2000
HEADER_TEXT = 150
INPUT_TEXT = 2000
MARKDOWN_CHARACTERS = 12_000  # in all the markdown blocks of a message
TABLE_ROWS = 100
TABLE_COLUMNS = 20
TABLE_CHARACTERS = 10_000  # in all cells

_EVERYWHERE = frozenset({"message", "modal", "home"})
_MESSAGE = frozenset({"message"})
_KNOWN: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        ("actions", "context", "divider", "header", "image", "input", "rich_text", "section", "video"),
        _EVERYWHERE,
    ),
    **dict.fromkeys(
        (
            *("call", "carousel", "container", "context_actions", "data_table", "data_visualization", "file"),
            *("auth_provider", "markdown", "plan", "table", "task_card"),
        ),
        _MESSAGE,
    ),
    "alert": frozenset({"modal"}),
    "card": frozenset({"message", "home"}),
}
_RICH_GROUPS = frozenset({"rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"})
_RICH_PARTS = frozenset(
    {"text", "link", "user", "usergroup", "channel", "emoji", "broadcast", "date", "color", "team"}
)


def check_blocks(found: Findings, place: str, blocks: object, *, surface: Surface, most: int) -> None:
    for here, item in items_at(found, place, blocks, most=most, least=0):
        block = object_at(found, here, item)
        if block is not None:
            _check_block(found, here, block, surface)


def _check_block(found: Findings, place: str, block: JSON, surface: Surface) -> None:
    kind = block.get("type")
    if not isinstance(kind, str) or kind not in _KNOWN:
        found.add(f"{place}/type", f"unsupported type: {kind}")
        return
    if surface not in _KNOWN[kind]:
        found.add(f"{place}/type", f"unsupported type: {kind} (not in a {surface})")
        return
    check_id(found, place, block, "block_id", found.block_ids)
    check = _CHECKS.get(kind)
    if check is not None:
        check(found, place, block)


def _section(found: Findings, place: str, block: JSON) -> None:
    if block.get("text") is None and block.get("fields") is None:
        found.add(place, "must define text or fields")
    if block.get("text") is not None:
        check_text(found, f"{place}/text", block["text"], most=SECTION_TEXT, mrkdwn=True)
    if block.get("fields") is not None:
        for here, text in items_at(found, f"{place}/fields", block["fields"], most=10):
            check_text(found, here, text, most=FIELD_TEXT, mrkdwn=True)
    if block.get("accessory") is not None:
        check_element(found, f"{place}/accessory", block["accessory"], IN_SECTION)


def _header(found: Findings, place: str, block: JSON) -> None:
    check_text(found, f"{place}/text", block.get("text"), most=HEADER_TEXT)


def _actions(found: Findings, place: str, block: JSON) -> None:
    for here, element in items_at(found, f"{place}/elements", block.get("elements"), most=25):
        check_element(found, here, element, IN_ACTIONS)


def _context(found: Findings, place: str, block: JSON) -> None:
    for here, element in items_at(found, f"{place}/elements", block.get("elements"), most=10):
        if isinstance(element, dict) and element.get("type") == "image":
            check_picture(found, here, element)
        else:
            check_text(found, here, element, most=SECTION_TEXT, mrkdwn=True)


def _image(found: Findings, place: str, block: JSON) -> None:
    check_picture(found, place, block)
    check_optional_text(found, place, block, "title", most=2000)


def _input(found: Findings, place: str, block: JSON) -> None:
    check_text(found, f"{place}/label", block.get("label"), most=INPUT_TEXT)
    check_optional_text(found, place, block, "hint", most=INPUT_TEXT)
    check_element(found, f"{place}/element", block.get("element"), IN_INPUT)


def _markdown(found: Findings, place: str, block: JSON) -> None:
    check_string(found, f"{place}/text", block.get("text"), most=MARKDOWN_CHARACTERS, least=1)
    before = found.markdown_characters
    found.markdown_characters += len(str(block.get("text", "")))
    if before <= MARKDOWN_CHARACTERS < found.markdown_characters and before:
        found.add(f"{place}/text", f"markdown must be less than {MARKDOWN_CHARACTERS + 1} characters in all")


def _table(found: Findings, place: str, block: JSON) -> None:
    _one_table(found, place, block)
    settings = block.get("column_settings") or []
    for here, column in items_at(found, f"{place}/column_settings", settings, most=TABLE_COLUMNS, least=0):
        align = column.get("align") if isinstance(column, dict) else None
        if align not in (None, "left", "center", "right"):
            found.add(f"{here}/align", "must be one of left, center, right")
    for here, row in items_at(found, f"{place}/rows", block.get("rows"), most=TABLE_ROWS):
        for there, cell in items_at(found, here, row, most=TABLE_COLUMNS):
            _cell(found, there, cell)
    size = text_characters(block.get("rows"))
    if size > TABLE_CHARACTERS:
        found.add(f"{place}/rows", f"{size} characters in all cells, no more than {TABLE_CHARACTERS} allowed")


def _cell(found: Findings, place: str, value: object) -> None:
    cell = object_at(found, place, value)
    kind = cell and cell.get("type")
    if cell and kind == "raw_text":
        check_string(found, f"{place}/text", cell.get("text"), most=SECTION_TEXT, least=1)
    elif cell and kind == "rich_text":
        _rich_text(found, place, cell)
    else:
        found.add(f"{place}/type", f"unsupported type: {kind}")


def _data_table(found: Findings, place: str, block: JSON) -> None:
    _one_table(found, place, block)
    check_data_table(found, place, block)


def _one_table(found: Findings, place: str, _block: JSON) -> None:
    found.tables += 1
    if found.tables > 1:
        found.add(place, "only one table is allowed in a message", "only_one_table_allowed")


def _rich_text(found: Findings, place: str, block: JSON) -> None:
    for here, element in items_at(found, f"{place}/elements", block.get("elements"), most=SECTION_TEXT):
        _rich_element(found, here, element)


def _rich_element(found: Findings, place: str, value: object) -> None:
    element = object_at(found, place, value) or {}
    kind = element.get("type")
    if kind in _RICH_GROUPS:
        inner = element.get("elements")
        for here, part in items_at(found, f"{place}/elements", inner, most=SECTION_TEXT, least=0):
            _rich_element(found, here, part)
    elif kind not in _RICH_PARTS:
        found.add(f"{place}/type", f"unsupported type: {kind}")
    elif kind == "text":
        check_string(found, f"{place}/text", element.get("text"), most=SECTION_TEXT, least=1)


def _video(found: Findings, place: str, block: JSON) -> None:
    check_text(found, f"{place}/title", block.get("title"), most=199)
    check_string(found, f"{place}/alt_text", block.get("alt_text"), most=2000, least=1)
    for key in ("video_url", "thumbnail_url"):
        check_string(found, f"{place}/{key}", block.get(key), most=3000, least=1)


_CHECKS: dict[str, Callable[[Findings, str, JSON], None]] = {
    "section": _section,
    "header": _header,
    "actions": _actions,
    "context": _context,
    "image": _image,
    "input": _input,
    "markdown": _markdown,
    "table": _table,
    "data_table": _data_table,
    "data_visualization": check_chart,
    "rich_text": _rich_text,
    "video": _video,
}
