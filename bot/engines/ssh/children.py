"""What a program that Deckhand starts is told of its environment: nothing that is secret."""

import os

NAMES = frozenset(
    {"HOME", "PATH", "SHELL", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "SSH_AUTH_SOCK"}
)
FAMILIES = ("LC_", "XDG_")


def environment() -> dict[str, str]:
    """The environment for a child process: what ssh needs, by name. Tokens and passwords are not on the list."""
    return {name: value for name, value in os.environ.items() if name in NAMES or name.startswith(FAMILIES)}
