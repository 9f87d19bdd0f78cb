"""deploy/manual/security.md: each claim names a test that exists."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "deploy" / "manual" / "security.md"
NAMED = re.compile(r"`([a-z_]+\.py)?::(test_[a-z0-9_]+)`")


def functions(file: str) -> set[str]:
    """The tests of every file of that name."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "tests").rglob(file)]
    return {node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def claims() -> list[tuple[str, str]]:
    """Every file and test that the page names; a name without a file is of the one before it in its row."""
    named = []
    for row in PAGE.read_text(encoding="utf-8").splitlines():
        file = ""
        for in_file, test in NAMED.findall(row):
            file = in_file or file
            named.append((file, test))
    return named


def test_each_claim_names_a_test_that_exists() -> None:
    assert len(claims()) > 40
    assert [(file, test) for file, test in claims() if test not in functions(file)] == []


def test_no_row_of_a_table_claims_without_a_test() -> None:
    text = PAGE.read_text(encoding="utf-8")
    tables = [
        row for row in text.split("| held by |\n|---|---|\n")[1:] for row in row.split("\n\n")[0].splitlines()
    ]
    assert len(tables) > 25
    assert [row for row in tables if not NAMED.search(row)] == []
