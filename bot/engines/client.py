"""The Docker SDK's client for one engine, on our own connections."""

import threading
import time
from collections.abc import Callable
from typing import Any

import docker
import paramiko
import requests
import requests.adapters
import urllib3
import urllib3.exceptions

from bot.core.errors import (
    EngineTimeoutError,
    EngineUnavailableError,
    EngineUnsupportedError,
    HostUnreachableError,
)
from bot.engines.adapter import CONNECTIONS
from bot.engines.contexts import Endpoint
from bot.engines.failures import LinkError
from bot.engines.limits import Limits

OLDEST_API = (1, 41)
READS = ("GET", "HEAD")
LOST = (
    requests.ConnectionError,
    requests.exceptions.ChunkedEncodingError,
    paramiko.SSHException,
    EOFError,
)
"""What a kept connection that has died looks like; a read may then be sent once more."""


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
        self.mount(url, adapter)
        self._limits = limits
        self._reset = reset
        self._machine_answers = machine_answers
        self._guard = threading.Lock()
        self._in_flight = 0
        self._last_answer: float | None = None

    def negotiate(self) -> None:
        """Settle on the engine's API version; LinkError for an engine that Deckhand does not work with."""
        self.timeout = self._limits.ping  # type: ignore[assignment] # annotated as int; requests takes floats
        try:
            answer = self.version(api_version=False)
        finally:
            self.timeout = int(self._limits.read)
        self._version = _supported(answer)

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """requests' own, with our time limits and the one repetition of a read."""
        seconds = options.get("timeout")
        if isinstance(seconds, int | float):
            seconds = max(seconds, self._limits.removal) if _removes(request) else seconds
            options["timeout"] = (min(self._limits.connect, seconds), seconds)
        self._rouse()
        with self._guard:
            self._in_flight += 1
        try:
            return self._sent(request, options)
        except LOST as error:
            refused = isinstance(error, requests.ConnectTimeout | requests.exceptions.SSLError)
            if request.method not in READS or self._last_answer is None or refused:
                raise
            return self._sent(request, options)
        finally:
            with self._guard:
                self._in_flight -= 1

    def _sent(self, request: requests.PreparedRequest, options: dict[str, Any]) -> requests.Response:
        try:
            response = super().send(request, **options)
        except requests.ReadTimeout as error:
            limit = options.get("timeout")
            seconds = limit[1] if isinstance(limit, tuple) else self._limits.read
            if not self._machine_answers():
                raise LinkError(
                    HostUnreachableError,
                    f"the machine stopped answering, and nothing came back in {seconds:g} s: it is down, or the "
                    "network in between is. What was asked for may still happen; look again before you repeat it.",
                ) from error
            raise LinkError(
                EngineTimeoutError,
                f"the engine did not answer within {seconds:g} s; it may still be at work. "
                "If it stays so, look at its log on the host: journalctl --unit docker",
            ) from error
        self._last_answer = time.monotonic()
        return response

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
        except (LinkError, *LOST):
            self._reset()
            self._ping()

    def _ping(self) -> None:
        request = self.prepare_request(requests.Request("GET", f"{self.base_url}/_ping"))
        self._sent(request, {"timeout": (self._limits.connect, self._limits.ping)})


def _removes(request: requests.PreparedRequest) -> bool:
    return request.method == "DELETE" or (request.path_url.partition("?")[0].endswith("/prune"))


def _supported(answer: Any) -> str:
    """The API version that ``/version`` names."""
    try:
        version = str(answer["ApiVersion"])
        parts = tuple(int(part) for part in version.split("."))
        components = {str(component.get("Name", "")) for component in answer.get("Components") or ()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise LinkError(EngineUnavailableError, "what answers there does not speak Docker's API.") from error
    if any("podman" in name.lower() for name in components):
        raise LinkError(
            EngineUnsupportedError,
            "this is Podman, whose disk usage figures cannot be planned with. Deckhand needs Docker Engine.",
        )
    if parts < OLDEST_API:
        raise LinkError(
            EngineUnsupportedError,
            f"its engine is too old: API {version} (Docker {answer.get('Version', 'of unknown version')}). "
            "Deckhand needs Docker Engine 20.10 (API 1.41) or newer.",
        )
    return version


def tcp_client(url: str, endpoint: Endpoint, limits: Limits) -> EngineClient:
    """A client for a TCP endpoint, with the TLS material of its folder; CA alone works too."""
    adapter = requests.adapters.HTTPAdapter(pool_maxsize=CONNECTIONS, pool_block=True)
    client = EngineClient(url, limits, adapter, adapter.poolmanager.clear)
    if not endpoint.secure:
        return client
    if endpoint.tls is not None:
        client.verify = _file(endpoint, "ca.pem") or True
        certificate, key = _file(endpoint, "cert.pem"), _file(endpoint, "key.pem")
        if bool(certificate) != bool(key):
            raise LinkError(
                EngineUnavailableError,
                f"the folder {endpoint.tls} needs both cert.pem and key.pem, or neither.",
            )
        if certificate and key:
            client.cert = (certificate, key)
        if client.verify is True and not certificate:
            raise LinkError(
                EngineUnavailableError, f"the folder {endpoint.tls} has neither ca.pem nor cert.pem."
            )
    if not endpoint.verify:
        client.verify = False
        # The context says so in so many words; a warning with every request would help nobody.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    return client


def _file(endpoint: Endpoint, name: str) -> str | None:
    path = endpoint.tls / name if endpoint.tls else None
    return str(path) if path is not None and path.is_file() else None
