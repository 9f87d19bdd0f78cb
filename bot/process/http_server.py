"""A small HTTP server in a thread of its own, whose connections are bounded in number, size and time."""

import threading
from collections.abc import Sequence
from contextlib import suppress

import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from bot.process.http_connections import HEADERS, Connection

START_SECONDS = 10.0
LOOK_SECONDS = 0.02


class HttpServer:
    """Answers at one address from ``start`` to ``stop``."""

    def __init__(self, name: str, address: tuple[str, int], routes: Sequence[BaseRoute], grace: int) -> None:
        """``name`` is that of the thread; ``grace`` is how many seconds a request has left at the end."""
        config = uvicorn.Config(
            Starlette(routes=routes), host=address[0], port=address[1], log_config=None, log_level="error",
            access_log=False, lifespan="off", timeout_graceful_shutdown=grace, http=Connection, ws="none",
            h11_max_incomplete_event_size=HEADERS, headers=[("Connection", "close")],
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)

    def start(self) -> tuple[str, int] | None:
        """Listen; at which address, with the port that was given, or None where it cannot be had."""
        self._thread.start()
        pause = threading.Event()
        for _ in range(int(START_SECONDS / LOOK_SECONDS)):
            if self._server.started:
                host, port = self._server.servers[0].sockets[0].getsockname()[:2]
                return host, port
            if not self._thread.is_alive():
                break
            pause.wait(LOOK_SECONDS)
        return None

    def listens(self) -> bool:
        return self._server.started and self._thread.is_alive()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()

    def _serve(self) -> None:
        with suppress(SystemExit):  # uvicorn's way to say that it cannot listen; ``start`` says it too
            self._server.run()
