"""A ProxyCommand: a program that connects in the place of a socket, run as ssh runs it."""

import os
import signal
import socket
import subprocess
import threading
from contextlib import suppress
from threading import Timer

from bot.core.errors import HostUnreachableError
from bot.engines.failures import LinkError
from bot.engines.ssh.children import ended, environment, kill

MOST_WORDS = 500
"""Characters of what it complained, the last."""
GRACE_SECONDS = 2.0
"""Between the hangup, with which ssh ends it too, and the end for good."""
LAST_WORDS_SECONDS = 1.0
SHELL = "/bin/sh"
NESTED = {"SHLVL": "1"}
"""Bash takes itself for a remote shell where its input is a socket, and reads the account's startup file, unless it is
nested in another: ssh gives its command pipes, so nothing of that file may run here either.
"""


class ProxyCommand:
    """Runs from the beginning until it ends, or ``end`` is called; ``carrier`` is the way to it.

    A shell gets the command, since ssh gives it to one: it is a line of the administrator's own file, in which
    nothing stands for anything but checked names.
    """

    def __init__(self, command: str) -> None:
        """LinkError where it cannot be started."""
        self.carrier, theirs = socket.socketpair()
        self._words, errors = socket.socketpair()
        self._said = b""
        try:
            self._process = subprocess.Popen(  # noqa: S603 - as above
                [os.environ.get("SHELL") or SHELL, "-c", f"exec {command}"],
                env=environment() | NESTED, process_group=0,
                stdin=theirs.fileno(), stdout=theirs.fileno(), stderr=errors.fileno(),
            )  # fmt: skip
        except OSError as error:
            self.carrier.close()
            self._words.close()
            raise LinkError(
                HostUnreachableError, f"its ProxyCommand “{command}” cannot be run: {error.strerror}."
            ) from error
        finally:
            theirs.close()
            errors.close()
        self._guard = threading.Lock()
        self._last = Timer(GRACE_SECONDS, self._signal, [signal.SIGKILL])
        self._last.daemon = True
        self._watching = threading.Thread(target=self._watch, name="proxy command", daemon=True)
        self._watching.start()

    def _watch(self) -> None:
        """Wait for its end, which costs no processor time, and keep its last words."""
        with self._words, suppress(OSError):
            while data := self._words.recv(4_096):
                self._said = (self._said + data)[-4 * MOST_WORDS :]
        if hasattr(os, "waitid"):  # macOS has none
            os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)
        else:
            self._process.wait()
        with self._guard:
            kill(self._process, signal.SIGKILL)  # what it has left behind in its group
            self._process.wait()
        self._last.cancel()

    def _signal(self, which: signal.Signals) -> None:
        with self._guard:
            kill(self._process, which)

    def end(self) -> None:
        """Tell it to end, and see to it; waits for nothing."""
        with self._guard:
            if self._process.returncode is not None or self._last.is_alive():
                return
            kill(self._process, signal.SIGHUP)
            with suppress(RuntimeError):  # it was told before
                self._last.start()
        with suppress(OSError):
            self._words.shutdown(socket.SHUT_RDWR)

    def epitaph(self) -> str:
        """How it ended, and what it complained; empty while it runs."""
        self._watching.join(LAST_WORDS_SECONDS)
        if self._process.returncode is None and not ended(self._process):
            return ""
        said = " ".join(self._said.decode(errors="replace").split())[-MOST_WORDS:]
        status = self._process.returncode
        how = "ended" if status is None else f"ended with status {status}"
        return f"{how}, saying “{said}”," if said else how
