"""The workspace as a server: start it, hand its address and tokens to a bot, act as its people."""

import secrets
import socket
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware

from bot.trial.workspace.core import Pulse
from bot.trial.workspace.desk import Desk
from bot.trial.workspace.door import Door
from bot.trial.workspace.driver import Driver
from bot.trial.workspace.files import Files
from bot.trial.workspace.links import Links
from bot.trial.workspace.messages import Messages
from bot.trial.workspace.methods.webapi import WebApi
from bot.trial.workspace.page.acts import Acts
from bot.trial.workspace.page.page import Page
from bot.trial.workspace.people.team import DEFAULT_PEOPLE, Person, Team
from bot.trial.workspace.views import Views

STOP_SECONDS = 10.0


class Workspace(Driver):
    """A Slack look-alike on 127.0.0.1: Web API, Socket Mode and a page. A context manager.

    `port` 0 takes a free one. `team` is for who wants other channels, groups or commands as well, and
    then stands instead of `people`. `notice` is shown on top of the page. `file_delay` is how many seconds
    an uploaded file takes before it can be shown, as with the real Slack. `key` is what opens the page;
    without one it is a new one.
    """

    def __init__(  # noqa: PLR0913 - each by its name
        self,
        *,
        port: int = 0,
        people: Sequence[Person] = DEFAULT_PEOPLE,
        team: Team | None = None,
        notice: str = "",
        file_delay: float = 0.2,
        key: str = "",
    ) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind(("127.0.0.1", port))
        except OSError:
            self._socket.close()
            raise
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.api_url = f"{self.url}/api/"
        self.key = key or secrets.token_urlsafe(32)
        self.address = f"{self.url}/?key={self.key}"
        """Where a person opens the page; whoever has it may act as any of its people."""
        pulse = Pulse()
        desk = Desk(
            url=self.url,
            pulse=pulse,
            team=team or Team(people=people),
            messages=Messages(pulse),
            views=Views(pulse),
            files=Files(pulse, self.url, file_delay),
            links=Links(pulse),
        )
        acts = Acts(desk)
        super().__init__(desk, acts)
        self.bot_token = desk.bot_token
        self.app_token = desk.app_token
        self._server = uvicorn.Server(self._config(desk, acts, notice))
        self._thread = threading.Thread(target=self._serve, name="workspace", daemon=True)

    @property
    def environment(self) -> dict[str, str]:
        """What a bot has to be told to connect, as variables of its environment."""
        return {
            "SLACK_BOT_TOKEN": self.bot_token, "SLACK_APP_TOKEN": self.app_token, "SLACK_API_URL": self.api_url,
        }  # fmt: skip

    def start(self) -> None:
        """Serve in a thread of its own; back when the first request can be answered."""
        self._socket.listen(128)
        self._thread.start()

    def stop(self) -> None:
        """Close every connection and end the thread. Further calls do nothing."""
        if self._thread.is_alive():
            self._desk.links.hang_up()
            self._desk.pulse.close()
            self._server.should_exit = True
            self._thread.join(STOP_SECONDS)
        self._socket.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _config(self, desk: Desk, acts: Acts, notice: str) -> uvicorn.Config:
        routes = [*WebApi(desk).routes(), *Page(desk, acts, notice).routes()]
        app = Starlette(routes=routes, middleware=[Middleware(Door, port=self.port, key=self.key)])
        return uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            access_log=False,
            # The other implementation rests on what the websockets package has deprecated.
            ws="websockets-sansio",
            timeout_graceful_shutdown=2,
        )

    def _serve(self) -> None:
        self._server.run(sockets=[self._socket])
