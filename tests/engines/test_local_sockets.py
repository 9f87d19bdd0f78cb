"""Engines at unix:// and tcp:// addresses, and what answers there without being a Docker Engine."""

import json
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from bot.core.errors import (
    EngineRequestError,
    EngineTimeoutError,
    EngineUnavailableError,
    EngineUnsupportedError,
    HostUnreachableError,
)
from bot.core.rules.hosts import SocketAddress
from bot.engines.failures import translated
from tests.engines.conftest import MakeClients
from tests.support.machines.engine import PrivateEngine, private_engine
from tests.support.machines.hosts import HOST, QUICK
from tests.support.machines.needs import free_port
from tests.support.machines.tls import Certificates, certificates


def test_an_engine_on_a_unix_socket_answers(engine: PrivateEngine, make_clients: MakeClients) -> None:
    clients = make_clients(SocketAddress(url=engine.url))
    client = clients.client(HOST)
    assert client.info()["ID"] == engine.docker("info", "--format", "{{.ID}}")
    assert client.api_version == engine.docker("version", "--format", "{{.Server.APIVersion}}")
    assert clients.client(HOST) is client
    clients.drop(HOST)
    assert clients.client(HOST) is not client


def test_a_missing_socket_and_a_stopped_engine_are_told_apart(
    make_clients: MakeClients, tmp_path: Path
) -> None:
    path = tmp_path / "docker.sock"
    clients = make_clients(SocketAddress(url=f"unix://{path}"))
    with pytest.raises(EngineUnavailableError, match="there is no socket"):
        clients.client(HOST)
    with socket.socket(socket.AF_UNIX) as leftover:
        leftover.bind(str(path))
        with pytest.raises(EngineUnavailableError, match="is not running, though its socket"):
            clients.client(HOST)


def test_an_engine_that_was_restarted_is_found_again(make_clients: MakeClients) -> None:
    with private_engine() as own:
        client = make_clients(SocketAddress(url=own.url)).client(HOST)
        own.stop()
        own.start()
        assert client.version()


def test_a_frozen_engine_is_a_timeout_for_reads_and_removals(make_clients: MakeClients) -> None:
    with private_engine() as own:
        client = make_clients(SocketAddress(url=own.url), limits=QUICK).client(HOST)
        own.freeze()
        with pytest.raises(EngineTimeoutError, match="within 1 s"), translated(HOST):
            client.volumes()
        for _ in range(2):
            with pytest.raises(EngineTimeoutError, match="within 2 s"), translated(HOST):
                client.remove_volume("any")
        with pytest.raises(EngineTimeoutError, match="within 2 s"), translated(HOST):
            client.prune_builds()
        own.thaw()
        assert client.version()


# --- TCP ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Certificates]]:
    """A real engine on TCP that wants a client certificate: its URL, and all certificates."""
    made = certificates(tmp_path_factory.mktemp("tls"))
    port = free_port()
    arguments = (
        "--tlsverify",
        f"--tlscacert={made.ca}",
        f"--tlscert={made.server}",
        f"--tlskey={made.server_key}",
    )
    with private_engine(f"--host=tcp://127.0.0.1:{port}", *arguments):
        yield f"tcp://127.0.0.1:{port}", made


@pytest.mark.engine
def test_an_engine_on_tcp_with_tls_answers(
    secured: tuple[str, Certificates], make_clients: MakeClients
) -> None:
    url, made = secured
    assert make_clients(SocketAddress(url=url, tls=str(made.client))).client(HOST).version()


@pytest.mark.engine
def test_an_engine_with_a_certificate_of_another_authority_is_refused(
    secured: tuple[str, Certificates], make_clients: MakeClients, tmp_path: Path
) -> None:
    url, _ = secured
    stranger = certificates(tmp_path)
    with pytest.raises(EngineUnavailableError, match="its TLS certificate is not trusted"):
        make_clients(SocketAddress(url=url, tls=str(stranger.client))).client(HOST)


@pytest.mark.engine
def test_an_engine_that_wants_a_client_certificate_says_so(
    secured: tuple[str, Certificates], make_clients: MakeClients
) -> None:
    url, made = secured
    with pytest.raises(EngineUnavailableError, match=r"Check cert\.pem and key\.pem"):
        make_clients(SocketAddress(url=url, tls=str(made.client_with_ca_only))).client(HOST)


