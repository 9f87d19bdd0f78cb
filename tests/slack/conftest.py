"""The unchanged bot, over Socket Mode, between a Slack look-alike and a sample engine."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot.trial.sample import SampleEngine
from bot.trial.workspace import Workspace
from tests.slack.door.site import Site, served
from tests.slack.place import Place, deckhand_at, team, universe, write_configuration


@pytest.fixture(scope="session")
def ending() -> Iterator[Callable[[ExitStack], None]]:
    """Ends what a test had open while the next one runs: slack_sdk reads on for 3 s after it was closed."""
    ended: list[Future[None]] = []
    with ThreadPoolExecutor(8, thread_name_prefix="ending") as pool:
        yield lambda stack: ended.append(pool.submit(stack.close))
    for one in ended:
        one.result()


@pytest.fixture
def closing_later(ending: Callable[[ExitStack], None]) -> Iterator[ExitStack]:
    stack = ExitStack()
    yield stack
    ending(stack)


@pytest.fixture
def workspace(closing_later: ExitStack) -> Workspace:
    return closing_later.enter_context(Workspace(team=team()))


@pytest.fixture
def sample(closing_later: ExitStack) -> SampleEngine:
    # pytest's own folders can be longer than a unix socket's path may be.
    folder = Path(closing_later.enter_context(TemporaryDirectory(prefix="slack-")))
    return closing_later.enter_context(SampleEngine(socket_path=folder / "engine.sock", universe=universe()))


@pytest.fixture
def start(
    workspace: Workspace, sample: SampleEngine, tmp_path: Path, closing_later: ExitStack
) -> Callable[[str], Place]:
    """Starts Deckhand with these policies; it ends with the test."""

    def started(policies: str) -> Place:
        return deckhand_at(workspace, sample, write_configuration(tmp_path, sample, policies), closing_later)

    return started


@pytest.fixture
def site(workspace: Workspace, sample: SampleEngine, tmp_path: Path) -> Iterator[Site]:
    with served(workspace, sample, tmp_path) as site:
        yield site
