"""Logs of containers: what bounds them. How large they are the Engine API does not tell; for display only."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

JSON_FILE, LOCAL = "json-file", "local"
DAEMON_JSON = (
    '"log-driver": "json-file",',
    '"log-opts": { "max-size": "20m", "max-file": "5" }',
)
"""What bounds the logs of containers that are made from then on, in ``/etc/docker/daemon.json``."""
COMPOSE = (
    "logging:",
    '  { driver: json-file, options: { max-size: "20m", max-file: "5" } }',
)
"""The same for one service in a Compose file, once it is made anew."""
_SIZE = re.compile(r"([0-9]+)([kmg]?)b?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerLog:
    """Where a container's output goes."""

    id: str
    name: str
    driver: str
    """Empty where the engine does not say."""
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def unbounded(self) -> bool:
        """Whether it grows on the engine's disk without an end: ``json-file`` does so by default, no other driver."""
        return self.driver == JSON_FILE and not _bounds(self.options.get("max-size", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Logs:
    """The logs of an engine's containers."""

    default: str = ""
    """The driver of containers that name none."""
    containers: Sequence[ContainerLog] = ()

    @property
    def unbounded(self) -> tuple[ContainerLog, ...]:
        """Those without an end, by their names."""
        return tuple(
            sorted((one for one in self.containers if one.unbounded), key=lambda one: (one.name, one.id))
        )


NOT_KNOWN = Logs()


def _bounds(max_size: str) -> bool:
    """``-1``, the default, and what no engine takes bound nothing."""
    found = _SIZE.fullmatch(max_size.strip())
    return found is not None and int(found[1]) > 0


def names_of(logs: Iterable[ContainerLog], most: int) -> str:
    """Some by name, and how many more."""
    names = [one.name for one in logs]
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
