"""The listener for operators: ``/livez``, ``/readyz`` and ``/metrics``, in Socket Mode and in HTTP mode alike."""

import threading
from contextlib import suppress
from http import HTTPStatus

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.core.errors import ConfigurationError
from bot.process.http_connections import HEADERS, Connection
from bot.telemetry.health import Health
from bot.telemetry.registry import Registry

START_SECONDS = 10.0
LIVE, READY, METRICS = "/livez", "/readyz", "/metrics"


class Listener:
    """Answers in threads of its own; ``stop`` ends it."""

    def __init__(self, address: tuple[str, int], health: Health, registry: Registry) -> None:
        self._address, self._health, self._registry = address, health, registry
        routes = [Route(LIVE, self._live), Route(READY, self._ready), Route(METRICS, self._scraped)]
        config = uvicorn.Config(
            Starlette(routes=routes), host=address[0], port=address[1], log_config=None, log_level="error",
            access_log=False, lifespan="off", timeout_graceful_shutdown=2, http=Connection, ws="none",
            h11_max_incomplete_event_size=HEADERS, headers=[("Connection", "close")],
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, name="listener", daemon=True)

    def start(self) -> str:
        """Listen; where to ask, with the port that was given. ConfigurationError when the address cannot be had."""
        self._thread.start()
        pause = threading.Event()
        for _ in range(int(START_SECONDS / 0.02)):
            if self._server.started:
                host, port = self._server.servers[0].sockets[0].getsockname()[:2]
                return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
            if not self._thread.is_alive():
                break
            pause.wait(0.02)
        where = f"{self._address[0]}:{self._address[1]}"
        raise ConfigurationError(
            [f'{where} cannot be listened on; choose another [metrics] listen, or "off".']
        )

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()

    def _serve(self) -> None:
        with suppress(SystemExit):  # uvicorn's way to say that it cannot listen; start() says it better
            self._server.run()

    # Starlette runs what is no coroutine in a thread of its own, so a check that hangs holds up no other request.

    def _live(self, _request: Request) -> Response:
        dead = self._health.dead()
        return PlainTextResponse(dead or "ok", HTTPStatus.SERVICE_UNAVAILABLE if dead else HTTPStatus.OK)

    def _ready(self, _request: Request) -> Response:
        found = self._health.in_the_way()
        status = HTTPStatus.SERVICE_UNAVAILABLE if found else HTTPStatus.OK
        return JSONResponse({"ready": not found, "in_the_way": dict(found)}, status)

    def _scraped(self, request: Request) -> Response:
        body, kind = self._registry.scraped(request.headers.get("accept", ""))
        return Response(body, headers={"content-type": kind})
