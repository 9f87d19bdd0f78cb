"""The command ``deckhand`` as a user runs it: a process of its own, with nothing of ours in its environment."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

DECKHAND = str(Path(sys.executable).with_name("deckhand"))
SECONDS = 60


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without what would configure Deckhand or Docker, and with ``more``."""
    prefixes = ("SLACK_", "DECKHAND_", "DOCKER_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}
    return {**kept, "COLUMNS": "200", **more}


def deckhand(*arguments: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run ``deckhand`` in a folder; ``more`` are variables of its environment."""
    return subprocess.run(
        [DECKHAND, *arguments], cwd=folder, env=environment(more), capture_output=True, text=True,
        timeout=SECONDS, check=False,
    )  # fmt: skip


@contextmanager
def started(
    command: str, *arguments: str, folder: Path, log: Path, **more: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that runs beside the test, in its own process group; ended with it."""
    with (
        log.open("ab") as output,
        subprocess.Popen(
            [command, *arguments], cwd=folder, env=environment(more), stdout=output, stderr=output
        ) as process,
    ):
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(SECONDS)
