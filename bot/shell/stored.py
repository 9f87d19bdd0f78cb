"""The store, for a command; whoever needs none does without the database's packages."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.config.settings import Settings, load
from bot.core.audit.filters import AuditFilter, parse_filter
from bot.core.errors import DeckhandError
from bot.core.watch.forecast import Forecast
from bot.ports import Ledger
from bot.services.audit import review
from bot.store.opening import Store, is_there, open_store


@contextmanager
def opened_store(settings: Settings, *, migrate: bool = True) -> Iterator[Store]:
    """The store that the settings name, with the audit's keys of the environment."""
    url, keys = settings.database_url.get_secret_value(), settings.audit.keys
    with closing(open_store(url, migrate=migrate, audit_keys=keys)) as store:
        yield store


@dataclass(frozen=True, slots=True)
class DatabaseClock:
    """The database's clock, for a use case."""

    ledger: Ledger

    def now(self) -> datetime:
        """StoreUnavailableError."""
        return self.ledger.now()


def known_forecasts(settings: Settings, hosts: Sequence[str]) -> Mapping[str, Forecast]:
    """What the bot foretold of these hosts; none where there is no database yet, or it cannot be read."""
    if not is_there(settings.database_url.get_secret_value()):
        return {}
    with suppress(DeckhandError), opened_store(settings, migrate=False) as store:
        return store.samples.forecasts(hosts)
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """What words of a filter mean: the hosts (None for all), and everything else."""

    hosts: tuple[str, ...] | None
    matching: AuditFilter


@contextmanager
def asked_cleanups(config: Path | None, words: Sequence[str] | None) -> Iterator[tuple[Store, Meant]]:
    """The store, and what a filter means in it: in a shell, hosts that are registered no longer count too."""
    settings = load(config)
    with opened_store(settings) as store:
        known = store.audit.hosts_of_cleanups() | settings.rules.hosts.by_name.keys()
        matching = parse_filter(words or (), known, store.ledger.now())
        yield store, Meant(hosts=review.meant_hosts(matching, settings.rules.hosts), matching=matching)
