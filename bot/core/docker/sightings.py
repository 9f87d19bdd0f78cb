"""When images were seen in use: Docker keeps no record of that, so Deckhand keeps its own, per host and engine."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from bot.core.docker.inventory import Container, EngineInfo, Identity, Mounting
from bot.core.docker.users import volumes_of
from bot.core.errors import EngineChangedError


class Place(NamedTuple):
    """Where something was seen: cloned machines share an engine's id, and one engine may be registered twice."""

    host: str
    engine: Identity


class Stream(NamedTuple):
    """A hold of a host's events."""

    since: datetime | None
    """Up to which moment of the engine's clock the ledger knows them; None: of none yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What is known of one image, by its engine's clock."""

    first_at: datetime
    """When Deckhand first saw it; of the time before nothing is known."""
    used_at: datetime | None = None
    """When a container, running or stopped, was last seen to refer to it."""


def after_look(
    known: Mapping[str, Sighting], present: Collection[str], used: Collection[str], at: datetime
) -> dict[str, Sighting]:
    """What is known after a look at ``at``: about every image that was there, and about no other.

    A clock that went back takes nothing away.
    """
    return {image_id: _seen(known.get(image_id), at, in_use=image_id in used) for image_id in present}


def _seen(known: Sighting | None, at: datetime, *, in_use: bool) -> Sighting:
    known = known or Sighting(first_at=at)
    if not in_use or (known.used_at is not None and known.used_at >= at):
        return known
    return Sighting(first_at=known.first_at, used_at=at)


def after_mounts(
    known: Mapping[str, Mounting],
    volumes: Collection[str],
    containers: Iterable[Container],
    at: datetime,
    data_root: str,
) -> dict[str, Mounting]:
    """What is known of who mounts these volumes after a look at ``at``; a clock that went back takes nothing away."""
    users: dict[str, Container] = {}
    for container in containers:
        for name in volumes_of(container, data_root):
            if name not in users or _newer(container, users[name]):
                users[name] = container
    return {name: _mounted(known.get(name), users.get(name), at) for name in volumes}


def _newer(one: Container, other: Container) -> bool:
    """The container that was made last says most about what a volume is for."""
    return one.created_at is not None and (other.created_at is None or one.created_at > other.created_at)


def _mounted(known: Mounting | None, user: Container | None, at: datetime) -> Mounting:
    known = known or Mounting(first_at=at)
    if user is None or (known.at is not None and known.at >= at):
        return known
    return Mounting(first_at=known.first_at, at=at, container=user.name, image=user.image)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEngine:
    """The engine that a host is known to be."""

    id: str
    name: str
    version: str
    store: str
    first_at: datetime
    data_root: str = ""
    """Empty: not known."""


def is_known(known: KnownEngine, engine: EngineInfo) -> bool:
    """Whether an engine is the known one: by machine and data root too, since what was cloned shares the id."""
    return (
        known.id == engine.id
        and known.name in {"", engine.name}
        and known.data_root in {"", engine.data_root}
    )


def changed_engine(known: KnownEngine | None, host: str, engine: EngineInfo) -> EngineChangedError | None:
    """What is wrong when another engine answers for a host than the known one; None when all is well."""
    if known is None or is_known(known, engine):
        return None
    root = known.data_root and engine.data_root
    was = f"{known.name or 'unnamed'} ({known.id}, Docker {known.version}{_root(known.data_root)})"
    found = f"{engine.name or 'unnamed'} ({engine.id}, Docker {engine.version}{_root(root)})"
    return EngineChangedError(
        host,
        f"another engine answers than the one known since {known.first_at:%Y-%m-%d}: it was {was}, it is {found}. "
        f"Nothing is planned on it. If that is meant, run: deckhand hosts accept {host}",
    )


def _root(data_root: str) -> str:
    return f", {data_root}" if data_root else ""
