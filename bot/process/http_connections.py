"""HTTP connections that anybody may open: each carries one request, and ends whatever its peer does."""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

RECEIVE_SECONDS = 5.0
"""From the opening of a connection until all of its request is here, headers and body."""
LIFE_SECONDS = 15.0
"""Of a connection in all, also when its peer does not read the answer."""
MOST = 100
"""Connections at once; each may have a body of the largest size in memory."""
HEADERS = 16 * 1024
"""Bytes of a request's headers; Slack's are below 2 KiB."""
_ALL_HERE = (h11.DONE, h11.MUST_CLOSE, h11.CLOSED)


class Connection(H11Protocol):
    """uvicorn's own with deadlines, and a place in a limited number of them.

    Where all places are taken the longest wait for a request loses its own: Slack's take milliseconds.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's own
        super().connection_made(transport)
        self._began = self.loop.time()
        self._deadlines = (
            self.loop.call_later(RECEIVE_SECONDS, self._end_unless_received),
            self.loop.call_later(LIFE_SECONDS, transport.abort),
        )
        if len(self.connections) > MOST:
            self._longest_wait().transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        for deadline in self._deadlines:
            deadline.cancel()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, for the handler too that waits for the rest of it."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.abort()
            return
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        super().send_400_response(msg)

    def _longest_wait(self) -> "Connection":
        """The connection whose request has been awaited longest; this one where none is awaited."""
        waiting = [one for one in self._others() if not one.has_received]
        return min(waiting, key=lambda one: one._began, default=self)  # noqa: SLF001 - of this same class

    def _others(self) -> list["Connection"]:
        others: set[Any] = self.connections - {self}
        return [one for one in others if isinstance(one, Connection) and not one.transport.is_closing()]

    @property
    def has_received(self) -> bool:
        """Whether all of the request is here."""
        return self.conn.their_state in _ALL_HERE

    def _end_unless_received(self) -> None:
        if not self.has_received:
            self.transport.abort()
