"""Ages: the moment from which each object's age counts, and what happened then.

Docker does not tell when an image arrived: its build may be years before its pull, and builds that are to be the same
each time say 1970. So the only safe age is the latest of all that is known, and an age that nobody can tell is young.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from operator import itemgetter
from typing import NamedTuple

from bot.core.docker.content.blobs import Content
from bot.core.docker.inventory import Container, Image


class Arrival(StrEnum):
    """What stands for the arrival of an image of which the engine does not tell it."""

    SEEN = "seen"  # when Deckhand first saw it on that host
    BUILD = "build"  # nothing: its build date counts, as it does for Docker's own prune


class Born(NamedTuple):
    """The moment that an age counts from, and what happened then; None: nobody can tell."""

    at: datetime | None
    what: str


def image_born(image: Image, now: datetime, arrival: Arrival = Arrival.SEEN) -> Born:
    """The latest of an image's build, tag or pull, last use and arrival; ``now`` is the engine's clock.

    A tag time shows since when the engine has the image at the latest, and so do its blobs on the containerd store.
    Without these (after a pull or a load on overlay2) it is the first sight that shows it; with none, nobody can tell,
    whatever the build date says. A build date in the future is none.
    """
    built = image.built_at if image.built_at is not None and image.built_at <= now else None
    known = [
        (built, "built"),
        (image.tagged_at, "tagged or pulled"),
        (image.arrived_at, "arrived"),
        (image.used_at, "last seen in use"),
    ]
    told = image.tagged_at is not None or image.arrived_at is not None
    if not told and not (arrival is Arrival.BUILD and built is not None):
        if image.first_seen_at is None:
            return Born(None, "pulled or loaded")
        known.append((image.first_seen_at, "first seen by Deckhand"))
    return _latest(known)


def with_arrivals(images: Iterable[Image], content: Content) -> tuple[Image, ...]:
    """Images of the containerd store, each with the latest moment at which a blob of its own came."""
    return tuple(replace(image, arrived_at=_arrival(image.id, content)) for image in images)


def _arrival(image_id: str, content: Content) -> datetime | None:
    blob = content.blobs.get(image_id)
    own = (blob, *(content.blobs.get(digest) for digest in blob.refers_to)) if blob else ()
    return max((one.created_at for one in own if one and one.created_at), default=None)


def container_born(container: Container) -> Born:
    """When it ended; of one that never started, when it was created."""
    ended, created = container.ended_at, container.created_at
    if ended is None or created is None or ended > created:
        return Born(ended, "stopped")
    return Born(created, "created")


def _latest(known: Iterable[tuple[datetime | None, str]]) -> Born:
    return Born(*max([(at, what) for at, what in known if at is not None], key=itemgetter(0)))
