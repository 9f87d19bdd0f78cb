"""A workspace for each test, and a real Bolt app connected to it over a real socket."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from bot.trial.workspace import Workspace


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    with Workspace(notice="Only a trial.") as workspace:
        workspace.team.scopes = None
        yield workspace


@pytest.fixture
def client(workspace: Workspace) -> WebClient:
    return WebClient(token=workspace.bot_token, base_url=workspace.api_url)


@contextlib.contextmanager
def _connected(app: App, workspace: Workspace) -> Iterator[None]:
    """Hold a connection. It is hung up at the end: left to itself, the client reads on for 3 s."""
    before = workspace.connections
    handler = SocketModeHandler(app, workspace.app_token)
    handler.connect()  # type: ignore[no-untyped-call] # Bolt leaves it without types
    workspace.wait_connected(before + 1)
    try:
        yield
    finally:
        handler.client.auto_reconnect_enabled = False
        workspace.hang_up_all()
        with contextlib.suppress(
            AttributeError
        ):  # slack_sdk's own, where the socket has gone a moment before
            handler.close()  # type: ignore[no-untyped-call] # the same


@pytest.fixture
def connect(workspace: Workspace) -> Callable[[App], AbstractContextManager[None]]:
    return functools.partial(_connected, workspace=workspace)


@pytest.fixture
def app(workspace: Workspace, client: WebClient) -> Iterator[App]:
    """An app that is connected; a test adds its listeners before it acts."""
    app = App(client=client)
    with _connected(app, workspace):
        yield app
