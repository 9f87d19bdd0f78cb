"""How long each step towards an engine may take, in seconds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    reach: float = 45
    """A connection in all, jump hosts, waiting for one's turn and a channel to the engine included."""
    connect: float = 5
    banner: float = 10
    """From the TCP connection to the SSH server's first line, and again for the key exchange."""
    auth: float = 10
    """The login in all, however many keys are offered."""
    channel: float = 10
    ping: float = 5
    """``/_ping`` and ``/version``, which a healthy engine answers at once."""
    read: float = 60
    """The default of every other request; a caller may give its own."""
    removal: float = 300
    """A removal is answered when it is done, and a large image or volume takes as long as its disk does."""
    idle: float = 30
    """A connection that was not used for so long is asked ``/_ping`` before it carries a request."""
    disk: float = 5
    """A look at the disk behind the data root, which the kernel answers at once."""
    queue: float = 60
    """How long a request may wait for one of the host's connections to become free."""
    close: float = 600
    """An SSH connection that was not used for so long is closed; the next request opens it again."""
