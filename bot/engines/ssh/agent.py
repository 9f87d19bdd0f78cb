"""The SSH agent of whoever started Deckhand: a socket that may never answer, and is asked within limits."""

import os
import socket
import struct
from contextlib import suppress
from pathlib import Path

import paramiko
from paramiko.agent import AgentKey, AgentSSH

from bot.engines.deadlines import Deadline

SOCKET = "SSH_AUTH_SOCK"
ANSWER_SECONDS = 5.0
MOST_BYTES = 256 * 1024
"""Of one answer, and MOST_IDENTITIES of its keys: OpenSSH's own limits."""
MOST_IDENTITIES = 2048
LAST_SECONDS = 0.001
"""In the place of 0, which would mean not to wait at all."""
_LENGTH = struct.Struct(">I")
REQUEST_IDENTITIES, IDENTITIES = bytes([11]), 12


class AgentError(paramiko.SSHException):
    """The agent does not do its part; the sentence says how."""


class Agent(AgentSSH):
    """The agent's keys; it answers each question in ANSWER_SECONDS in all, or raises AgentError."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._connection.settimeout(ANSWER_SECONDS)
            self._connection.connect(str(path))
            self._keys = self._listed()
        except OSError as error:
            self.close()
            raise AgentError(
                f"the SSH agent at {path} cannot be asked: {error.strerror or error}."
            ) from error
        except AgentError:
            self.close()
            raise

    def _listed(self) -> tuple[AgentKey, ...]:
        kind, answer = self._send_message(REQUEST_IDENTITIES)
        count = answer.get_int()
        if kind != IDENTITIES or count > MOST_IDENTITIES:
            raise AgentError("the SSH agent does not tell which keys it has.")
        keys: list[AgentKey] = []
        for _ in range(count):
            blob, _comment = answer.get_binary(), answer.get_binary()
            with suppress(ValueError, paramiko.SSHException):  # of a kind that paramiko cannot read
                keys.append(AgentKey(agent=self, blob=blob))
        return tuple(keys)

    def close(self) -> None:
        self._connection.close()

    def _send_message(self, message: bytes | paramiko.Message) -> tuple[int, paramiko.Message]:
        """What paramiko's keys call to sign."""
        request = message if isinstance(message, bytes) else message.asbytes()
        deadline = Deadline(ANSWER_SECONDS)
        try:
            self._connection.settimeout(ANSWER_SECONDS)
            self._connection.sendall(_LENGTH.pack(len(request)) + request)
            (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size, deadline))
            answer = self._exactly(length, deadline)
        except TimeoutError as error:
            raise AgentError(f"the SSH agent did not answer in {ANSWER_SECONDS:g} s.") from error
        except OSError as error:
            raise AgentError(f"the SSH agent broke off: {error.strerror or error}.") from error
        return answer[0], paramiko.Message(answer[1:])

    def _exactly(self, wanted: int, deadline: Deadline) -> bytes:
        if not 0 < wanted <= MOST_BYTES:
            raise AgentError(f"the SSH agent wants to send {wanted} bytes, which is no answer.")
        data = b""
        while len(data) < wanted:
            if deadline.over:
                raise TimeoutError
            self._connection.settimeout(deadline.left or LAST_SECONDS)
            more = self._connection.recv(wanted - len(data))
            if not more:
                raise AgentError("the SSH agent broke off.")
            data += more
        return data


def agent() -> Agent | None:
    """The agent that the environment names; None when there is none; AgentError when it does not answer."""
    path = os.environ.get(SOCKET)
    if not path or not Path(path).exists():
        return None  # a leftover of a session that has ended
    return Agent(Path(path))
