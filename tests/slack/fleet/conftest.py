"""Several sample hosts behind one bot."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bot.trial.sample import SampleEngine
from bot.trial.workspace import Workspace
from tests.slack.fleet.site import Site, sites


@pytest.fixture
def begin(
    workspace: Workspace, sample: SampleEngine, tmp_path: Path, closing_later: ExitStack
) -> Iterator[Callable[..., Site]]:
    yield from sites(workspace, sample, tmp_path, closing_later)
