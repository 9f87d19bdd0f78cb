"""Engines are not their id: one engine under two names, and machines that were cloned and share one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.core.docker.inventory import Identity
from bot.core.docker.sightings import KnownEngine


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """Another host whose engine has the same id."""

    host: str
    engine: Identity
    same: bool
    """Whether it is the very same engine; else a clone of it."""
    first_at: datetime | None = None
    """When Deckhand first saw it there."""

    def __str__(self) -> str:
        if self.same:
            return f"{self.host} is the same engine: it is counted once, and one cleanup at a time runs on it"
        return f"{self.described()} shares its engine id, as cloned machines do, and is another engine"

    def described(self) -> str:
        """The host, and what tells its engine from others of its id."""
        seen = f", first seen {self.first_at:%Y-%m-%d}" if self.first_at else ""
        root = self.engine.data_root or "data root unknown"
        return f"{self.host} ({self.engine.name or 'a machine without a name'}, {root}{seen})"


def identity_of(known: KnownEngine) -> Identity:
    return Identity(known.id, known.name, known.data_root)


def twins(host: str, engine: Identity, others: Mapping[str, KnownEngine | Identity]) -> tuple[Twin, ...]:
    """The other hosts with an engine of this id, by name."""
    found = []
    for name, known in sorted(others.items()):
        identity = known if isinstance(known, Identity) else identity_of(known)
        if name != host and identity.id == engine.id:
            first = None if isinstance(known, Identity) else known.first_at
            found.append(Twin(host=name, engine=identity, same=identity == engine, first_at=first))
    return tuple(found)


def same_engines(by_host: Mapping[str, Identity]) -> Mapping[str, str]:
    """Of hosts that are one engine all but the first by name, each with that first one."""
    first: dict[Identity, str] = {}
    return {
        host: first[engine]
        for host, engine in sorted(by_host.items())
        if first.setdefault(engine, host) != host
    }
