"""The Docker SDK's client for one engine, on our own connections.

Whatever an engine answers: it leads nowhere else, ends in time, is of bounded length, and is read in its shape alone.
"""

import re
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from typing import Any, cast

import docker
import docker.errors
import requests
import requests.adapters

from bot.core.docker.inventory import Identity
from bot.core.errors import (
    EngineAnswerError,
    EngineUnavailableError,
    EngineUnsupportedError,
    HostUnreachableError,
)
from bot.engines.docker.adapter import DIALLED_URL, Dial, DialAdapter
from bot.engines.docker.budget import LateError
from bot.engines.docker.identity import proven
from bot.engines.docker.tcp_dial import tcp_dial
from bot.engines.docker.told import reading, shapes
from bot.engines.failures import InBetween, LinkError, lost_ssh
from bot.engines.limits import Limits
from bot.engines.targets import Tcp

OLDEST_API = (1, 41)
API_VERSION = re.compile(r"[0-9]{1,3}\.[0-9]{1,3}")
MOST_OF_A_MESSAGE = 2_000
"""Characters of what an engine says went wrong."""
NO_ENGINE = "what answers there does not speak Docker's API."
ELSEWHERE = (
    "it wants this request to be sent elsewhere or be done in another way, which Deckhand never does. If something "
    "stands between it and the engine, register the engine's own address."
)
READS = ("GET", "HEAD")
FORBIDDEN = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.METHOD_NOT_ALLOWED)
VERSION_OF_A_PATH = re.compile(r"^/v[0-9.]+(?=/)")
MOST_OF_A_PATH = 100


def _lost(*more: type[Exception]) -> tuple[type[Exception], ...]:
    """What a kept connection that has died looks like; a read may then be sent once more. And ``more``."""
    return *more, requests.ConnectionError, requests.exceptions.ChunkedEncodingError, *lost_ssh()


def _nothing() -> None:
    """The reset of a client whose connections cannot die unnoticed."""


def _always() -> bool:
    """Whether the machine is there, where nothing stands between it and its engine."""
    return True


class EngineClient(docker.APIClient):
    """An APIClient that repeats a read once over a new connection, and a write never."""

    def __init__(
        self,
        url: str,
        limits: Limits,
        adapter: requests.adapters.BaseAdapter,
        reset: Callable[[], None] = _nothing,
        machine_answers: Callable[[], bool] = _always,
    ) -> None:
        """``machine_answers`` tells a silent engine from a silent machine."""
        # The version is a placeholder until negotiate(): the SDK would ask before our adapter is in place.
        super().__init__(base_url=url, version="1.41", timeout=int(limits.read))
        self.trust_env = False
        self.proxies = {}
        self.adapters.clear()
        self._custom_adapter = None  # the SDK would take it for any other URL
        self.mount(url, adapter)
        self.headers["Accept-Encoding"] = (
            "identity"  # the limit of bytes would not hold for what they unpack to
        )
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._limits = limits
        self._reset = reset
        self._machine_answers = machine_answers
        self._guard = threading.Lock()
        self._in_flight = 0
        self._last_answer: float | None = None

    @property
    def limits(self) -> Limits:
        return self._limits

    @property
    def dial(self) -> Dial:
        """Opens a connection of the caller's own to the same engine; LinkError."""
        adapter = self.get_adapter(DIALLED_URL)
        if not isinstance(adapter, DialAdapter):
            raise LinkError(EngineUnsupportedError, "its content could not be asked for: nothing dials it")
        return adapter.dial

    def negotiate(self) -> None:
        """Settle on the engine's API version; LinkError for an engine that Deckhand does not work with."""
        self.timeout = self._limits.ping  # type: ignore[assignment] # annotated as int; requests takes floats
        try:
            answer = cast("shapes.Version", self.version(api_version=False))
        except LinkError as error:
            if error.kind is not EngineAnswerError:
                raise
            raise LinkError(EngineUnavailableError, NO_ENGINE) from error
        finally:
            self.timeout = int(self._limits.read)
        self._version = _supported(answer)

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """requests' own, with our limits and the one repetition of a read."""
        asked = options.get("timeout")
        seconds = asked if isinstance(asked, int | float) else self._limits.read
        if _removes(request):
            seconds = max(seconds, self._limits.removal)
        stream = bool(options.get("stream"))
        options |= {"timeout": (min(self._limits.connect, seconds), seconds), "stream": True}
        self._rouse()
        with self._guard:
            self._in_flight += 1
        try:
            return self._sent(request, options, stream=stream)
        except _lost() as error:
            refused = isinstance(error, requests.ConnectTimeout | requests.exceptions.SSLError)
            if request.method not in READS or self._last_answer is None or refused:
                raise
            return self._sent(request, options, stream=stream)
        finally:
            with self._guard:
                self._in_flight -= 1

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002 - the signature of requests
        """No answer leads anywhere: an engine never chooses who gets a request."""
        return

    def _sent(
        self, request: requests.PreparedRequest, options: dict[str, Any], *, stream: bool = False
    ) -> requests.Response:
        """The answer, read to its end unless it is to be streamed."""
        try:
            response = super().send(request, **options)
            _check(response)
            if not stream:
                _ = response.content
        except LateError as error:
            if not self._machine_answers():
                raise LinkError(
                    HostUnreachableError,
                    f"the machine stopped answering, and nothing came back in {options['timeout'][1]:g} s: it is "
                    "down, or the network in between is. What was asked for may still happen; look again before "
                    "you repeat it.",
                ) from error
            raise
        self._last_answer = time.monotonic()
        return response

    # --- the SDK's own three ways to read an answer, and to name what is asked for ---------------------

    def _result(self, response: requests.Response, json: bool = False, binary: bool = False) -> Any:  # noqa: FBT001, FBT002 - the SDK's signature
        self._raise_for_status(response)
        if not json:
            return response.content if binary else response.content.decode(errors="replace")
        return reading.read(response.request.method or "", response.request.path_url, response.content)

    def _raise_for_status(self, response: requests.Response) -> None:
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            message = _message(response)
            if message is None:
                message = _in_between(response)
                raise InBetween(message, response=response, explanation=message)
            raise docker.errors.APIError(message, response=response, explanation=message)

    def _url(self, pathfmt: str, *args: Any, **options: Any) -> str:
        """LinkError for a name that an engine has told, and that would lead to something else than it names."""
        for name in args:
            if {".", ".."} & set(str(name).split("/")):
                raise LinkError(
                    EngineAnswerError, f"“{str(name)[:MOST_OF_A_MESSAGE]}” names no object of an engine."
                )
        url: str = super()._url(pathfmt, *args, **options)  # type: ignore[misc] # private, so the stubs leave it out
        return url

    def _rouse(self) -> None:
        """Ask ``/_ping`` over a connection that was idle for long, so that a dead one is replaced now.

        For reads and writes alike: what nobody answers to must not carry a request to remove something.
        """
        now = time.monotonic()
        with self._guard:
            if self._last_answer is None or self._in_flight or now - self._last_answer < self._limits.idle:
                return
            self._last_answer = now
        try:
            self._ping()
        except _lost(LinkError):
            self._reset()
            self._ping()

    def _ping(self) -> None:
        request = self.prepare_request(requests.Request("GET", f"{self.base_url}/_ping"))
        self._sent(request, {"timeout": (self._limits.connect, self._limits.ping)})


