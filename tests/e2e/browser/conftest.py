"""For each test a workspace, a sample host, the bot, and windows in which nothing goes wrong."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, Protocol

import pytest
from playwright.sync_api import Browser, ConsoleMessage, ViewportSize, expect

from bot.trial.sample import SampleEngine
from bot.trial.workspace import Workspace
from tests.e2e.browser.pages import DESK, PATIENCE, Window
from tests.slack.conftest import closing_later, ending  # noqa: F401 - fixtures: the bot ends while the next test runs
from tests.slack.place import Place, deckhand_at, team, write_configuration


class Open(Protocol):
    """Opens a window on the workspace."""

    def __call__(
        self,
        *,
        size: ViewportSize = DESK,
        scheme: Literal["light", "dark"] = "light",
        expected: tuple[str, ...] = (),
    ) -> Window: ...


@pytest.fixture
def open_window(browser: Browser, workspace: Workspace, request: pytest.FixtureRequest) -> Iterator[Open]:
    """Opens windows. An error in a page's scripts or in its console fails the test, unless it is `expected`."""
    complaints: list[str] = []
    with ExitStack() as stack:

        def open_window(
            *,
            size: ViewportSize = DESK,
            scheme: Literal["light", "dark"] = "light",
            expected: tuple[str, ...] = (),
        ) -> Window:
            def heard(line: ConsoleMessage) -> None:
                if line.type == "error" and not any(words in line.text for words in expected):
                    complaints.append(line.text)

            context = stack.enter_context(
                closing(browser.new_context(viewport=size, color_scheme=scheme, locale="en-GB"))
            )
            page = context.new_page()
            page.set_default_timeout(PATIENCE)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("console", heard)
            page.goto(workspace.address)
            expect(page.locator("#me")).not_to_be_empty()  # it has the state, so that what comes now is news
            name = request.node.name.removeprefix("test_").partition("[")[0][:40]
            return Window(page=page, name=f"{name}-{size['width']}-{scheme}")

        yield open_window
    assert complaints == []


@pytest.fixture
def window(open_window: Open) -> Window:
    return open_window()


@pytest.fixture
def workspace(closing_later: ExitStack) -> Workspace:  # noqa: F811 - pytest hands the fixture in by this name
    return closing_later.enter_context(Workspace(team=team()))


@pytest.fixture
def sample(closing_later: ExitStack) -> SampleEngine:  # noqa: F811 - the same
    """A production host that nobody has cleaned for months, and that tells since when it has each image."""
    folder = Path(closing_later.enter_context(TemporaryDirectory(prefix="page-")))
    engine = closing_later.enter_context(SampleEngine(socket_path=folder / "engine.sock"))
    with engine.universe.lock:
        for image in engine.universe.images.values():
            engine.universe.tagged_at.setdefault(image.id, image.created)
    return engine


@pytest.fixture
def start(
    workspace: Workspace,
    sample: SampleEngine,
    tmp_path: Path,
    closing_later: ExitStack,  # noqa: F811 - the same
) -> Callable[[str], Place]:
    """Starts Deckhand for the host prod-3 with these policies, connected; it ends with the test."""

    def started(policies: str) -> Place:
        return deckhand_at(workspace, sample, write_configuration(tmp_path, sample, policies), closing_later)

    return started
