"""The one way from a command to its terminal: what drives a terminal is made visible here, whoever wrote it.

Nothing else in Deckhand prints; ruff's banned APIs hold that.
"""

import os
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from textwrap import indent
from types import TracebackType
from typing import TYPE_CHECKING, Literal

import typer
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from bot.core.json import Json
from bot.core.visible import json_text, visible

if TYPE_CHECKING:
    from rich.live import Live

WIDEST = 1 << 16
"""Columns of what is no terminal: a line there is for programs, and never wrapped."""


def _terminal(*, stderr: bool = False) -> Console:
    """As it is now: how wide it is may change, and where it leads."""
    leads_to = sys.stderr if stderr else sys.stdout
    width = None if leads_to.isatty() else WIDEST
    return Console(soft_wrap=True, highlight=False, stderr=stderr, width=width)


def say(*lines: str) -> None:
    """Print lines; a line break inside one is shown, and makes no other."""
    terminal = _terminal()
    for line in lines:
        terminal.print(Text(visible(line)))


def complain(*lines: str) -> None:
    """Say on standard error what is in the way."""
    terminal = _terminal(stderr=True)
    for line in lines:
        terminal.print(Text(visible(line)))


@contextmanager
def counting(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show how many of several are done, to be told as that changes; on a terminal, and gone from it at the end."""
    if total <= 1 or not sys.stderr.isatty():
        yield lambda _done: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415 - only who waits at a terminal needs it

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=_terminal(stderr=True), transient=True) as bar:
        task = bar.add_task(visible(what), total=total)
        yield lambda done: bar.update(task, completed=done)


def ask(question: str) -> bool:
    """Whether the person at the terminal answers yes."""
    return typer.confirm(visible(question))


def ask_text(question: str) -> str:
    """A line that the person at the terminal types; it may be empty."""
    answer: str = typer.prompt(visible(question), default="", show_default=False)
    return answer.strip()


def print_json(value: Json) -> None:
    _write(json_text(value, indent=2), "\n")


def stream_json(values: Iterable[Json]) -> None:
    """Print a list that never is in memory as a whole."""
    begun = False
    for value in values:
        _write(",\n" if begun else "[\n", indent(json_text(value, indent=2), "  "))
        begun = True
    _write("\n]\n" if begun else "[]\n")


def stream(lines: Iterable[str]) -> None:
    """Write the lines of an export as they are, until whoever reads them has enough.

    They come from ``bot.core.spreadsheet`` or ``bot.core.visible``, which made them harmless.
    """
    try:
        sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr] # a real file of this process
        sys.stdout.writelines(lines)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _write(*texts: str) -> None:
    sys.stdout.writelines(texts)


def show_table(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    right: Sequence[int] = (),
    *,
    widths: Sequence[int] = (),
    show_head: bool = True,
) -> None:
    """Print a plain table; everything in it is text, so that no name from a host is read as markup.

    ``widths`` are the least ones; a longer cell makes its column wider.
    """
    _terminal().print(_table(head, rows, right, widths=widths, show_head=show_head))


def _table(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    right: Sequence[int] = (),
    *,
    widths: Sequence[int] = (),
    show_head: bool = True,
) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", show_header=show_head)
    for index, title in enumerate(head):
        justify: Literal["left", "right"] = "right" if index in right else "left"
        table.add_column(title, justify=justify, overflow="fold", min_width=widths[index] if widths else None)
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    return table


class Kept:
    """A table that is drawn anew in its place on a terminal; anywhere else it is printed once."""

    def __init__(self, live: "Live | None") -> None:
        self._live = live

    def __call__(
        self, head: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = (), below: str = ""
    ) -> None:
        """Show it as it is now; ``below`` is a line under it on a terminal."""
        if self._live is None:
            show_table(head, rows, right)
        else:
            self._live.update(
                Group(_table(head, rows, right), Text(visible(below), style="dim")), refresh=True
            )

    def goes_on(self, seconds: float, pause: Callable[[float], None]) -> bool:
        """Wait until it is time to show it again; False where it is shown once, or the person at it has ended it."""
        if self._live is None:
            return False
        try:
            pause(seconds)
        except KeyboardInterrupt:
            return False
        return True


@contextmanager
def kept_up_to_date() -> Iterator[Kept]:
    """A table that goes on until Ctrl-C; it stays there at the end."""
    if not sys.stdout.isatty():
        yield Kept(None)
        return
    from rich.live import Live  # noqa: PLC0415 - only who watches at a terminal needs it

    with Live(console=_terminal(), auto_refresh=False) as live, suppress(KeyboardInterrupt):
        yield Kept(live)


def tell_defect(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """An error that nobody foresaw, as ``sys.excepthook`` gets it."""
    for part in traceback.format_exception(kind, error, trace):
        complain(*part.rstrip("\n").split("\n"))
