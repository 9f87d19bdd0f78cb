"""Programs that Deckhand starts: they are told nothing secret, and have limits of time and size."""

import os
import selectors
import signal
import subprocess
import threading
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from bot.engines.deadlines import Deadline

NAMES = frozenset(
    {"HOME", "PATH", "SHELL", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "SSH_AUTH_SOCK"}
)
FAMILIES = ("LC_", "XDG_")
PIECE = 65_536
MOMENT_SECONDS = 0.001
GLANCE_SECONDS = 0.25
"""How often to look whether a program has ended whose own children still hold its output."""


def environment(named: Collection[str] = ()) -> dict[str, str]:
    """The environment for a child process: what ssh needs, by name. Tokens and passwords are not on the list.

    ``named`` are those that the administrator's own SSH configuration names beside them, as ``${NAME}``.
    """
    return {
        name: value
        for name, value in os.environ.items()
        if name in NAMES or name.startswith(FAMILIES) or name in named
    }


class TooLongError(Exception):
    """A program writes more than it may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What a program wrote, and its exit status."""

    status: int
    output: str
    errors: str


class Children:
    """Asks programs; ``cut`` ends those that are at work, and lets no other begin."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    def ask(
        self,
        command: Sequence[str],
        seconds: float,
        most_bytes: int,
        named: Collection[str] = (),
        said: str = "",
    ) -> Ended:
        """Run it to its end, the variables ``named`` told too; TimeoutError, TooLongError, OSError.

        It reads what is ``said``, which is short.
        """
        with self._lock:
            if self._closed:
                raise TimeoutError
            process = subprocess.Popen(  # noqa: S603 - an argument list
                command, env=environment(named), stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, process_group=0,
            )  # fmt: skip
            self._running.add(process)
        try:
            _say(process, said)
            output, errors = _read(process, Deadline(seconds), most_bytes)
        finally:
            with self._lock:
                self._running.discard(process)
                kill(process, signal.SIGKILL)  # with whatever it has started
            process.wait()
            for pipe in (process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()
        if self._closed:
            raise TimeoutError
        return Ended(status=process.returncode, output=output, errors=errors)

    def cut(self) -> None:
        with self._lock:
            self._closed = True
            for process in self._running:
                kill(process, signal.SIGKILL)


def kill(process: "subprocess.Popen[bytes]", with_signal: signal.Signals) -> None:
    """Signal a program that leads a group of its own, and its group; nothing once it was waited for."""
    if process.returncode is None:  # until somebody waits for it, nobody else gets its number
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, with_signal)


def ended(process: "subprocess.Popen[bytes]") -> bool:
    """Whether it has ended; it is not waited for, and so its number stays its own, where a system has that."""
    if not hasattr(os, "waitid"):  # macOS
        return process.poll() is not None
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None


def _say(process: "subprocess.Popen[bytes]", said: str) -> None:
    """What fits into a pipe is taken at once, read or not."""
    if process.stdin is not None:
        with suppress(BrokenPipeError), process.stdin:
            process.stdin.write(said.encode()[:PIECE])


def _read(process: "subprocess.Popen[bytes]", deadline: Deadline, most_bytes: int) -> tuple[str, str]:
    said: dict[IO[bytes], bytes] = {pipe: b"" for pipe in (process.stdout, process.stderr) if pipe}
    order = list(said)
    with selectors.DefaultSelector() as selector:
        for pipe in said:
            selector.register(pipe, selectors.EVENT_READ)
        while selector.get_map() or not ended(process):
            if deadline.over:
                raise TimeoutError
            # It ends a moment after it has closed what it writes to.
            ready = selector.select(deadline.within(GLANCE_SECONDS if selector.get_map() else MOMENT_SECONDS))
            if not ready and ended(process):
                break
            for key, _ in ready:
                pipe = next(each for each in order if each is key.fileobj)
                more = os.read(pipe.fileno(), PIECE)
                if not more:
                    selector.unregister(pipe)
                said[pipe] += more
            if sum(map(len, said.values())) > most_bytes:
                raise TooLongError
    output, errors = (said[pipe].decode(errors="replace") for pipe in order)
    return output, errors
