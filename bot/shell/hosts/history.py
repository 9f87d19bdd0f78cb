"""``deckhand history``: how a host's disk filled, and how long it lasts; no host is asked for it."""

from datetime import timedelta
from typing import Annotated

import typer

from bot.config.settings import load
from bot.core.errors import UsageError
from bot.core.units import parse_duration
from bot.services.watch.histories import LONGEST, SPAN, Histories
from bot.shell.options import AsJson, Config, HostName
from bot.shell.show import history as output_history
from bot.shell.show import output
from bot.shell.stored import DatabaseClock, opened_store

SHORTEST = timedelta(hours=1)
Span = Annotated[
    str, typer.Argument(metavar="[SPAN]", help="How far back, like 7d or 12h; 30d when nothing is said.")
]


def history(
    host: HostName,
    span: Span = f"{SPAN.days}d",
    config: Config = None,
    as_json: AsJson = False,  # noqa: FBT002 - typer's flags
) -> None:
    """Show how a host's disk filled, and how long it lasts, by what the bot has seen. Asks no host."""
    try:
        back = min(parse_duration(span), LONGEST)
    except ValueError as error:
        raise UsageError(f"{error}.") from None
    if back < SHORTEST:
        raise UsageError("Write how far back: at least 1h.")
    settings = load(config)
    name = settings.rules.hosts.find(host).name
    with opened_store(settings) as store:
        clock = DatabaseClock(store.ledger)
        found = Histories(samples=store.samples, audit=store.audit, clock=clock).of(name, back)
    if as_json:
        output.print_json(output_history.history_json(found))
    else:
        output_history.show_history(found)