def _removes(request: requests.PreparedRequest) -> bool:
    return request.method == "DELETE" or (request.path_url.partition("?")[0].endswith("/prune"))


def _check(response: requests.Response) -> None:
    """Refuse an answer that is neither done nor refused, and one that is packed; nothing of it is read."""
    status = response.status_code
    if not (HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES or 400 <= status < 600):  # noqa: PLR2004 - HTTP's own
        response.close()
        raise docker.errors.APIError(ELSEWHERE, response=response, explanation=ELSEWHERE)
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        response.close()
        raise LinkError(
            EngineAnswerError, "it packs its answers, though it was asked not to. Nothing was used."
        )


def _message(response: requests.Response) -> str | None:
    """What the engine says of a refusal, which is a message in JSON; None where nothing of that kind came."""
    try:
        said = reading.shaped(shapes.Refusal, response.content, "a request").get("message")
    except LinkError:
        return None
    return None if said is None else str(said).strip()[:MOST_OF_A_MESSAGE]


def _in_between(response: requests.Response) -> str:
    """Who does not speak as an engine stands before it; its words are a page for browsers, and say nothing."""
    path = VERSION_OF_A_PATH.sub("", (response.request.path_url or "").partition("?")[0])
    asked, status = f"{response.request.method} {path[:MOST_OF_A_PATH]}", response.status_code
    if status in FORBIDDEN:
        return (
            f"something in between, a filtering proxy perhaps, forbids “{asked}” ({status}). Allow that there, or "
            "register the engine's own socket; “deckhand hosts check” names all that is forbidden."
        )
    said = response.content[:MOST_OF_A_PATH].decode(errors="replace").partition("\n")[0].strip()
    words = "" if not said or "<" in said else f" It says: {said}"
    return (
        f"something in between, a proxy perhaps, answers {status} to “{asked}” in the engine's place. Does it reach "
        f"the engine?{words}"
    )


def _supported(answer: shapes.Version) -> str:
    """The API version that ``/version`` names."""
    version = answer.get("ApiVersion") or ""
    if not API_VERSION.fullmatch(version):
        raise LinkError(EngineUnavailableError, NO_ENGINE)
    parts = tuple(int(part) for part in version.split("."))
    if any("podman" in (each.get("Name") or "").lower() for each in answer.get("Components") or ()):
        raise LinkError(
            EngineUnsupportedError,
            "this is Podman, whose disk usage figures cannot be planned with. Deckhand needs Docker Engine.",
        )
    if parts < OLDEST_API:
        raise LinkError(
            EngineUnsupportedError,
            f"its engine is too old: API {version} (Docker {answer.get('Version') or 'of unknown version'}). "
            "Deckhand needs Docker Engine 20.10 (API 1.41) or newer.",
        )
    return version


def tcp_client(target: Tcp, limits: Limits, meant: Identity | None = None) -> EngineClient:
    """A client for an engine at a TCP port; for ``meant``, each connection has to prove that it leads there."""
    dial = proven(tcp_dial(target, limits), meant, limits, f"{target.host}:{target.port}")
    adapter = DialAdapter(dial, limits, target.host, target.port)
    return EngineClient(DIALLED_URL, limits, adapter, adapter.renew)
