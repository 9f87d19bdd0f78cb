"""Secrets from files: where ``NAME`` is a secret, ``NAME_FILE`` may name the file that holds it.

That is how container engines, Kubernetes and systemd hand secrets over: they are then in no environment that a
process list, a crash report or a child process could show.
"""

import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

SECRETS = (
    "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "DECKHAND_DATABASE_URL", "DECKHAND_AUDIT_KEY",
)  # fmt: skip
NAMES = (*SECRETS, "SLACK_API_URL", "DECKHAND_CONFIG")
"""All that is read of the environment."""
MOST_BYTES = 64 * 1024


def with_files(environment: Mapping[str, str]) -> tuple[Mapping[str, str], Sequence[str]]:
    """The environment with each secret that is in a file, and what is wrong with those files, a sentence each."""
    found, problems = dict(environment), []
    for name in SECRETS:
        file = environment.get(f"{name}_FILE")
        if not file:
            continue
        if environment.get(name):
            problems.append(f"environment: {name} and {name}_FILE are both set; remove one of them")
            continue
        try:
            found[name] = _secret(Path(file))
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            problems.append(f"environment: {name}_FILE: {file} cannot be used: {why}")
    return found, problems


def _secret(file: Path) -> str:
    """What a file holds, without the space around it; OSError, or ValueError with the reason."""
    # Not blocking: a FIFO without a writer would hold up the start for ever.
    opened = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    with os.fdopen(opened, "rb") as content:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            raise ValueError("it is no regular file")
        read = content.read(MOST_BYTES + 1)
    if len(read) > MOST_BYTES:
        raise ValueError(f"it is longer than {MOST_BYTES >> 10} KiB, which no secret is")
    try:
        secret = read.decode().strip()
    except UnicodeDecodeError:
        raise ValueError("it is no text") from None  # its own words would quote the secret
    if not secret:
        raise ValueError("it is empty")
    return secret
