"""Names that nobody else has: of this process, and of what it makes."""

import os
import secrets
import socket

from bot.core import ids


def new_id() -> str:
    return "".join(secrets.choice(ids.ALPHABET) for _ in range(ids.LENGTH))


def process_name() -> str:
    """Names this process in leases, and no other one."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
