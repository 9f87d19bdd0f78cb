"""The local Slack, and a configuration that names it and one host, prod-3."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.app import Deckhand
from bot.config.settings import load
from bot.trial.workspace.server import Workspace

RunDeckhand = Callable[[Path], None]

CONFIGURATION = """
[database]
url = "{database}"
[protect]
dangling_min_age = "0s"
[hosts.prod-3]
{host}
tags = ["eu"]
[metrics]
listen = "off"
[policies.default]
look = ["*"]
request = ["*"]
approve = ["U0ANN", "U0BOB"]
stop = ["U0BOB"]
self_approval = false
"""


def write_configuration(folder: Path, host: str, database: str = "") -> Path:
    """Write a ``deckhand.toml`` whose host is reached by this line; its database lies beside it."""
    file = folder / "deckhand.toml"
    database = database or f"sqlite:///{folder / 'deckhand.db'}"
    file.write_text(CONFIGURATION.format(database=database, host=host))
    return file


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    with Workspace() as started:
        yield started


@pytest.fixture
def run_deckhand(workspace: Workspace) -> Iterator[RunDeckhand]:
    """A function that starts the bot with this configuration, connected; it ends with the test."""
    running: list[Deckhand] = []

    def start(file: Path) -> None:
        bot = Deckhand(load(file, workspace.environment, for_slack=True))
        bot.start()
        running.append(bot)
        workspace.wait_connected()

    yield start
    for bot in running:
        bot.stop()
