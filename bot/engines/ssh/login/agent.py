"""The SSH agent of whoever started Deckhand: a socket that may never answer, and is asked within limits."""

import socket
import struct
from contextlib import suppress
from pathlib import Path
from typing import Any

import paramiko
from paramiko.agent import ALGORITHM_FLAG_MAP, AgentKey, AgentSSH
from paramiko.pkey import PublicBlob

from bot.engines.deadlines import Deadline

ANSWER_SECONDS = 5.0
MOST_BYTES = 256 * 1024
"""Of one answer, and MOST_IDENTITIES of its keys: OpenSSH's own limits."""
MOST_IDENTITIES = 2048
LAST_SECONDS = 0.001
"""In the place of 0, which would mean not to wait at all."""
_LENGTH = struct.Struct(">I")
REQUEST_IDENTITIES, IDENTITIES = bytes([11]), 12
SIGN, SIGNED = bytes([13]), 14
CERTIFICATE = "-cert-v01@openssh.com"


class AgentError(paramiko.SSHException):
    """The agent does not do its part; the sentence says how."""


class HeldKey(AgentKey):
    """One of an agent's keys; a certificate is offered whole, and the agent finds the key by what it has told."""

    agent: "Agent"

    def __init__(self, agent: "Agent", blob: bytes) -> None:
        super().__init__(agent, blob)
        if self.certificate:
            self.public_blob = PublicBlob(self.name, blob)  # type: ignore[assignment] # annotated by its first value

    @property
    def certificate(self) -> bool:
        return self.name.endswith(CERTIFICATE)

    def sign_ssh_data(
        self, data: Any, algorithm: str | None = None
    ) -> Any:  # annotated otherwise than it is used
        request = paramiko.Message()
        request.add_byte(SIGN)
        request.add_string(self.blob)
        request.add_string(data)
        request.add_int(ALGORITHM_FLAG_MAP.get(algorithm or "", 0))
        kind, answer = self.agent._send_message(request)  # noqa: SLF001 - ours
        if kind != SIGNED:
            raise AgentError("the SSH agent refuses to sign with a key that it has told.")
        return answer.get_binary()


class Agent(AgentSSH):
    """The agent's keys; it answers each question in ANSWER_SECONDS in all, or raises AgentError."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._connection.settimeout(ANSWER_SECONDS)
            self._connection.connect(str(path))
            self.held = self._listed()
        except OSError as error:
            self.close()
            raise AgentError(
                f"the SSH agent at {path} cannot be asked: {error.strerror or error}."
            ) from error
        except AgentError:
            self.close()
            raise

    def _listed(self) -> tuple[HeldKey, ...]:
        kind, answer = self._send_message(REQUEST_IDENTITIES)
        count = answer.get_int()
        if kind != IDENTITIES or count > MOST_IDENTITIES:
            raise AgentError("the SSH agent does not tell which keys it has.")
        keys: list[HeldKey] = []
        for _ in range(count):
            blob, _comment = answer.get_binary(), answer.get_binary()
            with suppress(ValueError, paramiko.SSHException):  # of a kind that paramiko cannot read
                keys.append(HeldKey(self, blob))
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
