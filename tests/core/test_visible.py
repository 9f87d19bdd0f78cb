"""What drives a terminal or a spreadsheet, in text that others wrote."""

import csv
import io
import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.json import Json
from bot.core.spreadsheet import csv_lines, tab_line
from bot.core.visible import json_text, visible, visible_json, visible_lines
from tests.support.lying.hostile import driving


def test_every_character_that_drives_a_terminal_is_shown_and_every_other_stays() -> None:
    everything = [chr(code) for code in range(sys.maxunicode + 1)]
    shown = [visible(char) for char in everything]
    assert not driving("".join(shown))
    assert "\n" not in shown
    changed = {char for char, now in zip(everything, shown, strict=True) if char != now}
    assert driving("".join(everything)) | {"\n"} <= changed
    assert not [char for char in changed if char.isprintable()]
    assert len(changed) < 2200, "letters, emoji and their joiners stay"
    assert visible("a\x1b[31m\n\u202eb\ud800") == r"a\x1b[31m\n\u202eb\ud800"


@given(
    st.recursive(
        st.text(st.characters(codec=None)), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_json_is_shown_in_full_and_reads_the_same(value: object) -> None:
    for indent in (None, 2):
        text = json_text(value, indent=indent)  # type: ignore[arg-type] # what hypothesis makes is JSON
        assert json.loads(text) == value
        assert not driving(text)
    line = json.dumps(value, ensure_ascii=False)
    assert json.loads(visible_json(line)) == value


@pytest.mark.parametrize(
    "before",
    [
        "",
        " ",
        "\t",
        "\r",
        "\n",
        "'",
        '"',
        "'' ",
        "\u201c",
        "\xa0",
        "\u3000",
        "\ufeff",
        "\u200b",
        "a;",
        "a; '",
    ],
)
@pytest.mark.parametrize(
    "operator",
    ["=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\ufe66", "\ufe62", "\ufe63", "\ufe6b"],
)
def test_no_cell_is_calculated_by_a_spreadsheet(before: str, operator: str) -> None:
    formula = f"{before}{operator}1+1"
    lines = {",": "".join(csv_lines([[formula, formula]])), "\t": tab_line(formula, None, formula)}
    lines[";"] = lines[","]
    for delimiter, line in lines.items():
        for row in csv.reader(io.StringIO(line), delimiter=delimiter):
            for cell in row:
                first = cell.lstrip(' \xa0\u3000\ufeff\u200b"\u201c')[:1]
                assert first in {"'", "\\", "a", ""}, cell


def test_harmless_cells_stay_as_they_are() -> None:
    cells: list[Json] = ["web:1", "a-b", "a=b; c", "", 7, -7, True, None, "sha256:ab", "'quoted'"]
    assert next(csv.reader(csv_lines([cells]))) == [
        "web:1",
        "a-b",
        "a=b; c",
        "",
        "7",
        "-7",
        "True",
        "null",
        "sha256:ab",
        "'quoted'",
    ]


def test_a_file_keeps_its_lines_and_nothing_else_that_drives() -> None:
    assert visible_lines("a\r\nb\x1b\nc\rd\u2028") == "a\r\nb\\x1b\nc\\rd\\u2028"
    assert visible_lines("image\t1 GB\tapp\x1b\n") == "image\t1 GB\tapp\\x1b\n"
    assert tab_line("a\tb\n", None, 7, "-1") == "a\\tb\\n\t\t7\t'-1\n"
