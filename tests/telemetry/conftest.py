from collections.abc import Iterator

import pytest

from bot.trial.workspace.server import Workspace


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    with Workspace() as started:
        yield started
