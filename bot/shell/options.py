"""Options that several commands of the shell share."""

import re
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.core.audit.filters import EXAMPLE
from bot.core.audit.format import Head
from bot.core.errors import DeckhandError, UsageError
from bot.core.units import parse_moment
from bot.shell.line import completing
from bot.shell.show.output import ask

Config = Annotated[
    Path | None,
    typer.Option("--config", help="The configuration file; else DECKHAND_CONFIG, else ./deckhand.toml."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, with sizes in bytes.")]
HostName = Annotated[
    str, typer.Argument(metavar="HOST", help="A registered host.", autocompletion=completing.hosts)
]
Selection = Annotated[
    str,
    typer.Argument(
        metavar="HOSTS",
        help="A host, @tag, 'pattern-*', all, or several with commas between.",
        autocompletion=completing.selections,
    ),
]

Filter = Annotated[
    list[str] | None,
    typer.Argument(metavar="[FILTER…]", help=f"Which cleanups: {EXAMPLE}", autocompletion=completing.filters),
]


def agree(question: str, given: str | None, wanted: str, option: str) -> None:
    """Ask a person y or N, or compare what a script gave; DeckhandError unless it is a yes."""
    if given is not None:
        if given != wanted:
            raise DeckhandError(f"This is {wanted}, and {option} says {given}: nothing was changed.")
        return
    if not sys.stdin.isatty():
        raise DeckhandError(f"Nobody is there to ask. In a script, write {option} with: {wanted}")
    if not ask(question):
        raise DeckhandError("Nothing was changed.")


def moment(text: str, now: datetime) -> datetime:
    """A date (its first moment, in UTC), a time with its zone, or how long ago; UsageError."""
    try:
        return parse_moment(text, now)
    except (ValueError, OverflowError):
        raise UsageError(
            f"“{text}” is no moment; write a date (2026-11-01), a time (2026-11-01T12:00Z), or how long ago (30d)."
        ) from None


def known_head(text: str | None) -> Head | None:
    """An event that is known from elsewhere, as ``deckhand audit head`` prints it; UsageError."""
    if text is None:
        return None
    seq, _, digest = text.strip().partition(":")
    if not re.fullmatch("[0-9]{1,18}", seq) or not re.fullmatch("[0-9a-fA-F]{64}", digest):
        raise UsageError(
            f"“{text}” is no head; `deckhand audit head` prints one: a number, a colon, and 64 digits."
        )
    return Head(seq=int(seq), hash=digest.lower())
