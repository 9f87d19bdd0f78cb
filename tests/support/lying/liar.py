"""SSH servers that lie: they speak as far as they must, and then do what no server would."""

import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import paramiko
from paramiko.common import AUTH_SUCCESSFUL, MSG_CHANNEL_OPEN, OPEN_FAILED_CONNECT_FAILED, OPEN_SUCCEEDED
from paramiko.packet import Packetizer

from bot.core.rules.hosts import SshAddress
from bot.engines.ssh.known_hosts import server_name
from tests.support.lying.listening import Listening, Talk
from tests.support.machines.sshd import make_key

SMALLEST_WINDOW = 32 * 1024
"""Bytes that a client may send before the server says that it has read some."""


class SshPort(Listening):
    """A port where each connection is talked to as if it were an SSH server's."""

    def __init__(self, talk: Talk) -> None:
        super().__init__(talk, ends=(paramiko.SSHException,))

    @property
    def address(self) -> SshAddress:
        return SshAddress(host="127.0.0.1", port=self.port, user="deckhand")


def dripping(*, line: bytes = b"a", every: float = 0.2) -> Talk:
    """Sends a little now and then, for ever."""

    def talk(link: socket.socket) -> None:
        while True:
            link.sendall(line)
            time.sleep(every)

    return talk


def dripping_after(start: bytes) -> Talk:
    """Sends this at once, and then a byte now and then, for ever."""
    drip = dripping()

    def talk(link: socket.socket) -> None:
        link.sendall(start)
        drip(link)

    return talk


def flooding(data: bytes, before: bytes = b"") -> Talk:
    """Sends the same as fast as it goes, for ever."""

    def talk(link: socket.socket) -> None:
        link.sendall(before)
        while True:
            link.sendall(data)

    return talk


def saying(data: bytes) -> Talk:
    """Sends this, and then reads for ever."""

    def talk(link: socket.socket) -> None:
        link.sendall(data)
        while link.recv(65_536):
            pass

    return talk


class _Anyone(paramiko.ServerInterface):
    """Lets in whoever has a key, and opens every channel."""

    def __init__(self, refused: frozenset[str]) -> None:
        self._refused = refused

    def get_allowed_auths(self, username: str) -> str:  # noqa: ARG002 - paramiko's signature
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:  # noqa: ARG002 - as above
        return AUTH_SUCCESSFUL

    def check_channel_request(self, kind: str, chanid: int) -> int:  # noqa: ARG002 - as above
        return OPEN_FAILED_CONNECT_FAILED if kind in self._refused else OPEN_SUCCEEDED

    def check_channel_direct_tcpip_request(self, chanid: int, origin: Any, destination: Any) -> int:  # noqa: ARG002 - as above
        return OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:  # noqa: ARG002 - as above
        return True

    def check_channel_subsystem_request(self, channel: paramiko.Channel, name: str) -> bool:  # noqa: ARG002 - as above
        return True


def silent(*_: object) -> None:
    """The handler of a message that is never answered."""


class LyingServer(SshPort):
    """Speaks SSH and lets everybody in; then ``then`` runs in each connection's own thread, if it is given.

    ``unanswered`` are the numbers of messages that it takes and never answers; meanwhile it sends
    SSH_MSG_IGNORE every ``noise`` seconds.
    """

    def __init__(
        self,
        folder: Path,
        *,
        unanswered: frozenset[int] = frozenset(),
        refused: frozenset[str] = frozenset(),
        noise: float = 0.1,
        then: Callable[[paramiko.Transport], None] | None = None,
        packets: type[Packetizer] = Packetizer,
    ) -> None:
        super().__init__(self._speak)
        self.identity = make_key(folder / f"liar-{self.port}-user")
        self._key = paramiko.PKey.from_path(make_key(folder / f"liar-{self.port}-host"))
        self.known_hosts = folder / f"liar-{self.port}-known"
        self.known_hosts.write_text(
            f"{server_name('127.0.0.1', self.port)} {self._key.get_name()} {self._key.get_base64()}\n"
        )
        self._unanswered = unanswered
        self._refused = refused
        self._noise = noise
        self._then = then
        self._packets = packets
        self.logins = 0

    @property
    def address(self) -> SshAddress:
        return SshAddress(
            host="127.0.0.1",
            port=self.port,
            user="deckhand",
            identity=str(self.identity),
            known_hosts=str(self.known_hosts),
        )

    def _speak(self, link: socket.socket) -> None:
        unanswered = self._unanswered

        class Lying(paramiko.Transport):
            _channel_handler_table: ClassVar[dict[int, Any]] = {
                **paramiko.Transport._channel_handler_table,  # type: ignore[attr-defined]
                **{number: silent for number in unanswered if number > MSG_CHANNEL_OPEN},
            }

        transport = Lying(link, packetizer_class=self._packets, default_window_size=SMALLEST_WINDOW)
        transport._handler_table.update(  # type: ignore[attr-defined]
            {number: silent for number in unanswered if number <= MSG_CHANNEL_OPEN}
        )
        transport.add_server_key(self._key)
        try:
            transport.start_server(server=_Anyone(self._refused))
            while transport.is_active() and not transport.is_authenticated():
                time.sleep(0.01)
            self.logins += 1
            if self._then is not None:
                self._then(transport)
            while transport.is_active():
                transport.send_ignore(8)
                time.sleep(self._noise)
        finally:
            transport.close()
