"""Options that several commands of the shell share."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.config.settings import Settings, load
from bot.core.audit.filters import EXAMPLE, AuditFilter, parse_filter
from bot.core.errors import DeckhandError, UsageError
from bot.core.units import parse_duration
from bot.engines.registry import DockerEngines
from bot.services.audit import review
from bot.shell.show.output import ask
from bot.store.opening import Store, open_store

FAILED, MISUSED = 1, 2
"""Exit codes: something is in the way; the command or the configuration is wrong."""

Config = Annotated[
    Path | None,
    typer.Option("--config", help="The configuration file; else DECKHAND_CONFIG, else ./deckhand.toml."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, with sizes in bytes.")]
HostName = Annotated[str, typer.Argument(metavar="HOST", help="A registered host.")]
Selection = Annotated[
    str,
    typer.Argument(metavar="HOSTS", help="A host, @tag, 'pattern-*', all, or several with commas between."),
]

Filter = Annotated[list[str] | None, typer.Argument(metavar="[FILTER…]", help=f"Which cleanups: {EXAMPLE}")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What words of a filter mean: the hosts (None for all), and everything else."""

    hosts: tuple[str, ...] | None
    matching: AuditFilter


@contextmanager
def asked_cleanups(config: Path | None, words: Sequence[str] | None) -> Iterator[tuple[Store, Asked]]:
    """The store, and what a filter means in it: in a shell, hosts that are registered no longer count too."""
    settings = load(config)
    with opened_store(settings) as store:
        known = store.audit.hosts_of_cleanups() | settings.hosts.by_name.keys()
        matching = parse_filter(words or (), known, store.ledger.now())
        yield store, Asked(hosts=review.meant_hosts(matching, settings.hosts), matching=matching)


@contextmanager
def connected(settings: Settings) -> Iterator[DockerEngines]:
    """The engines of all registered hosts, each connected when it is first asked."""
    with closing(DockerEngines(settings.hosts.by_name, settings.pins)) as engines:
        yield engines


@contextmanager
def opened_store(settings: Settings, *, migrate: bool = True) -> Iterator[Store]:
    """The store that the settings name, with the audit's keys of the environment."""
    url, keys = settings.database_url.get_secret_value(), settings.audit.keys
    with closing(open_store(url, migrate=migrate, audit_keys=keys)) as store:
        yield store


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
