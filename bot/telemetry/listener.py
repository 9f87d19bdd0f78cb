"""The listener for operators: ``/livez``, ``/readyz`` and ``/metrics``, in Socket Mode and in HTTP mode alike."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.core.errors import ConfigurationError
from bot.process.http_server import HttpServer
from bot.telemetry.health import Health
from bot.telemetry.registry import Registry

GRACE_SECONDS = 2
LIVE, READY, METRICS = "/livez", "/readyz", "/metrics"


class Listener:
    """Answers in threads of its own; ``stop`` ends it."""

    def __init__(self, address: tuple[str, int], health: Health, registry: Registry) -> None:
        self._address, self._health, self._registry = address, health, registry
        routes = [Route(LIVE, self._live), Route(READY, self._ready), Route(METRICS, self._scraped)]
        self._server = HttpServer("listener", address, routes, GRACE_SECONDS)

    def start(self) -> str:
        """Listen; where to ask, with the port that was given. ConfigurationError when the address cannot be had."""
        found = self._server.start()
        if found is None:
            where = f"{self._address[0]}:{self._address[1]}"
            raise ConfigurationError(
                [f'{where} cannot be listened on; choose another [metrics] listen, or "off".']
            )
        host, port = found
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def stop(self) -> None:
        self._server.stop()

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
