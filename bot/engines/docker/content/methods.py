"""The only methods that are ever asked of an engine's gRPC endpoint: none of them changes anything.

The endpoint offers methods that write, too, and a malformed one of those ends dockerd [measured on 28.5.2].
"""

from enum import StrEnum


class Method(StrEnum):
    """Service and method, as in the path of a request."""

    LIST = "/containerd.services.content.v1.Content/List"
    READ = "/containerd.services.content.v1.Content/Read"
    HISTORY = "/moby.buildkit.v1.Control/ListenBuildHistory"
