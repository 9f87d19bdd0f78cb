"""Receiving: Bolt's app, and Socket Mode, over the unchanged Bolt; ``http_mode`` is the other way."""

import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Protocol

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.logger.messages import warning_client_prioritized_and_token_skipped
from slack_sdk import WebClient
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.core.errors import ChatError, ChatRefusedError
from bot.slack.client import slack_errors
from bot.slack.door.ack_first import AckFirst

LOG = logging.getLogger(__name__)

SOCKET_THREADS = 128
"""Events that are acknowledged at once: Bolt looks for each listener's ack only every 10 ms, in one of these."""
RECEIVED_AT_ONCE = 64 * 1024
"""Bytes; slack_sdk reads 1,024 at a time by default, less than an event."""


class Receiver(Protocol):
    """How events come in."""

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def connected(self) -> bool:
        """Whether events can come in now."""
        ...


def bolt_app(client: WebClient, signing_secret: str, pool: ThreadPoolExecutor) -> App:
    """Make Bolt's app; ChatError when Slack does not accept the bot token."""
    with _refused("SLACK_BOT_TOKEN (xoxb-…)", "“OAuth & Permissions”"), slack_errors():
        own = client.auth_test()
    _check_that_people_are_told(client, str(own["user_id"]))
    logger = logging.getLogger("slack_bolt")  # Bolt's own loggers take its level, not the root's
    logger.addFilter(_worth_saying)
    return App(
        logger=logger,
        client=client,
        signing_secret=signing_secret,
        listener_executor=pool,
        raise_error_for_unhandled_request=False,
    )


def _check_that_people_are_told(client: WebClient, user: str) -> None:
    """ChatRefusedError when the app may not ask who somebody is: then nobody has any right."""
    try:
        with slack_errors():
            client.users_info(user=user)
    except ChatRefusedError as error:
        raise ChatRefusedError(
            f"Slack does not tell the app who people are (users.info), so nobody would have any right: {error} Add the "
            "scope users:read under “OAuth & Permissions” of the app, and install it to the workspace once more."
        ) from error
    except ChatError as error:
        LOG.warning("who people are cannot be asked yet (users.info): %s", error)


@contextmanager
def _refused(token: str, page: str) -> Iterator[None]:
    """Say which token Slack did not accept, and where the right one is."""
    try:
        yield
    except ChatRefusedError as error:
        raise ChatRefusedError(
            f"{token} is not accepted: {error} Slack's page {page} of the app shows it."
        ) from error


def _worth_saying(record: logging.LogRecord) -> bool:
    """Not that Bolt, which looks into the environment too, uses our client rather than a token it found."""
    return record.getMessage() != warning_client_prioritized_and_token_skipped()


class _Handler(SocketModeHandler):
    """Bolt's, which tells what waits for its acknowledgement."""

    def __init__(self, ack_first: AckFirst, app: App, app_token: str, client: WebClient) -> None:
        self._ack_first = ack_first
        super().__init__(
            app, app_token, web_client=client, concurrency=SOCKET_THREADS, receive_buffer_size=RECEIVED_AT_ONCE
        )  # fmt: skip
        self._enqueue = self.client.enqueue_message
        self.client.enqueue_message = self._came  # type: ignore[method-assign] # its listeners hear of it too late

    def _came(self, message: str) -> None:
        if '"envelope_id"' in message:  # else it is a greeting or a goodbye
            self._ack_first.came()
        self._enqueue(message)

    def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override] # as Bolt's own
        try:
            super().handle(client, req)
        finally:
            self._ack_first.acknowledged()


class SocketReceiver:
    """Socket Mode: an outgoing WebSocket, no open port."""

    def __init__(self, app: App, app_token: str, client: WebClient, ack_first: AckFirst) -> None:
        self._handler = _Handler(ack_first, app, app_token, client)

    def start(self) -> None:
        """Connect; ChatError when Slack cannot be reached or does not accept the app token."""
        with _refused("SLACK_APP_TOKEN (xapp-…)", "“Basic Information”"), slack_errors():
            self._handler.connect()  # type: ignore[no-untyped-call] # Bolt leaves it unannotated

    def connected(self) -> bool:
        return self._handler.client.is_connected()

    def stop(self) -> None:
        """Take no more events and end the connection's threads."""
        client = self._handler.client
        client.auto_reconnect_enabled = False
        closing = threading.Thread(target=self._handler.close, name="closing", daemon=True)
        closing.start()
        while closing.is_alive():
            # A session that begins at this very moment forgets that it is to end, and close() would wait for ever.
            client.current_session_state.terminated = True
            closing.join(0.1)
