"""What the commands of the shell share: options, exit codes, and the opened store."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.config import load
from bot.core.errors import UsageError
from bot.core.units import parse_duration
from bot.store.database import open_store
from bot.store.store import SqlStore

FAILED, MISUSED = 1, 2
"""Exit codes: something is in the way; the command or the configuration is wrong."""

Config = Annotated[
    Path | None,
    typer.Option("--config", help="The configuration file; else DECKHAND_CONFIG, else ./deckhand.toml."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, with sizes in bytes.")]


@contextmanager
def opened_store(config: Path | None, *, migrate: bool = True) -> Iterator[SqlStore]:
    """The store that the configuration names, with the audit's keys of the environment."""
    settings = load(config)
    url, keys = settings.database_url.get_secret_value(), settings.audit.keys
    with closing(open_store(url, migrate=migrate, audit_keys=keys)) as store:
        yield store


def moment(text: str, now: datetime) -> datetime:
    """A date (its first moment, in UTC), a time with its zone, or how long ago; UsageError."""
    try:
        return now - parse_duration(text)
    except (ValueError, OverflowError):
        pass
    try:
        return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
    except ValueError:
        pass
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"“{text}” is no moment; write a date (2026-11-01), a time (2026-11-01T12:00Z), or how long ago (30d)."
        ) from None
    return read if read.tzinfo else read.replace(tzinfo=UTC)
