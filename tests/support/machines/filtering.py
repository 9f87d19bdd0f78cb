"""A proxy before a real engine that forbids some requests in its own words, as those do that protect the socket."""

import base64
import http.client
import re
import shutil
import socket
import socketserver
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

PAGE = "<html><body><h1>403 Forbidden</h1>\nRequest forbidden by administrative rules.\n</body></html>\n"
"""What docker-socket-proxy says, which is an haproxy."""


class FilteringProxy:
    """Listens at ``socket``; ``forbidden`` are patterns of “GET /networks”, without the API's version."""

    def __init__(self, path: Path) -> None:
        self.socket = path
        self.forbidden: Sequence[str] = ()
        self.page, self.status, self.kind = PAGE, 403, "text/html"
        self.asked: list[str] = []
        self.headers: list[tuple[str, str]] = []
        """Of each request, with what is encoded in them decoded."""

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def forbids(self, request: str) -> bool:
        self.asked.append(request)
        return any(re.fullmatch(pattern, request) for pattern in self.forbidden)


class _Upstream(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("engine")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self._path))


@contextmanager
def filtering_proxy(engine: Path) -> Iterator[FilteringProxy]:
    folder = Path(tempfile.mkdtemp(prefix="dh-proxy-", dir="/tmp"))
    proxy = FilteringProxy(folder / "docker.sock")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except OSError:
                self.close_connection = True

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = re.sub(r"^/v[0-9.]+(?=/)", "", self.path.partition("?")[0])
            login = base64.urlsafe_b64decode(self.headers.get("X-Registry-Auth") or "").decode()
            proxy.headers.append((f"{self.command} {path}", f"{self.headers} {login}"))
            if proxy.forbids(f"{self.command} {path}"):
                self._say(proxy.status, proxy.kind, proxy.page.encode())
                return
            upstream = _Upstream(engine)
            upstream.request(self.command, self.path, body, dict(self.headers))
            answer = upstream.getresponse()
            self._say(answer.status, answer.getheader("Content-Type") or "text/plain", answer.read())
            upstream.close()

        def _say(self, status: int, kind: str, data: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        do_GET = do_POST = do_DELETE = do_HEAD = _answer  # noqa: N815 - as http.server calls them

        def log_message(self, *_: object) -> None:
            """Nothing."""

        def address_string(self) -> str:
            return "unix"

    class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
        daemon_threads = True

        def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
            link, _ = super().get_request()
            return link, ("unix", 0)

    with Server(str(proxy.socket), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            thread.join()
            shutil.rmtree(folder)
