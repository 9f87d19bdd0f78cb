"""The guards on the ways out: of the log, and against a way around them."""

import io
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.process.logs import VisibleFormatter, log_to_stderr
from tests.support.lying.hostile import HOSTILE, driving, forged_lines

ROOT = Path(__file__).parents[3]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What this process logs, set up as the shell does."""
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    root.handlers.clear()
    log_to_stderr()
    try:
        yield written
    finally:
        root.handlers[:], root.level = before, level


def assert_harmless(text: str) -> None:
    assert "owned" in text
    assert not driving(text)
    assert not forged_lines(text)


def test_a_record_is_one_line_whatever_is_in_it(log: io.StringIO) -> None:
    logging.getLogger("bot").warning("host %s says %s", HOSTILE, {"a": HOSTILE})
    assert_harmless(log.getvalue())
    assert log.getvalue().count("\n") == 1


def test_a_traceback_stands_behind_a_margin_with_all_its_causes(log: io.StringIO) -> None:
    error = RuntimeError(f"at {HOSTILE}")
    error.__cause__ = ValueError(HOSTILE)
    logging.getLogger("bot").error("failed: %s", HOSTILE, exc_info=error, stack_info=True)
    assert_harmless(log.getvalue())
    first, *others = log.getvalue().splitlines()
    assert "failed" in first
    assert all(line.startswith("  | ") for line in others)
    assert "ValueError" in log.getvalue()


def test_a_traceback_that_another_handler_wrote_down_is_not_taken_from_it() -> None:
    record = logging.LogRecord("a", logging.ERROR, "", 1, "m", (), (ValueError, ValueError(HOSTILE), None))
    logging.Formatter().format(record)
    assert_harmless(VisibleFormatter("%(message)s").format(record))


def test_what_a_thread_dies_of_is_logged_in_the_same_way(log: io.StringIO) -> None:
    def die() -> None:
        raise ValueError(HOSTILE)

    thread = threading.Thread(target=die, name=f"looks at {HOSTILE}")
    thread.start()
    thread.join()
    assert_harmless(log.getvalue())
    assert "ended with an error" in log.getvalue()


@pytest.mark.parametrize(
    "code",
    [
        "print(name)",
        "import typer\ntyper.echo(name)",
        "from typer import secho",
        "import typer\ntyper.confirm(name)",
        "import sys\nsys.stdout.write(name)",
        "from sys import stderr",
        "from rich.console import Console",
        "import rich",
        "import click",
        "import csv",
        "import logging\nlogging.basicConfig()",
        "import logging\nlogging.StreamHandler()",
    ],
)
@pytest.mark.parametrize("module", ["bot/shell/new.py", "bot/shell/show/new.py", "bot/services/new.py"])
def test_a_command_that_prints_past_the_guard_is_refused_by_the_linter(module: str, code: str) -> None:
    ruff = [
        str(Path(sys.executable).with_name("ruff")),
        "check",
        "--no-cache",
        "--select",
        "TID251,T20",
        "--stdin-filename",
        module,
        "-",
    ]
    found = subprocess.run(ruff, cwd=ROOT, input=code + "\n", capture_output=True, text=True, check=False)
    assert found.returncode == 1, found.stderr
    assert "TID251" in found.stdout or "T201" in found.stdout


def test_the_linter_is_told_of_no_exception_but_the_guards_themselves() -> None:
    silenced = [
        str(file.relative_to(ROOT))
        for file in (ROOT / "bot").rglob("*.py")
        if any(f"noqa: {rule}" in file.read_text() for rule in ("T201", "T203", "TID251"))
    ]
    assert silenced == []
