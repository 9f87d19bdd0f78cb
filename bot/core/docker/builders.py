"""Builders of buildx that run in containers of their own: each keeps its cache in a volume.

No plan reaches it but one that names the volume. For display: what they are called steers nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.docker.inventory import Container, Volume
from bot.core.docker.usage import ACTIVE_STATES
from bot.core.units import duration_words

_STATE = re.compile(r"buildx_buildkit_(.+)_state")
"""What buildx calls the volume of a node."""
_NODE = re.compile(r"(.+)\d")
"""What it calls a node by itself: ``ci-10`` is the first of the builder ``ci-1``, which has at the most ten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuilderCache:
    """What one builder keeps of its builds."""

    builder: str
    """By the names that buildx gives; where somebody named the node, that node's name."""
    container: Container | None
    """That mounts it, running or stopped; without one its builder is gone, and nothing uses the cache."""
    used_at: datetime | None
    """When it was last seen in use; None where that is not known, and while the container runs."""

    def __str__(self) -> str:
        return f"build cache of builder {self.builder}"

    def words(self, now: datetime) -> Iterator[str]:
        """What it is, when it was used last, and whether its builder is there: in this order."""
        yield str(self)
        if self.container is not None and self.container.state in ACTIVE_STATES:
            yield f"in use: container {self.container.name} is {self.container.state}"
            return
        if self.used_at is not None:
            yield f"last used {duration_words(max(now - self.used_at, timedelta()))} ago"
        if self.container is None:
            yield "its builder is gone"
        else:
            yield f"container {self.container.name} is {self.container.state}"


def builder_cache(volume: Volume, user: Container | None) -> BuilderCache | None:
    """The cache that a volume is by its name, or None; ``user`` is a container that mounts it, if any does."""
    state = _STATE.fullmatch(volume.name)
    if state is None:
        return None
    node = _NODE.fullmatch(state[1])
    seen = volume.mounting.at if volume.mounting else None
    return BuilderCache(
        builder=node[1] if node else state[1], container=user, used_at=user.ended_at if user else seen
    )
