"""How long each step towards an engine may take, in seconds, and how long an answer may be, in bytes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    reach: float = 45
    """A connection in all, jump hosts, waiting for one's turn and a channel to the engine included."""
    name: float = 10
    """A name server may be dead, and the next one asked after 5 s."""
    connect: float = 5
    """From the first packet on, for all addresses of a name."""
    banner: float = 10
    """From the TCP connection to the SSH server's first line, and again for the key exchange."""
    auth: float = 10
    """The login in all, however many keys are offered."""
    channel: float = 10
    ping: float = 5
    """``/_ping`` and ``/version``, which a healthy engine answers at once."""
    read: float = 60
    """The default of every other request, from its last byte to the answer's last; a caller may give its own."""
    silence: float = 300
    """How long an answer that may take longer (a pull) may pause."""
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
    answer_bytes: int = 4_000_000
    """The longest answer to a question about one thing."""
    list_bytes: int = 64_000_000
    """The longest answer that lists all objects of a kind, or tells of a pull: 100,000 build cache records."""
