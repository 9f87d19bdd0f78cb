"""A stand-in for an engine's gRPC endpoint, on a unix socket, spoken by h2's server side."""

import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path

import h2.config
import h2.connection
import h2.events

from tests.support.lying.listening import Listening

Answering = Callable[[bytes], tuple[list[bytes], str]]
"""The messages that answer a request, and gRPC's status."""
UPGRADED = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"


def framed(message: bytes) -> bytes:
    return b"\0" + len(message).to_bytes(4, "big") + message


class ContentServer(Listening):
    """``upgrade`` is what /grpc is answered with; without any, HTTP/2 is spoken at once."""

    def __init__(
        self,
        folder: Path,
        methods: Mapping[str, Answering],
        upgrade: bytes | None = UPGRADED,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """With ``tls`` it listens at a port of the loopback interface, else at a socket in ``folder``."""
        self.path = folder / "content.sock"
        self.asked: list[str] = []
        self._methods = methods
        self._upgrade = upgrade
        self._tls = tls
        if tls is None:
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(str(self.path))
            listener.listen()
            super().__init__(self._answer, listener)
        else:
            super().__init__(self._answer)

    def _answer(self, link: socket.socket) -> None:
        link.settimeout(5)
        with self._tls.wrap_socket(link, server_side=True) if self._tls else nullcontext(link) as secured:
            self._spoken_to(secured)

    def _spoken_to(self, link: socket.socket) -> None:
        said = link.recv(65_536)
        while b"/_ping " in said:  # Docker's own command asks before it lets anybody through
            body = b"" if said.startswith(b"HEAD") else b"OK"
            link.sendall(b"HTTP/1.1 200 OK\r\nAPI-Version: 1.45\r\nContent-Length: 2\r\n\r\n" + body)
            said = link.recv(65_536)
        if said.startswith(b"POST /grpc "):
            link.sendall(self._upgrade or b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            if self._upgrade != UPGRADED:
                return
            said = b""
        elif self._upgrade is not None:
            link.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            return
        self._speak(link, said)

    def _speak(self, link: socket.socket, said: bytes) -> None:
        server = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        server.initiate_connection()
        requests: dict[int, bytearray] = {}
        paths: dict[int, str] = {}
        answers: dict[int, tuple[bytearray, str]] = {}
        while True:
            for event in server.receive_data(said) if said else ():
                match event:
                    case h2.events.RequestReceived():
                        paths[event.stream_id] = dict(event.headers)[b":path"].decode()
                        requests[event.stream_id] = bytearray()
                    case h2.events.DataReceived():
                        server.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                        requests[event.stream_id] += event.data
                    case h2.events.StreamEnded():
                        path = paths[event.stream_id]
                        self.asked.append(path)
                        messages, status = self._methods[path](bytes(requests[event.stream_id][5:]))
                        server.send_headers(
                            event.stream_id, [(":status", "200"), ("content-type", "application/grpc")]
                        )
                        answers[event.stream_id] = (bytearray(b"".join(map(framed, messages))), status)
            self._go_on(server, answers)
            link.sendall(server.data_to_send())
            said = link.recv(65_536)
            if not said:
                return

    @staticmethod
    def _go_on(server: h2.connection.H2Connection, answers: dict[int, tuple[bytearray, str]]) -> None:
        """Send as much of the answers as the other side takes."""
        for stream, (content, status) in list(answers.items()):
            while content and (window := server.local_flow_control_window(stream)):
                size = min(window, server.max_outbound_frame_size, len(content))
                server.send_data(stream, bytes(content[:size]))
                del content[:size]
            if not content:
                server.send_headers(stream, [("grpc-status", status)], end_stream=True)
                del answers[stream]
