"""Engines that cannot be told apart by their id, and a place in between whose far end changes."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.trial.sample import Builder, SampleEngine, Step, Universe

CONTAINERS = 6


class Twin(Universe):
    """A machine that was cloned: the same engine id, and the same objects under the same ids."""

    @property
    def engine_id(self) -> str:
        return "THE:SAME:ID"


def furnished(name: str) -> Universe:
    made = Twin(name=name)
    build = Builder(made)
    image = build.image("app:1", steps=(Step(command="ADD /", size=100),), age=timedelta(days=90))
    for number in range(CONTAINERS):
        build.container(f"old-{number}", image.id, state="exited", created=timedelta(days=60))
    build.image("pulled:1", steps=(Step(command="ADD", size=50),), age=timedelta(days=90), pulled=True)
    return made


def held(engine: SampleEngine) -> frozenset[str]:
    """All that an engine holds, by id and name."""
    shown = engine.universe
    with shown.lock:
        return frozenset((*shown.images, *map(str, shown.references), *shown.containers, *shown.volumes))


class Junction:
    """A unix socket and a TCP port that lead to one engine, and later to another."""

    def __init__(self, folder: Path, leads_to: SampleEngine) -> None:
        self.leads_to = leads_to
        self.socket = folder / "junction.sock"
        self.requests: list[tuple[str, str]] = []
        """Each request's method and path, with the name of the machine that it was led to, in front."""
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self._unix = socket.socket(socket.AF_UNIX)
        self._unix.bind(str(self.socket))
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self._listeners = (self._unix, self._tcp)
        for listener in self._listeners:
            listener.listen()
            threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    @property
    def port(self) -> int:
        return int(self._tcp.getsockname()[1])

    def sent_to(self, engine: SampleEngine) -> list[str]:
        """What an engine was asked for through here."""
        return [line for name, line in self.requests if name == engine.universe.name]

    def switch(self, to: SampleEngine) -> None:
        """Lead to another engine from now on; what is open breaks."""
        with self._lock:
            self.leads_to, broken, self._open = to, self._open, []
        for link in broken:
            with suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)
            link.close()
        time.sleep(0.05)  # until the other side has noticed

    def close(self) -> None:
        for listener in self._listeners:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self.switch(self.leads_to)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            with self._lock:
                engine = self.leads_to
                far.connect(str(engine.socket_path))
                self._open += [near, far]
            for source, sink, name in ((near, far, engine.universe.name), (far, near, "")):
                threading.Thread(target=self._carry, args=(source, sink, name), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, name: str) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                head = data.split(b"\r\n", 1)[0].decode(errors="replace")
                if name and head.endswith(" HTTP/1.1"):
                    self.requests.append((name, head.removesuffix(" HTTP/1.1")))
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


@contextmanager
def twins() -> Iterator[tuple[SampleEngine, SampleEngine, Junction]]:
    """Two machines, ``ci`` and its clone ``prod``, and a junction that leads to the first."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="dh-", dir="/tmp")))
        ci, prod = (
            stack.enter_context(SampleEngine(socket_path=folder / f"{name}.sock", universe=furnished(name)))
            for name in ("ci", "prod")
        )
        junction = Junction(folder, ci)
        stack.callback(junction.close)
        yield ci, prod, junction
