"""Every reason that the core can give, with the sentence that people read: none is missing, none needs the code."""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import pytest

from bot.core.plan import planner, prediction, reasons, recheck
from bot.core.plan.reasons import NOT_IN_PROFILE, counted_as
from bot.core.plan.selection import base, images, selector
from bot.services.run import outcomes
from tests.core.plan.every_reason import AT_THE_LAST_LOOK, GOES, IN_THE_RUN, STAYS, Row

JARGON = re.compile(
    r"predefined|dangling|\bshared?\b|\bshares\b|parent|arrival|endpoint|verdict|eligible|superseded|reclaim|record|"
    r"one by one|\bkept\b|\bkeeps\b|\bref\b|reference|snapshot|\bblob|chain|prune|daemon|candidate|"
    r"(?<!:)\b1 \w+s\b|None|Kind\."
)
"""What needs the code, or Docker's insides, to be understood; and a plural of one."""


@pytest.mark.parametrize("row", STAYS, ids=lambda row: f"{row.id}: {row.says}")
def test_what_stays_says_why_in_a_sentence_and_is_counted_in_words(row: Row) -> None:
    (kept,) = [one for one in row.made().kept if one.id == row.id]
    assert (kept.rule, counted_as(kept.because, 2)) == (row.says, row.several)


@pytest.mark.parametrize("row", GOES, ids=lambda row: f"{row.id}: {row.says}")
def test_what_goes_says_what_makes_that_safe(row: Row) -> None:
    (goes,) = [one for one in row.made().items if one.id == row.id]
    assert goes.rule == row.says


@pytest.mark.parametrize(("ask", "says"), AT_THE_LAST_LOOK, ids=[says for _, says in AT_THE_LAST_LOOK])
def test_what_stays_at_the_last_look_says_what_has_changed(ask: Callable[[], str | None], says: str) -> None:
    assert ask() == says


@pytest.mark.parametrize(("ask", "says"), IN_THE_RUN, ids=[says for _, says in IN_THE_RUN])
def test_what_a_run_did_not_remove_says_why(ask: Callable[[], str], says: str) -> None:
    assert ask() == says


def test_the_table_has_every_sentence_of_a_run_and_none_stands_elsewhere() -> None:
    with seeing({str(outcomes.__file__)}) as seen:
        for ask, _ in IN_THE_RUN:
            ask()
    path = Path(str(outcomes.__file__))
    told = {node.lineno for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Return)}
    assert told <= {line for _, line in seen}
    for other in path.parent.glob("*.py"):
        assert other == path or not re.search(
            r'(_Objection|kept|gone|refused)\([^)\n]*"\w+ \w', other.read_text()
        )


def test_no_reason_needs_the_code_to_be_understood() -> None:
    said = [row.says for row in (*STAYS, *GOES)] + [says for _, says in (*AT_THE_LAST_LOOK, *IN_THE_RUN)]
    counted = [counted_as(because, count) for because in reasons._COUNTED for count in (1, 2)]
    assert not [text for text in (*said, *counted, *(row.several for row in STAYS)) if JARGON.search(text)]


def reasons_in(module: ModuleType) -> Iterator[tuple[str, range]]:
    """Where a module gives a reason: each call of ``keep`` and ``take``, and each text that an objection returns."""
    path = Path(str(module.__file__))
    for node in ast.walk(ast.parse(path.read_text())):
        called = (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in {"keep", "take"}
        )
        told = module is recheck and isinstance(node, ast.Return) and not _is_none(node.value)
        if (called or told) and isinstance(node, ast.Call | ast.Return):
            yield path.name, range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _is_none(value: ast.expr | None) -> bool:
    return value is None or (isinstance(value, ast.Constant) and value.value is None)


@contextmanager
def seeing(modules: set[str]) -> Iterator[set[tuple[str, int]]]:
    """Every line of these modules that is run meanwhile."""
    seen: set[tuple[str, int]] = set()

    def line(frame: FrameType, event: str, _arg: object) -> Any:
        name = frame.f_code.co_filename
        if name not in modules:
            return None
        if event == "line":
            seen.add((Path(name).name, frame.f_lineno))
        return line

    before = sys.gettrace()
    sys.settrace(line)
    try:
        yield seen
    finally:
        sys.settrace(before)


def test_the_tables_have_every_reason_that_the_core_can_give() -> None:
    modules = (base, images, selector, planner, prediction, reasons, recheck)
    with seeing({str(module.__file__) for module in modules}) as seen:
        for row in (*STAYS, *GOES):
            row.made()
        for ask, _ in AT_THE_LAST_LOOK:
            ask()
    given = [place for module in modules for place in reasons_in(module)]
    assert len(given) > 50
    missing = [(name, lines[0]) for name, lines in given if not seen & {(name, line) for line in lines}]
    assert missing == [
        ("recheck.py", line) for name, line in missing if name == "recheck.py" and _untags(line)
    ]


def _untags(line: int) -> bool:
    """Whether a line of ``recheck`` is of what says no reason: the names to take off first."""
    return line > recheck.references_to_untag.__code__.co_firstlineno


def test_what_is_counted_under_a_reason_of_before_is_read_as_it_was_counted() -> None:
    assert counted_as("because a release long ago said so", 3) == "because a release long ago said so"
    assert (counted_as(NOT_IN_PROFILE, 1), counted_as("shared", 1)) == (
        "the profile does not take it", "an image that stays holds it too",
    )  # fmt: skip
