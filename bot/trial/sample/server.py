"""The sample engine's HTTP side: a unix socket that speaks the Engine API, in a thread of its own."""

import asyncio
import json
import re
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.trial.sample.api import ROUTES, Call, Handler
from bot.trial.sample.errors import EngineError
from bot.trial.sample.making.production import production_universe
from bot.trial.sample.showing.system import API_VERSION, ENGINE_VERSION, MIN_API_VERSION, dotted
from bot.trial.sample.universe import Universe

_VERSION_PREFIX = re.compile(r"/v(\d+)\.(\d+)(?=/)")
_START_SECONDS = 10.0
_STOP_SECONDS = 10.0
_BACKLOG = 128
_HEADERS = {
    "Api-Version": dotted(API_VERSION),
    "Docker-Experimental": "false",
    "Ostype": "linux",
    "Server": f"Docker/{ENGINE_VERSION} (linux)",
}


class SampleEngine:
    """A simulated engine that listens on `socket_path` (less than 108 bytes, a unix limit).

    Without a universe it is a production host that has not been cleaned for months. `removal_seconds` is how
    long each removal takes: a real disk is not done at once either. It may be changed while the engine runs.
    """

    def __init__(
        self, *, socket_path: Path, universe: Universe | None = None, removal_seconds: float = 0.0
    ) -> None:
        self.socket_path = socket_path
        self.removal_seconds = removal_seconds
        self.universe = production_universe() if universe is None else universe
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.socket_path.absolute()}"

    def start(self) -> None:
        """Listen and serve; returns when calls are answered. Raises OSError where it cannot listen."""
        if self._thread is not None:
            raise RuntimeError("The sample engine is running already.")
        self.socket_path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listener.bind(str(self.socket_path))
            self.socket_path.chmod(0o600)
            listener.listen(_BACKLOG)
        except OSError:
            listener.close()
            raise
        config = uvicorn.Config(
            application(self.universe, lambda: self.removal_seconds),
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            ws="none",
            # As patient as an engine, so that a client's kept connection is not cut under its next call.
            timeout_keep_alive=3600,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run,
            kwargs={"sockets": [listener]},
            name="sample-engine",
            daemon=True,
        )
        self._thread.start()
        self._wait_until_started()

    def _wait_until_started(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while self._server is not None and not self._server.started:
            if time.monotonic() > deadline:
                self.stop()
                raise TimeoutError("The sample engine did not start.")
            time.sleep(0.005)

    def stop(self) -> None:
        """Close the socket and end the thread; does nothing where it does not run."""
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        self._thread.join(_STOP_SECONDS)
        self._server = self._thread = None
        self.socket_path.unlink(missing_ok=True)

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


def application(universe: Universe, removal_seconds: Callable[[], float] = lambda: 0.0) -> ASGIApp:
    """Return the Engine API over one universe, for any ASGI server."""
    routes = [Route("/_ping", _ping)]
    routes += [
        Route(path, _endpoint(universe, handler, removal_seconds), methods=[method])
        for method, path, handler in ROUTES
    ]
    app = Starlette(
        routes=routes,
        exception_handlers={EngineError: _engine_error, HTTPException: _not_found},
    )
    return _Versioned(app)


class _Versioned:
    """Takes the version off the path and refuses those that the engine does not speak."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = _VERSION_PREFIX.match(scope.get("path", ""))
        if not found:
            await self._app({**scope, "api": API_VERSION}, receive, send)
            return
        api = (int(found[1]), int(found[2]))
        refusal = _refused_version(api)
        if refusal:
            response = JSONResponse({"message": refusal}, status_code=400, headers=_HEADERS)
            await response(scope, receive, send)
            return
        path = scope["path"][found.end() :]
        await self._app({**scope, "path": path, "raw_path": path.encode(), "api": api}, receive, send)


def _refused_version(api: tuple[int, int]) -> str:
    if api > API_VERSION:
        return (
            f"client version {dotted(api)} is too new. Maximum supported API version is {dotted(API_VERSION)}"
        )
    if api < MIN_API_VERSION:
        return (
            f"client version {dotted(api)} is too old. Minimum supported API version is "
            f"{dotted(MIN_API_VERSION)}, please upgrade your client to a newer version"
        )
    return ""


async def _ping(_request: Request) -> Response:
    headers = _HEADERS | {"Cache-Control": "no-cache, no-store, must-revalidate", "Pragma": "no-cache"}
    return PlainTextResponse("OK", headers=headers)


def _endpoint(
    universe: Universe, handler: Handler, removal_seconds: Callable[[], float]
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        if request.method == "DELETE":
            await asyncio.sleep(removal_seconds())
        call = Call(
            universe=universe,
            api=request.scope["api"],
            name=request.path_params.get("name", ""),
            query=parse_qs(request.url.query, keep_blank_values=True),
            body=await request.body(),
        )
        with universe.lock:
            reply = handler(call)
        if reply.reports:
            body = "".join(f"{json.dumps(report)}\r\n" for report in reply.reports)
            return Response(body, status_code=reply.status, headers=_HEADERS, media_type="application/json")
        if reply.content is None:
            return Response(status_code=reply.status, headers=_HEADERS)
        return JSONResponse(reply.content, status_code=reply.status, headers=_HEADERS)

    return endpoint


async def _engine_error(_request: Request, error: Exception) -> Response:
    status = error.status if isinstance(error, EngineError) else EngineError.status
    return JSONResponse({"message": str(error)}, status_code=status, headers=_HEADERS)


async def _not_found(_request: Request, _error: Exception) -> Response:
    return JSONResponse({"message": "page not found"}, status_code=404, headers=_HEADERS)
