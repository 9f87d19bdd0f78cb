"""Channels to the engine behind an SSH server: straight to its socket, or through Docker's own helper."""

import http.client
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import cast

import paramiko

from bot.core.errors import EngineTimeoutError, EngineUnavailableError
from bot.engines.failures import LinkError, NoRoomError
from bot.engines.limits import Limits
from bot.engines.ssh.channels import ChannelSocket
from bot.engines.ssh.link import SshLink
from bot.engines.ssh.wire import answered_within
from bot.engines.use import Use

HELPER = "docker system dial-stdio"
"""The one command that is ever run on a host; nothing is ever added to it."""

COMMAND_NOT_FOUND = 127
SHOWN = 200
ANOTHER_VOICE = (
    "the login works, but something else answers than the engine: a forced command in authorized_keys, or text "
    "that the account's shell prints. Give the key one of the lines of deploy/host-setup.md."
)


class Way(Enum):
    STREAMLOCAL = "streamlocal"
    HELPER = "helper"


@dataclass(frozen=True, slots=True)
class HelperEnd:
    """How the helper ended: its exit status (-1: unknown) and what it wrote to stderr."""

    status: int
    stderr: str


class SshDial:
    """Opens connections to one engine; finds out once which way its server allows."""

    def __init__(self, link: SshLink, limits: Limits, path: str, *, helper_reaches_path: bool) -> None:
        self._link = link
        self._limits = limits
        self._path = path
        self._helper_reaches_path = helper_reaches_path
        self.way: Way | None = None

    def __call__(self) -> ChannelSocket:
        """A connection to the engine; LinkError with the cause when there is none to be had."""
        if self.way is Way.HELPER:
            return self._helped()
        try:
            channel = self._link.streamlocal(self._path)
        except paramiko.ChannelException:
            # A stopped engine, a missing socket, missing rights and forwarding that is off look alike here;
            # the helper tells them apart, and may get through where forwarding is off.
            found = self._helped()
            self.way = Way.HELPER
            return found
        self.way = Way.STREAMLOCAL
        return self._ready(channel)

    def _ready(self, channel: paramiko.Channel) -> ChannelSocket:
        channel.settimeout(self._limits.read)
        return ChannelSocket(channel, self._link.use)

    def _helped(self) -> ChannelSocket:
        """A connection through the helper, which has answered ``_ping``: only then is it known to work."""
        try:
            channel = self._link.session()
        except NoRoomError:
            self._link.spare_disk()
            raise
        except paramiko.ChannelException as error:
            raise LinkError(EngineUnavailableError, self._unexplained()) from error
        try:
            with answered_within(channel, self._limits.ping):
                channel.exec_command(HELPER)
                reached = _pings(channel, self._link.use)
        except TimeoutError as error:
            channel.close()
            raise LinkError(
                EngineTimeoutError, f"the engine did not answer within {self._limits.ping:g} s."
            ) from error
        except paramiko.SSHException as error:
            channel.close()
            self._ensure_connected()
            raise LinkError(EngineUnavailableError, self._unexplained()) from error
        except BaseException:
            channel.close()
            raise
        if reached and self._helper_reaches_path:
            return self._ready(channel)
        self._ensure_connected()
        raise self._explained(channel)

    def _ensure_connected(self) -> None:
        if not self._link.active:
            raise paramiko.SSHException("the SSH connection broke")  # which a read survives

    def _explained(self, channel: paramiko.Channel) -> LinkError:
        user = self._link.route.user
        end = _end_of(channel, self._limits.ping)
        for applies, sentence in CAUSES:
            if applies(end):
                return LinkError(EngineUnavailableError, sentence.format(user=user, path=self._path))
        said = f" The server said: {end.stderr[:SHOWN]}" if end.stderr else ""
        return LinkError(EngineUnavailableError, self._unexplained() + said)

    def _unexplained(self) -> str:
        return (
            f"the login works, but the server connects {self._link.route.user} neither to {self._path} nor "
            f"through “{HELPER}”. Is the engine running, and does a line in authorized_keys or sshd_config stand "
            "in the way? deploy/host-setup.md has the lines that do not."
        )


# The helper's words are the only place where text decides: Docker's CLI has one exit status for all of these.
CAUSES: tuple[tuple[Callable[[HelperEnd], bool], str], ...] = (
    (
        lambda end: end.status == COMMAND_NOT_FOUND,
        (
            "the SSH server does not forward to {path}, and {user} has no docker command to use instead. "
            "Is Docker installed there? If so, allow the socket: deploy/host-setup.md."
        ),
    ),
    (
        lambda end: "permission denied" in end.stderr.lower(),
        "the user {user} may not use the engine's socket. Add it to the docker group.",
    ),
    (
        lambda end: "connection refused" in end.stderr.lower(),
        "the engine is not running, though its socket is there. Start it: systemctl start docker",
    ),
    (
        lambda end: "no such file" in end.stderr.lower(),
        "the engine's socket is not there: the engine is not running (systemctl start docker), or not installed.",
    ),
    (
        lambda end: "docker daemon running" in end.stderr.lower(),
        "the engine is not running. Start it: systemctl start docker",
    ),
)


def _pings(channel: paramiko.Channel, use: Use) -> bool:
    """Whether an engine answers over the channel; TimeoutError when nothing does in time."""
    connection = http.client.HTTPConnection("engine")
    # A ChannelSocket has what http.client uses of a socket. http.client closes it when the helper ends, and
    # with the channel the exit status would be lost.
    connection.sock = cast("socket.socket", ChannelSocket(channel, use, owner=False))
    try:
        connection.request("GET", "/_ping")
        answer = connection.getresponse()
        answer.read(SHOWN)  # “OK”; what floods is read no further
    except TimeoutError:
        raise
    except http.client.RemoteDisconnected:
        return False
    except (http.client.BadStatusLine, http.client.LineTooLong) as error:
        raise LinkError(EngineUnavailableError, ANOTHER_VOICE) from error
    except (http.client.HTTPException, OSError, EOFError):
        return False
    return answer.status == http.client.OK


def _end_of(channel: paramiko.Channel, seconds: float) -> HelperEnd:
    said = b""
    with suppress(TimeoutError), answered_within(channel, seconds):  # what was said so far must do
        while len(said) < SHOWN * 10 and (more := channel.recv_stderr(SHOWN)):
            said += more
        channel.status_event.wait(seconds)
    status = channel.exit_status
    channel.close()
    return HelperEnd(status, " ".join(said.decode(errors="replace").split()))
