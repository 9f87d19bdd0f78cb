"""How long a command takes to start, beside what importing its foundations takes, and `df` on a local socket.

`tests/run --long tests/bench -s` prints the figures.
"""

import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest

from bot.trial.sample.server import SampleEngine
from tests.support.shell import DECKHAND, environment

ROUNDS = 7
FOUNDATIONS = "import typer, rich, pydantic"


class Took(NamedTuple):
    seconds: float
    processor: float


def took(command: Sequence[str], folder: Path) -> Took:
    """The shortest of several, since other programs only add to it; what it imports has been compiled before."""

    def once() -> Took:
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        subprocess.run(command, cwd=folder, env=environment({}), stdout=subprocess.DEVNULL, check=True)
        seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        return Took(seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)

    once()
    rounds = [once() for _ in range(ROUNDS)]
    return Took(min(one.seconds for one in rounds), min(one.processor for one in rounds))


@pytest.mark.long
def test_help_and_a_look_at_a_local_engine_start_at_once() -> None:
    """Which packages a command imports is asserted in tests/shell; here only that the order of magnitude is right."""
    with (
        TemporaryDirectory(prefix="dh-", dir="/tmp") as made,
        SampleEngine(socket_path=Path(made) / "a.sock") as engine,
    ):
        folder = Path(made)
        (folder / "deckhand.toml").write_text(f'[hosts.local]\ndocker = "{engine.url}"\n')
        base = took([sys.executable, "-c", FOUNDATIONS], folder)
        for name, arguments in (("--help", ["--help"]), ("df HOST", ["df", "local"])):
            found = took([DECKHAND, *arguments], folder)
            print(  # noqa: T201 - what the measurement is for
                f"\ndeckhand {name}: {found.seconds:.2f} s, {found.processor:.2f} s of a processor; {FOUNDATIONS}: "
                f"{base.seconds:.2f} s, {base.processor:.2f} s: {found.processor / base.processor:.1f} times as much"
            )
            assert found.processor <= 8 * base.processor
