"""Up to the login at one SSH server: reached, its key checked, logged in; over one connection, step by step."""

import random
import threading
import time
from collections.abc import Callable
from typing import TypeAlias

import paramiko

from bot.core.errors import HostUnreachableError
from bot.engines.deadlines import Cut, Deadline
from bot.engines.failures import LinkError
from bot.engines.limits import Limits
from bot.engines.ssh.config.route import Route
from bot.engines.ssh.greeting import BusyLinkError, introduced
from bot.engines.ssh.known_hosts import KnownKeys, ShownKey
from bot.engines.ssh.login.keys import Keyring
from bot.engines.ssh.login.login import log_in
from bot.engines.ssh.proxy import ProxyCommand
from bot.engines.ssh.wire import Wire
from bot.engines.tcp import connect

Jump: TypeAlias = Callable[[Deadline], paramiko.Channel]
"""What opens a channel to the server through another one."""
PAUSES = (0.2, 0.4, 0.8)
"""Seconds, more or less, before another try at a server that hung up at once: MaxStartups counts strangers."""


class Approach:
    """One connection that is coming, made where there is none; by one at a time, while ``cut`` may come at any."""

    def __init__(
        self, route: Route, keyring: Keyring, limits: Limits, handshakes: threading.BoundedSemaphore
    ) -> None:
        self._route = route
        self._keyring = keyring
        self._limits = limits
        self._handshakes = handshakes
        self._lock = threading.Lock()
        self._coming: Wire | None = None
        self._closed = False

    def check_open(self) -> None:
        if self._closed:
            raise LinkError(
                HostUnreachableError,
                "its connection was ended: Deckhand stops, or reaches the host otherwise now.",
            )

    def reach(self, jump: Jump | None, deadline: Deadline) -> Wire:
        """The connection that is coming, if it still is; else another."""
        coming = self._coming
        if coming is not None and (coming.introduced is None or coming.active):
            return coming
        self.give_up()
        route = self._route
        if route.command is not None:
            proxy = ProxyCommand(route.command)
            wire = Wire(proxy.carrier, proxy)
        elif jump is None:
            wire = Wire(connect(route.host, route.port, self._limits, deadline, route.family))
        else:
            wire = Wire(jump(deadline))
        with self._lock:
            self._coming = wire
        if self._closed:  # else ``cut`` has seen it
            self.give_up()
        return wire

    def introduce(self, jump: Jump | None, deadline: Deadline) -> tuple[Wire, ShownKey, KnownKeys]:
        """The key that the server shows, and what is known of it.

        A server that hangs up at once is asked again in a moment, since it may only be busy.
        """
        pauses = list(PAUSES)
        while True:
            wire = self.reach(jump, deadline)
            try:
                if wire.introduced is None:
                    wire.introduced = introduced(wire, self._route, self._limits, self._handshakes, deadline)
            except BusyLinkError:
                self.give_up()
                if not pauses or deadline.left <= pauses[0]:
                    raise
                # So that not all who were refused come again at once.
                time.sleep(pauses.pop(0) * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
            except BaseException:
                self.give_up()
                raise
            else:
                return wire, *wire.introduced

    def log_in(self, jump: Jump | None, deadline: Deadline) -> Wire:
        """A connection that is logged in where the key is the right one; nothing secret is sent before that."""
        wire, shown, known = self.introduce(jump, deadline)
        try:
            shown.check(known)
            transport = wire.transport
            with Cut(deadline.left, wire.cut):
                log_in(transport, self._route, self._keyring, deadline.within(self._limits.auth))
        except BaseException:
            self.give_up()
            raise
        return wire

    def give_up(self) -> None:
        """End what is coming; LinkError where all of it has ended for good."""
        wire = self.leave()
        if wire is not None:
            wire.end()
        self.check_open()

    def leave(self) -> Wire | None:
        """Forget what is coming: it is somebody else's from now on."""
        with self._lock:
            wire, self._coming = self._coming, None
        return wire

    def cut(self) -> None:
        """End it for good, at once, whoever waits."""
        with self._lock:
            self._closed = True
            wire = self._coming
        if wire is not None:
            wire.cut()

    def close(self, seconds: float) -> None:
        """See its thread end, for so many seconds at most."""
        wire = self._coming
        if wire is not None:
            wire.end(seconds)
