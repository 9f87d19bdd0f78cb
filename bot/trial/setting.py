"""The setting of a trial: a configuration like any other, with a sample host and two people."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SAMPLE, LOCAL = "sample", "local"
DEFAULT_SOCKET = "unix:///var/run/docker.sock"

SIMULATED = "The host “sample” is simulated: remove what you like, nothing real is touched."
REAL = (
    "Careful: the host “local” is this machine's own Docker Engine. Plans on it are real, and what you "
    "approve there is removed from this machine. The host “sample” is simulated."
)


_PRETENDED = {"watch": "off"}
"""The past of the simulated disk is pretended: nothing is behind it that would go on with that."""


def local_url() -> str:
    """Where this machine's own engine would listen."""
    url = os.environ.get("DOCKER_HOST", DEFAULT_SOCKET)
    return url if url.startswith("unix://") else DEFAULT_SOCKET


def tables(hosts: Mapping[str, str], database: Path) -> Mapping[str, Any]:
    """The configuration for these hosts (name to engine URL), with a file as its database.

    Each host is treated as production: Approve asks once more, on the real one above all.
    """
    both = ["U0ANN", "U0BOB"]
    return {
        "database": {"url": f"sqlite:///{database}"},
        "hosts": {
            name: {"docker": url, "tags": ["trial", "prod"], **(_PRETENDED if name == SAMPLE else {})}
            for name, url in hosts.items()
        },
        "policies": {
            "default": {
                "look": ["*"], "request": ["*"], "approve": both, "stop": ["*"], "restore": both,
                "quorum": 1, "self_approval": False, "expires": "30m", "volumes": "named",
            }
        },
    }  # fmt: skip


def notice(hosts: Mapping[str, str]) -> str:
    """What the page says on top about which removals are real."""
    return REAL if LOCAL in hosts else SIMULATED
