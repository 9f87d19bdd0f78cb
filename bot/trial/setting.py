"""The setting of a trial: a configuration file like any other, with a sample host and two people."""

import os
from pathlib import Path

from bot.process import private

SAMPLE, LOCAL = "sample", "local"
DEFAULT_SOCKET = "unix:///var/run/docker.sock"

SIMULATED = "The host “sample” is simulated: remove what you like, nothing real is touched."
REAL = (
    "Careful: the host “local” is this machine's own Docker Engine. Plans on it are real, and what you "
    "approve there is removed from this machine. The host “sample” is simulated."
)


def local_url() -> str:
    """Where this machine's own engine would listen."""
    url = os.environ.get("DOCKER_HOST", DEFAULT_SOCKET)
    return url if url.startswith("unix://") else DEFAULT_SOCKET


def host_table(name: str, url: str) -> str:
    """A host that is treated as production: Approve asks once more, on the real one above all."""
    return f'[hosts.{name}]\ndocker = "{url}"\ntags = ["trial", "prod"]\n'


def write_configuration(file: Path, hosts: dict[str, str]) -> None:
    """Write a whole ``deckhand.toml`` for these hosts (name to engine URL), whose database lies beside it."""
    tables = "\n".join(host_table(name, url) for name, url in hosts.items())
    written = (
        f'[database]\nurl = "sqlite:///{file.parent / "deckhand.db"}"\n\n{tables}\n'
        '[policies.default]\nlook = ["*"]\nrequest = ["*"]\napprove = ["U0ANN", "U0BOB"]\n'
        'stop = ["*"]\nrestore = ["U0ANN", "U0BOB"]\n'
        'quorum = 1\nself_approval = false\nexpires = "30m"\nvolumes = "named"\n'
    )
    with private.created(file) as opened:
        opened.write(written)


def notice(hosts: dict[str, str]) -> str:
    """What the page says on top about which removals are real."""
    return REAL if LOCAL in hosts else SIMULATED
