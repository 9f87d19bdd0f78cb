"""Socket Mode: the bot's connections, the envelopes sent over them, the acks that come back."""

import asyncio
import concurrent.futures
import contextlib
import json
import time
from dataclasses import dataclass, field

from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.trial.workspace.core import JSON, Pulse, Refused, fresh_id
from bot.trial.workspace.people.team import APP_ID

ACK_SECONDS = 3.0
MAX_CONNECTIONS = 10
POLICY_VIOLATION = 1008
RESPONDING = ("slash_commands", "interactive")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How an event fared. `error` is what Slack shows the person when it fared badly."""

    ok: bool
    error: str = ""
    response: JSON = field(default_factory=dict)


class _Link:
    """One connection of the bot. Its queue belongs to the server's loop; None hangs up."""

    def __init__(self, socket: WebSocket, sent: dict[str, float]) -> None:
        self._socket = socket
        self._sent = sent
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[JSON | None] = asyncio.Queue()
        self.leaving = False

    def send(self, frame: JSON | None) -> None:
        """Queue a frame, from any thread."""
        with contextlib.suppress(RuntimeError):  # the loop has ended, and the connection with it
            self._loop.call_soon_threadsafe(self._queue.put_nowait, frame)

    async def pump(self) -> None:
        while (frame := await self._queue.get()) is not None:
            text = json.dumps(frame)
            if "envelope_id" in frame:
                self._sent[frame["envelope_id"]] = time.monotonic()
            await self._socket.send_text(text)
        await self._socket.close()


class Links:
    """All connections of the bot; each event goes to one of them, in turn."""

    def __init__(self, pulse: Pulse) -> None:
        self._pulse = pulse
        self._tickets: set[str] = set()
        self._links: list[_Link] = []
        self._turn = 0
        self._acks: dict[str, concurrent.futures.Future[JSON]] = {}
        self._last: JSON | None = None
        self._acks_to_lose = 0
        self._sent: dict[str, float] = {}
        self.ack_seconds: list[float] = []
        """From the sending of each acknowledged event to its ack, the oldest first."""

    @property
    def count(self) -> int:
        with self._pulse:
            return sum(not link.leaving for link in self._links)

    def ticket(self) -> str:
        """Give out a ticket for one connection."""
        with self._pulse:
            if self.count >= MAX_CONNECTIONS:
                raise Refused("too_many_websockets")
            ticket = fresh_id("", 32)
            self._tickets.add(ticket)
        return ticket

    async def serve(self, socket: WebSocket) -> None:
        """Hold one connection for as long as it lives."""
        ticket = socket.query_params.get("ticket", "")
        with self._pulse:
            known = ticket in self._tickets
            self._tickets.discard(ticket)
        if not known:
            await socket.close(code=POLICY_VIOLATION)
            return
        await socket.accept()
        link = _Link(socket, self._sent)
        pump = asyncio.create_task(link.pump())
        self._welcome(link)
        try:
            async for text in socket.iter_text():
                self._acked(text)
        except (WebSocketDisconnect, RuntimeError):
            pass  # gone while we were closing it: the same as gone
        finally:
            with self._pulse:
                self._links.remove(link)
                self._pulse.changed()
            pump.cancel()
            with contextlib.suppress(asyncio.CancelledError, WebSocketDisconnect, RuntimeError):
                await pump

    def deliver(self, kind: str, payload: JSON) -> Delivery:
        """Send one event and wait for its ack. Call from a thread that may wait three seconds."""
        envelope: JSON = {
            "envelope_id": fresh_id("", 20).lower(),
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind in RESPONDING,
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": 0, "retry_reason": ""}
        return self._send(envelope)

    def redeliver(self) -> Delivery:
        """Send the last event once more, as Slack may after a reconnect."""
        if self._last is None:
            raise Refused("nothing_to_redeliver")
        return self._send(self._last)

    def lose_acks(self, count: int) -> None:
        """Drop the next acks on their way, as a broken connection does: who acted sees a failure."""
        with self._pulse:
            self._acks_to_lose = count

    def refresh_all(self) -> None:
        """Ask every connection to come back anew, as Slack does every few hours."""
        with self._pulse:
            for link in self._links:
                link.leaving = True
                link.send({"type": "disconnect", "reason": "refresh_requested", "debug_info": _DEBUG})
            self._pulse.changed()

    def hang_up(self) -> None:
        """Drop every connection without a word."""
        with self._pulse:
            for link in self._links:
                link.leaving = True
                link.send(None)
            self._pulse.changed()

    def _welcome(self, link: _Link) -> None:
        """Greet a new connection, and hang up those that were asked to leave: it takes their place."""
        with self._pulse:
            for leaving in self._links:
                if leaving.leaving:
                    leaving.send(None)
            self._links.append(link)
            link.send(
                {
                    "type": "hello",
                    "num_connections": self.count,
                    "connection_info": {"app_id": APP_ID},
                    "debug_info": _DEBUG,
                }
            )
            self._pulse.changed()

    def _send(self, envelope: JSON) -> Delivery:
        ack: concurrent.futures.Future[JSON] = concurrent.futures.Future()
        with self._pulse:
            ready = [link for link in self._links if not link.leaving]
            if not ready:
                return Delivery(ok=False, error="dispatch_failed")
            self._acks[envelope["envelope_id"]] = ack
            self._last = envelope
            self._turn += 1
            ready[self._turn % len(ready)].send(envelope)
        try:
            return Delivery(ok=True, response=ack.result(ACK_SECONDS))
        except concurrent.futures.TimeoutError:
            return Delivery(ok=False, error="operation_timeout")
        finally:
            with self._pulse:
                self._acks.pop(envelope["envelope_id"], None)

    def _acked(self, text: str) -> None:
        try:
            answer = json.loads(text)
        except ValueError:
            return
        if not isinstance(answer, dict):
            return
        payload = answer.get("payload")
        with self._pulse:
            if self._acks_to_lose > 0:
                self._acks_to_lose -= 1
                return
            began = self._sent.pop(str(answer.get("envelope_id")), None)
            if began is not None:
                self.ack_seconds.append(time.monotonic() - began)
            ack = self._acks.get(str(answer.get("envelope_id")))
            if ack is not None and not ack.done():
                ack.set_result(payload if isinstance(payload, dict) else {})


_DEBUG: JSON = {"host": "trial", "build_number": 1, "approximate_connection_time": 18060}
