"""What poses as an engine at a socket, and answers whatever a test wants, byte by byte."""

import re
import socket
import socketserver
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from tests.support.machines.tls import Certificates

Lie: TypeAlias = Callable[[str, str], bytes | Iterable[bytes]]
"""From method and path, without the API's version, to what is sent back: all at once, or piece by piece."""
VERSION = b'{"ApiVersion": "1.41", "Version": "20.10"}'


def answer(body: bytes = b"{}", status: str = "200 OK", *headers: str) -> bytes:
    """A whole answer, as an honest server writes it."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def honest_at_first(lie: Lie) -> Lie:
    """The first ``/version`` and each ``/_ping`` are answered as an engine does, so that the rest is asked at all."""

    def told(method: str, path: str) -> bytes | Iterable[bytes]:
        if path == "/version" and not negotiated:
            negotiated.append(path)
            return answer(VERSION)
        return answer(b"OK") if path == "/_ping" else lie(method, path)

    negotiated: list[str] = []
    return told


@dataclass
class Liar:
    path: Path
    url: str
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Every request: method and path, without the API's version."""
    ending: threading.Event = field(default_factory=threading.Event)
    """Set when the test is over; what drips looks at it."""


@contextmanager
def liar(lie: Lie, *, tcp: bool = False, speaking: Certificates | None = None) -> Iterator[Liar]:
    """One at a unix socket, or at a TCP port, with TLS if told so."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                while head := self._head():
                    method, target = head.split()[:2]
                    path = re.sub(r"^/v[0-9.]+(?=/)", "", target)
                    one.asked.append((method, path))
                    told = lie(method, path)
                    for piece in [told] if isinstance(told, bytes) else told:
                        self.wfile.write(piece)
                        if one.ending.is_set():
                            return
                    if not isinstance(told, bytes):
                        return

        def _head(self) -> str:
            line = self.rfile.readline().decode()
            length = 0
            while header := self.rfile.readline().strip():
                name, _, value = header.decode().partition(":")
                length = int(value) if name.lower() == "content-length" else length
            self.rfile.read(length)
            return line.strip()

    with tempfile.TemporaryDirectory(prefix="dh-liar-", dir="/tmp") as folder:
        path = Path(folder) / "docker.sock"
        kind = socketserver.ThreadingTCPServer if tcp else socketserver.ThreadingUnixStreamServer
        server: socketserver.ThreadingTCPServer | socketserver.ThreadingUnixStreamServer
        server = kind(("127.0.0.1", 0) if tcp else str(path), Handler)  # type: ignore[arg-type] # one of the two
        server.daemon_threads, server.block_on_close = True, False
        url = f"tcp://127.0.0.1:{server.socket.getsockname()[1]}" if tcp else f"unix://{path}"
        one = Liar(path, url)
        if speaking:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(speaking.server, speaking.server_key)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield one
        finally:
            one.ending.set()
            server.shutdown()
            thread.join()
            server.server_close()


@contextmanager
def bystander() -> Iterator[tuple[str, list[bytes]]]:
    """A server that nobody is told to reach: its host and port, and the first bytes of who came all the same."""
    came: list[bytes] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                link, _ = listening.accept()
                with link:
                    came.append(link.recv(10_000))
                    link.sendall(answer(b"{}"))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{listening.getsockname()[1]}", came
    finally:
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()
