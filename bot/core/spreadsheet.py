"""Rows as CSV and tab-separated text: one line each on a terminal, and no cell that a spreadsheet calculates."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator

from bot.core.json import Json
from bot.core.visible import json_text, visible

_OPERATORS = frozenset("=+-@")
_QUOTES = frozenset("'\"`\u00b4\u00ab\u00bb") | {chr(code) for code in range(0x2018, 0x2020)}
"""Quotation marks, behind which a spreadsheet (or whoever takes them away) still finds a formula."""
_SEMICOLONS = re.compile("[;\uff1b]")
"""What parts the cells of a line where the comma is the decimal point."""


def csv_lines(rows: Iterable[Iterable[Json]]) -> Iterator[str]:
    """The lines of a table, one at a time; numbers stay numbers, lists and objects are JSON."""
    line = io.StringIO(newline="")
    writer = csv.writer(line)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def tab_line(*cells: Json) -> str:
    """One line of tab-separated text; None is an empty cell."""
    return "\t".join("" if value is None else str(_cell(value)) for value in cells) + "\n"


def _cell(value: Json) -> Json:
    if isinstance(value, bool | int | float):
        return value
    return _harmless(visible(value if isinstance(value, str) else json_text(value)))


def _harmless(text: str) -> str:
    """An apostrophe before each part that would be calculated: a spreadsheet then shows it as it is."""
    starts = [0, *(found.end() for found in _SEMICOLONS.finditer(text))]
    for start in reversed(starts):
        if _calculates(text, start):
            text = f"{text[:start]}'{text[start:]}"
    return text


def _calculates(text: str, start: int) -> bool:
    """Whether an operator comes first, be it a wide one, of what is neither a space nor a quotation mark."""
    for char in text[start:]:
        if not (char.isspace() or char in _QUOTES or unicodedata.category(char) == "Cf"):
            return unicodedata.normalize("NFKC", char) in _OPERATORS
    return False
