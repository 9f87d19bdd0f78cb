"""The disk behind the data root of an engine that is reached by SSH.

The SFTP request ``statvfs@openssh.com`` tells it, which needs no rights but to look at the path.
"""

import struct
import threading
import time

import paramiko

from bot.core.docker.inventory import EngineInfo
from bot.core.docker.usage import DiskSpace
from bot.engines.deadlines import Deadline
from bot.engines.disk.local import space
from bot.engines.failures import LinkError, NoRoomError
from bot.engines.ssh.link import SshLink
from bot.engines.ssh.wire import answered_within

INIT, VERSION, EXTENDED, EXTENDED_REPLY = 1, 2, 200, 201
PROTOCOL = 3
MOST_BYTES = 34_000
"""The longest packet that a client must take (draft-ietf-secsh-filexfer-02, section 3)."""
STATVFS = b"statvfs@openssh.com"
_HEAD, _FIGURES = struct.Struct(">BI"), struct.Struct(">11Q")
_UNKNOWN = (OSError, EOFError, ValueError, struct.error, paramiko.SSHException, LinkError)
LONGEST_PATH = 4_096
TURN_SECONDS = 0.05
"""Between two tries for a session where there is room for few."""


class RemoteDisk:
    """The disk of an engine behind SSH, asked over the kept connection; so is the channel for it."""

    def __init__(self, link: SshLink, seconds: float) -> None:
        self._link = link
        self._seconds = seconds
        self._lock = threading.Lock()
        self._channel: paramiko.Channel | None = None
        self._told_by: object = None
        self._refused_by: object = None
        self._narrow = False
        link.spare_disk = self._spare

    def __call__(self, engine: EngineInfo) -> DiskSpace | None:
        """None where the server has no SFTP for us, or cannot tell; it is not asked again on that connection."""
        if not self._lock.acquire(timeout=self._seconds):
            return None  # somebody asks already, and waits
        try:
            connection = self._link.connection
            if connection is not None and self._refused_by is connection:
                return None
            try:
                found = self._asked(engine.data_root)
            except NoRoomError:
                return None  # this once
            except _UNKNOWN:
                found = None
            if found is not None:
                self._told_by = self._link.connection
                if self._narrow:
                    self._close()
                return found
            self._close()
            if self._told_by is not self._link.connection:  # else it is only late, this once
                self._refused_by = self._link.connection
            return None
        finally:
            self._lock.release()

    def _asked(self, path: str) -> DiskSpace | None:
        if len(path) > LONGEST_PATH:
            return None
        question = _HEAD.pack(EXTENDED, 1) + _text(STATVFS) + _text(path.encode())
        channel, begun = self._channel, True
        if channel is None or channel.closed or channel.eof_received:
            self._close()
            channel, begun = self._session(), False
            self._channel = channel
        with answered_within(channel, self._seconds), self._link.use:
            if not begun:
                channel.invoke_subsystem("sftp")
                _send(channel, struct.pack(">BI", INIT, PROTOCOL))
                if _receive(channel)[0] != VERSION:
                    return None
            _send(channel, question)
            answer = _receive(channel)
        if not answer.startswith(_HEAD.pack(EXTENDED_REPLY, 1)):
            return None
        _, block, blocks, _, available, files, _, free_files, *_ = _FIGURES.unpack(answer[_HEAD.size :])
        return space(block, blocks, available, files, free_files)

    def _session(self) -> paramiko.Channel:
        """A session, for which a connection that nobody uses ends where there is room for few; NoRoomError."""
        deadline = Deadline(self._seconds)
        while True:
            try:
                return self._link.session()
            except NoRoomError:
                self._narrow = True
                if deadline.over:
                    raise
                self._link.spare_connection()
                time.sleep(deadline.within(TURN_SECONDS))

    def _spare(self) -> None:
        """Leave the session to others, and from now on after each answer."""
        if self._lock.acquire(blocking=False):
            try:
                self._narrow = True
                self._close()
            finally:
                self._lock.release()

    def _close(self) -> None:
        channel, self._channel = self._channel, None
        if channel is not None:
            channel.close()


def _text(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _send(channel: paramiko.Channel, packet: bytes) -> None:
    channel.sendall(_text(packet))


def _receive(channel: paramiko.Channel) -> bytes:
    """One packet; EOFError when there is none, or none of SFTP's (a forced command may answer instead)."""
    (length,) = struct.unpack(">I", _exactly(channel, 4))
    if not 0 < length <= MOST_BYTES:
        raise EOFError("not SFTP")
    return _exactly(channel, length)


def _exactly(channel: paramiko.Channel, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = channel.recv(count - len(data))
        if not more:
            raise EOFError("the channel ended")
        data += more
    return data
