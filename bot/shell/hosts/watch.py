"""``deckhand watch``: a table of hosts that is kept up to date, by what the bot has seen; no host is asked."""

import time
from typing import Annotated

import typer

from bot.config.settings import load
from bot.core.errors import StoreUnavailableError, UsageError
from bot.core.units import parse_duration
from bot.services.watch.board import HostBoard
from bot.shell.line import completing
from bot.shell.options import AsJson, Config
from bot.shell.show import output
from bot.shell.show import watch as output_watch
from bot.shell.stored import DatabaseClock, opened_store

SHORTEST, LONGEST = 1.0, 3600.0
"""Seconds between two times."""

Hosts = Annotated[
    str,
    typer.Argument(
        metavar="[HOSTS]",
        help="A host, @tag, 'pattern-*', or several with commas between; all when nothing is said.",
        autocompletion=completing.selections,
    ),
]
Every = Annotated[str, typer.Option(metavar="DURATION", help="How often the table is brought up to date.")]


def watch(
    hosts: Hosts = "all",
    every: Every = "5s",
    config: Config = None,
    as_json: AsJson = False,  # noqa: FBT002 - typer's flags
) -> None:
    """Show how hosts' disks stand, a line each, kept up to date until Ctrl-C; in a pipe once. Asks no host."""
    pause = _seconds(every)
    settings = load(config)
    names = [host.name for host in settings.rules.hosts.select(hosts)]
    with opened_store(settings) as store:
        board = HostBoard(
            ledger=store.ledger, samples=store.samples, alerts=store.alerts, clock=DatabaseClock(store.ledger)
        )
        if as_json:
            output.print_json(output_watch.board_json(board(names)))
            return
        shown = board(names)
        with output.kept_up_to_date() as show:
            show(output_watch.HEAD, output_watch.rows(shown), output_watch.RIGHT, output_watch.footing(shown))
            while show.goes_on(pause, time.sleep):
                try:
                    shown, trouble = board(names), ""
                except StoreUnavailableError as error:
                    trouble = str(error)
                below = trouble or output_watch.footing(shown)
                show(output_watch.HEAD, output_watch.rows(shown), output_watch.RIGHT, below)


def _seconds(text: str) -> float:
    try:
        seconds = parse_duration(text).total_seconds()
    except ValueError as error:
        raise UsageError(f"{error}.") from None
    if not SHORTEST <= seconds <= LONGEST:
        raise UsageError(f"--every is from {SHORTEST:g}s to {LONGEST / 3600:g}h.")
    return seconds