@pytest.mark.engine
def test_plain_http_to_an_engine_with_tls_is_refused_by_it(
    secured: tuple[str, Certificates], make_clients: MakeClients
) -> None:
    url, _ = secured
    with pytest.raises(EngineRequestError, match="HTTP request to an HTTPS server"):
        make_clients(SocketAddress(url=url)).client(HOST)


def test_the_authority_alone_is_enough_where_no_client_certificate_is_asked_for(
    make_clients: MakeClients, tmp_path: Path
) -> None:
    made = certificates(tmp_path)
    with answering(version_of("1.41", ["Engine"]), speaking=made) as url:
        address = SocketAddress(url=url, tls=str(made.client_with_ca_only))
        assert make_clients(address).client(HOST).api_version == "1.41"


def test_a_folder_with_half_a_key_pair_is_named(make_clients: MakeClients, tmp_path: Path) -> None:
    (tmp_path / "cert.pem").touch()
    with pytest.raises(EngineUnavailableError, match="needs both"):
        make_clients(SocketAddress(url="tcp://127.0.0.1:1", tls=str(tmp_path))).client(HOST)


def test_an_empty_folder_is_not_taken_for_trust(make_clients: MakeClients, tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailableError, match="neither"):
        make_clients(SocketAddress(url="tcp://127.0.0.1:1", tls=str(tmp_path))).client(HOST)


def test_a_tcp_port_where_nothing_listens_is_unreachable(make_clients: MakeClients) -> None:
    with pytest.raises(HostUnreachableError, match="nothing listens"):
        make_clients(SocketAddress(url=f"tcp://127.0.0.1:{free_port()}")).client(HOST)


def test_a_tcp_port_that_says_nothing_is_a_timeout(make_clients: MakeClients) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = SocketAddress(url=f"tcp://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(EngineTimeoutError, match="within 1 s"):
            make_clients(address, limits=QUICK).client(HOST)


@pytest.mark.parametrize(
    "url", ["npipe:////./pipe/docker_engine", "fd://", "docker.sock", "tcp://", "tcp://a:b"]
)
def test_an_address_of_another_kind_is_refused(make_clients: MakeClients, url: str) -> None:
    with pytest.raises(EngineUnavailableError, match="“"):
        make_clients(SocketAddress(url=url)).client(HOST)


# --- what is no Docker Engine ---------------------------------------------------------------------


@contextmanager
def answering(*answers: bytes, speaking: Certificates | None = None) -> Iterator[str]:
    """A server on TCP, with TLS if told so, that answers each request with the next body; its URL."""
    left: list[bytes] = list(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = left.pop(0)
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep the tests' output quiet."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        if speaking is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(speaking.server, speaking.server_key)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"tcp://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def version_of(api: str, components: Sequence[str]) -> bytes:
    named = [{"Name": name} for name in components]
    return json.dumps({"ApiVersion": api, "Version": "19.03.15", "Components": named}).encode()


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (version_of("1.41", ["Podman Engine", "Conmon"]), "this is Podman"),
        (version_of("1.40", ["Engine"]), r"too old: API 1\.40 \(Docker 19\.03\.15\)"),
    ],
)
def test_an_engine_that_cannot_be_planned_with_is_refused(
    make_clients: MakeClients, answer: bytes, sentence: str
) -> None:
    with answering(answer) as url, pytest.raises(EngineUnsupportedError, match=sentence):
        make_clients(SocketAddress(url=url)).client(HOST)


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b"{}", b'{"ApiVersion": "new"}'])
def test_something_that_is_no_engine_is_told_from_one(make_clients: MakeClients, answer: bytes) -> None:
    with answering(answer) as url, pytest.raises(EngineUnavailableError, match="does not speak Docker's API"):
        make_clients(SocketAddress(url=url)).client(HOST)


def test_an_engine_of_this_year_is_spoken_to_in_its_own_version(make_clients: MakeClients) -> None:
    with answering(version_of("1.55", ["Engine"])) as url:
        assert make_clients(SocketAddress(url=url)).client(HOST).api_version == "1.55"


def test_the_surroundings_proxies_are_not_used(
    make_clients: MakeClients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("all_proxy", "http://127.0.0.1:1")
    with answering(version_of("1.41", ["Engine"])) as url:
        assert make_clients(SocketAddress(url=url)).client(HOST).api_version == "1.41"
