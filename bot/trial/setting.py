"""The setting of a trial: a configuration like any other, with three sample hosts and two people."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

LOCAL = "local"
SIMULATED: Mapping[str, Sequence[str]] = MappingProxyType(
    {"sample": ("trial", "prod"), "ci-1": ("trial", "ci"), "web-1": ("trial", "prod")}
)
"""The sample hosts, with their tags: Approve asks once more on those that count as production."""
DEFAULT_SOCKET = "unix:///var/run/docker.sock"

HARMLESS = "All hosts are simulated: remove what you like, nothing real is touched."
REAL = (
    "Careful: the host “local” is this machine's own Docker Engine. Plans on it are real, and what you "
    "approve there is removed from this machine. All other hosts are simulated."
)


_EVENTS = {"events": False}
"""Nothing tells of what happens to a simulated engine."""
_WATCH = {"every": "1m", "pressure": {"channel": "C0OPS", "clears_for": "0s"}}
"""Somebody who tries it waits neither for the next look, nor for a second one that says the same."""
_REAL = {"pressure": {"channel": "off"}}
"""How full this machine's own disk is, is not what is tried."""


def local_url() -> str:
    """Where this machine's own engine would listen."""
    url = os.environ.get("DOCKER_HOST", DEFAULT_SOCKET)
    return url if url.startswith("unix://") else DEFAULT_SOCKET


def tables(hosts: Mapping[str, str], database: Path) -> Mapping[str, Any]:
    """The configuration for these hosts (name to engine URL), with a file as its database.

    The real one counts as production: Approve asks once more there.
    """
    both = ["U0ANN", "U0BOB"]
    return {
        "database": {"url": f"sqlite:///{database}"},
        "hosts": {
            name: {
                "docker": url, "tags": [*SIMULATED.get(name, ("trial", "prod"))],
                **(_EVENTS if name in SIMULATED else _REAL),
            }
            for name, url in hosts.items()
        },
        "watch": _WATCH,
        "policies": {
            "default": {
                "look": ["*"], "request": ["*"], "approve": both, "stop": ["*"], "restore": both,
                "quorum": 1, "self_approval": False, "expires": "30m", "volumes": "named",
            }
        },
    }  # fmt: skip


def notice(hosts: Mapping[str, str]) -> str:
    """What the page says on top about which removals are real."""
    return REAL if LOCAL in hosts else HARMLESS
