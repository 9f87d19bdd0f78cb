"""The service manager is told how it goes (sd_notify(3)): ready, alive, ending. Elsewhere this does nothing."""

import logging
import os
import socket
import threading
from collections.abc import Callable, Mapping

LOG = logging.getLogger(__name__)

READY, STOPPING, ALIVE = "READY=1", "STOPPING=1", "WATCHDOG=1"


class Manager:
    """Implements the protocol's part that a service needs: datagrams to the socket that the environment names."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        place = environment.get("NOTIFY_SOCKET", "")
        # "@" stands for the zero byte of a name that is in no file system.
        self._place = f"\0{place[1:]}" if place.startswith("@") else place
        meant = environment.get("WATCHDOG_PID") in {None, "", str(os.getpid())}
        microseconds = environment.get("WATCHDOG_USEC", "")
        self._every = int(microseconds) / 2e6 if meant and microseconds.isdecimal() else 0.0

    def tell(self, *states: str) -> None:
        """Tell it; a manager that is not there, or does not listen, holds up nothing."""
        if not self._place:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as way:
                way.settimeout(1)
                way.connect(self._place)
                way.send("\n".join(states).encode())
        except OSError as error:
            LOG.warning("the service manager cannot be told %s: %s", states[0], error.strerror)

    def keep_watch(self, dead: Callable[[], str]) -> None:
        """Tell it twice in each period of its watchdog that the process lives; no more once ``dead`` names a part."""
        if self._place and self._every:
            threading.Thread(target=self._watch, args=(dead,), name="watchdog", daemon=True).start()

    def _watch(self, dead: Callable[[], str]) -> None:
        pause = threading.Event()
        while not (ended := dead()):
            self.tell(ALIVE)
            pause.wait(self._every)
        LOG.error("%s: the service manager is told no more that this process lives", ended)
