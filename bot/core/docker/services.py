"""Services: what a container stands for beyond itself, and the different images that each service ran."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from bot.core.docker.inventory import Container, Inventory
from bot.core.docker.usage import ACTIVE_STATES
from bot.core.docker.users import Users

RAN_FOR = timedelta(days=30)
"""How long what ran is remembered of a service that is not there any more."""
_SWARM = "com.docker.swarm."
_GENERATED = re.compile(r"[a-z]+_[a-z]+[0-9]?")
"""Names that Docker gives by itself: ``eager_turing``, ``focused_noyce2``."""


class ServiceKind(StrEnum):
    CONTAINER = "container"
    COMPOSE = "compose"
    SWARM = "swarm"


class Service(NamedTuple):
    """What runs one image after another under one name."""

    kind: ServiceKind
    name: str


class Use(NamedTuple):
    """That a container of an image was made or started, as an engine tells of it."""

    image_id: str
    service: Service | None
    at: datetime
    started: bool


Ran = Mapping[tuple[str, str], Sequence[str]]
"""Ids of the different images that each service ran, the latest first."""


def compose_project(labels: Mapping[str, str]) -> str:
    return labels.get("com.docker.compose.project", "")


def task_of(labels: Mapping[str, str]) -> str | None:
    """The Swarm service whose task a container is, by name; None where it is none's."""
    if not any(key.startswith(_SWARM) for key in labels):
        return None
    return labels.get(f"{_SWARM}service.name") or labels.get(f"{_SWARM}service.id") or "unknown"


def service_of(name: str, labels: Mapping[str, str]) -> Service | None:
    """What a container of this name and these labels stands for; None for a single run of Compose."""
    task = task_of(labels)
    if task is not None:
        return Service(ServiceKind.SWARM, task)
    project, service = compose_project(labels), labels.get("com.docker.compose.service", "")
    if project and service:
        once = labels.get("com.docker.compose.oneoff", "").lower() == "true"
        return None if once else Service(ServiceKind.COMPOSE, f"{project}/{service}")
    return Service(ServiceKind.CONTAINER, name) if name else None


def running_now(inventory: Inventory, users: Users) -> dict[tuple[Service, str], datetime]:
    """When each service ran each image the last time, by what the engine shows now."""
    found: dict[tuple[Service, str], datetime] = {}
    for image in inventory.images:
        for container in users.all_of(image):
            service, at = service_of(container.name, container.labels), _ran_at(container, inventory.taken_at)
            if service and at:
                found[service, image.id] = max(at, found.get((service, image.id), at))
    return found


def _ran_at(container: Container, now: datetime) -> datetime | None:
    if container.state == "created":
        return None
    active = container.state in ACTIVE_STATES or container.ended_at is None
    return now if active else min(container.ended_at or now, now)


def remembered(
    known: Mapping[tuple[Service, str], datetime],
    seen: Mapping[tuple[Service, str], datetime],
    present: Collection[str],
    now: datetime,
) -> dict[tuple[Service, str], datetime]:
    """What is remembered after a look: no service without an image that is there, nor one that is long gone.

    A name that Docker gave by itself says nothing once its container is gone. A clock that went back takes nothing
    away.
    """
    both = {key: max(at for at in (known.get(key), seen.get(key)) if at) for key in {*known, *seen}}
    there = {service for service, _ in seen}
    last: dict[Service, datetime] = {}
    useful: set[Service] = set()
    for (service, image_id), at in both.items():
        last[service] = max(at, last.get(service, at))
        if image_id in present:
            useful.add(service)

    def stays(service: Service) -> bool:
        if service in there:
            return True
        generated = service.kind is ServiceKind.CONTAINER and _GENERATED.fullmatch(service.name)
        return service in useful and not generated and now - last[service] < RAN_FOR

    return {key: at for key, at in both.items() if stays(key[0])}


def in_order(known: Mapping[tuple[Service, str], datetime]) -> dict[tuple[str, str], Sequence[str]]:
    """The images of each service, the latest first."""
    by_service: dict[Service, list[tuple[datetime, str]]] = {}
    for (service, image_id), at in known.items():
        by_service.setdefault(service, []).append((at, image_id))
    return {
        service: tuple(image_id for _, image_id in sorted(ran, reverse=True))
        for service, ran in sorted(by_service.items())
    }


def ran_lately(ran: Ran, count: int) -> Mapping[str, str]:
    """The images among the ``count`` last different ones that some service ran, by id, and how to say so."""
    found: dict[str, tuple[int, str]] = {}
    for (_, name), images in ran.items():
        for ago, image_id in enumerate(images[:count] if count > 0 else ()):
            said = f"ran last as {name}"
            if ago:
                said = f"ran before as {name} ({ago} release{'s' if ago > 1 else ''} ago)"
            found[image_id] = min((ago, said), found.get(image_id, (ago, said)))
    return {image_id: said for image_id, (_, said) in found.items()}


def by_project(labels: Iterable[Mapping[str, str]]) -> str:
    """The Compose project that all of these belong to; empty where they are of none, or of several."""
    projects = {compose_project(each) for each in labels}
    return projects.pop() if len(projects) == 1 else ""
