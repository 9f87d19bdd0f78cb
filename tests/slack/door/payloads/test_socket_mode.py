"""Socket Mode's connection at its edges."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from slack_sdk.socket_mode.builtin.connection import ConnectionState

from bot.slack.client import web_client
from bot.slack.door.ack_first import AckFirst
from bot.slack.door.server import SocketReceiver, bolt_app
from bot.trial.workspace import Workspace

FORGETS = 4.0  # seconds: what slack_sdk itself says while it closes comes before


class Forgetful(ConnectionState):
    """Forgets for a while that it is to end, as a session may that begins at that very moment."""

    _told_at: float | None = None

    @property
    def terminated(self) -> bool:
        return self._told_at is not None and self._over

    @terminated.setter
    def terminated(self, value: bool) -> None:
        if value and self._told_at is None:
            self._told_at = time.monotonic()
        self._over = value and self._told_at is not None and time.monotonic() - self._told_at > FORGETS


def test_the_process_ends_although_its_session_began_just_then(workspace: Workspace) -> None:
    client = web_client(workspace.bot_token, workspace.api_url)
    with ThreadPoolExecutor(2) as pool:
        receiver = SocketReceiver(bolt_app(client, "", pool), workspace.app_token, client, AckFirst())
        receiver.start()
        workspace.wait_connected()
        receiver._handler.client.current_session_state.__class__ = Forgetful
        ending = threading.Thread(target=receiver.stop, daemon=True)
        ending.start()
        ending.join(20)
        assert not ending.is_alive()
