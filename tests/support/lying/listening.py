"""A socket that listens, with a thread of its own for each connection."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

Talk = Callable[[socket.socket], None]
"""What a server does with one connection; the socket is closed when it returns."""


class Listening:
    def __init__(
        self, talk: Talk, listener: socket.socket | None = None, ends: tuple[type[Exception], ...] = ()
    ) -> None:
        """Without a listener: at a port of the loopback interface. ``ends`` end a talk as a lost link does."""
        self._talk = talk
        self._ends: tuple[type[BaseException], ...] = (OSError, EOFError, *ends)
        self._listener = listener or socket.create_server(("127.0.0.1", 0), backlog=200)
        self.links: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, name="liar", daemon=True)

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for link in self.links:
            with suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                link, _ = self._listener.accept()
            except OSError:
                return
            self.links.append(link)
            threading.Thread(target=self._serve, args=(link,), name="liar", daemon=True).start()

    def _serve(self, link: socket.socket) -> None:
        with link, suppress(*self._ends):
            self._talk(link)
