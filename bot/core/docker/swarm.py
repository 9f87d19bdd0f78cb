"""Swarm: what the services of a swarm need of an engine that is one of its nodes."""

from collections.abc import Iterable

from bot.core.docker.inventory import Image, SwarmService, Volume, full_reference
from bot.core.docker.users import volume_at

INACTIVE, MANAGER, WORKER = "inactive", "manager", "worker"
"""What an engine is to a swarm; any other word: it is a node, and cannot tell of the services."""
_HUB = ("docker.io/library/", "docker.io/", "index.docker.io/library/", "index.docker.io/")


def node_words(swarm: str) -> str:
    """``, Swarm manager``, where an engine is a node of a swarm; else nothing."""
    return "" if swarm in {"", INACTIVE} else f", Swarm {swarm}"


def tells_services(swarm: str) -> bool:
    """Whether an engine that is this to a swarm has nothing to tell of services, or has told."""
    return swarm in {"", INACTIVE, WORKER}


def needs_image(services: Iterable[SwarmService], image: Image) -> str:
    """Why a service needs the image; empty when none does. In doubt, a name and a digest each count."""
    own = set(image.references)
    for service in sorted(services, key=lambda each: each.name):
        if any(own & _names(reference) for reference in service.images):
            return f"Swarm service {service.name} needs it"
    for service in sorted(services, key=lambda each: each.name):
        if any(own & _names(reference) for reference in service.previous_images):
            return f"Swarm service {service.name} would need it to go back"
    return ""


def needs_volume(services: Iterable[SwarmService], volume: Volume, data_root: str) -> str:
    """Why a service needs the volume; empty when none does."""
    for service in sorted(services, key=lambda each: each.name):
        if volume.name in service.volumes or volume.name in {volume_at(b, data_root) for b in service.binds}:
            return f"Swarm service {service.name} mounts it"
    return ""


def _names(reference: str) -> set[str]:
    """How an image may list what a specification names: by tag, by digest, without Docker Hub's own name."""
    for hub in _HUB:
        if reference.startswith(hub):
            reference = reference.removeprefix(hub)
            break
    name, _, digest = reference.partition("@")
    names = {full_reference(name)}
    if digest:
        head, slash, last = name.rpartition("/")
        names.add(f"{head}{slash}{last.partition(':')[0]}@{digest}")
    return names
