"""A held engine: nothing is sent to any other, whatever its address leads to by now."""

import ast
import inspect
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

import bot.engines
from bot.core.docker.inventory import Identity
from bot.core.errors import (
    EngineChangedError,
    EngineTimeoutError,
    EngineUnavailableError,
    HostError,
    HostUnreachableError,
)
from bot.core.rules.hosts import Address, SocketAddress
from bot.engines.clients import Clients
from bot.engines.docker.engine import DockerEngine
from bot.engines.held import HeldDockerEngine
from bot.trial.sample import SampleEngine
from tests.conftest import StartSshd
from tests.engines.conftest import MakeClients
from tests.engines.test_local_sockets import secured  # noqa: F401 - a fixture
from tests.support.lying.twins import CONTAINERS, Junction, held, twins
from tests.support.machines.hosts import HOST, QUICK
from tests.support.machines.tls import Certificates

CI = Identity("THE:SAME:ID", "ci", "/var/lib/docker")
OBJECT = "a" * 25
ARGUMENTS = {
    "container_id": OBJECT, "reference": "app:1", "image_id": OBJECT, "network_id": OBJECT, "name": OBJECT,
    "record_ids": [OBJECT],
}  # fmt: skip
CHANGING = sorted(
    name for name, _ in inspect.getmembers(HeldDockerEngine, inspect.isfunction)
    if not name.startswith("_") and not hasattr(DockerEngine, name) and name != "still_meant"
)  # fmt: skip
"""Every method that only a held engine has."""

World = tuple[SampleEngine, SampleEngine, Junction]


@pytest.fixture
def world() -> Iterator[World]:
    with twins() as made:
        yield made


@pytest.fixture(params=["unix", "tcp", "ssh"])
def address(request: pytest.FixtureRequest, world: World, make_clients: MakeClients) -> Callable[[], Clients]:
    """Clients with one host that is reached in this way, through the junction."""
    junction = world[2]

    def made() -> Clients:
        ways: dict[str, Callable[[], Address]] = {
            "unix": lambda: SocketAddress(url=junction.url),
            "tcp": lambda: SocketAddress(url=f"tcp://127.0.0.1:{junction.port}"),
        }
        if request.param == "ssh":
            start: StartSshd = request.getfixturevalue("sshd")
            return make_clients(start().ssh_address, engine_socket=str(junction.socket))
        return make_clients(ways[request.param]())

    return made


@contextmanager
def holding(clients: Clients, meant: Identity = CI) -> Iterator[HeldDockerEngine]:
    with clients.held(HOST, meant) as way:
        yield HeldDockerEngine(HOST, way)


def call(engine: HeldDockerEngine, name: str) -> object:
    method = getattr(engine, name)
    return method(*(ARGUMENTS[parameter] for parameter in inspect.signature(method).parameters))


def again(ask: Callable[[], object]) -> None:
    """Behind SSH the end of a connection takes a moment: the request that meets it is lost, and asked once more."""
    try:
        ask()
    except HostUnreachableError:
        ask()


def test_a_held_engine_is_asked_who_it_is_before_anything_else_on_every_connection(
    world: World, address: Callable[[], Clients]
) -> None:
    ci, _, junction = world
    with holding(address()) as engine:
        container = next(iter(ci.universe.containers))
        engine.remove_container(container)
        junction.switch(ci)  # it broke, and leads there again
        again(lambda: engine.remove_container(next(iter(ci.universe.containers))))
    assert len(ci.universe.containers) == CONTAINERS - 2
    lines = junction.sent_to(ci)
    assert lines[0] == "GET /info"
    assert lines.count("GET /info") == 2
    before = lines[: lines.index("GET /info", 1)]
    assert [line.split()[0] for line in before].count("DELETE") == 1


@pytest.mark.parametrize("name", CHANGING)
def test_what_changes_anything_is_never_sent_to_the_clone_that_an_address_leads_to_after_a_reconnect(
    world: World, address: Callable[[], Clients], name: str
) -> None:
    _, prod, junction = world
    before = held(prod)
    with holding(address()) as engine:
        junction.switch(prod)
        with pytest.raises(
            EngineChangedError, match=r"THE:SAME:ID \(ci, .* now leads to THE:SAME:ID \(prod, "
        ):
            again(lambda: call(engine, name))
    assert set(junction.sent_to(prod)) == {"GET /info"}
    assert held(prod) == before


def test_nothing_is_read_from_the_clone_either_so_that_nothing_there_is_taken_for_gone(
    world: World, address: Callable[[], Clients]
) -> None:
    _, prod, junction = world
    with holding(address()) as engine:
        assert engine.container("old-0").name == "old-0"
        junction.switch(prod)
        with pytest.raises(EngineChangedError):
            again(lambda: engine.container("old-0"))
    assert set(junction.sent_to(prod)) == {"GET /info"}


@pytest.mark.parametrize(
    "other", [CI._replace(id="ANOTHER"), CI._replace(name="db"), CI._replace(data_root="/data")]
)
def test_an_engine_with_another_id_name_or_data_root_is_not_the_one_that_is_meant(
    world: World, address: Callable[[], Clients], other: Identity
) -> None:
    ci, _, junction = world
    with pytest.raises(EngineChangedError), holding(address(), other):
        pytest.fail("it was held")
    assert set(junction.sent_to(ci)) == {"GET /info"}


def test_only_a_held_engine_can_change_anything() -> None:
    assert CHANGING == [
        "collect", "prune_cache", "pull", "remove_container", "remove_image", "remove_network", "remove_volume", "tag",
        "untag",
    ]  # fmt: skip
    writes = {
        "remove_container",
        "remove_image",
        "remove_network",
        "remove_volume",
        "tag",
        "prune_builds",
        "_post",
    }
    calling = set()
    for file in Path(bot.engines.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Attribute) and node.attr in writes:
                calling.add(file.name)
    assert calling == {"held.py", "pulling.py"}
    importing = [
        file.name for file in Path(bot.engines.__file__).parent.rglob("*.py")
        if "bot.engines.docker.pulling" in file.read_text()
    ]  # fmt: skip
    assert importing == ["held.py"]


# --- TLS ------------------------------------------------------------------------------------------


@pytest.mark.engine
def test_an_engine_behind_tls_proves_who_it_is_too(
    secured: tuple[str, Certificates],  # noqa: F811 - the fixture
    make_clients: MakeClients,
) -> None:
    url, made = secured
    clients = make_clients(SocketAddress(url=url, tls=str(made.client)))
    found = DockerEngine(HOST, lambda: clients.client(HOST)).info()
    with holding(clients, found.identity) as engine:
        assert engine.info() == found
    with pytest.raises(EngineChangedError), holding(clients, found.identity._replace(name="other")):
        pytest.fail("it was held")


# --- engines that lie, drip, or say nothing -------------------------------------------------------

INFO = b'{"ID":"THE:SAME:ID","Name":"ci","DockerRootDir":"/var/lib/docker"}'


def answered(body: bytes, head: bytes = b"") -> bytes:
    return b"HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s" % (head, len(body), body)


@contextmanager
def liar(path: Path, answer: bytes, drip: float = 0.0) -> Iterator[list[bytes]]:
    """An engine that gives this answer to everything; what it was asked."""
    asked: list[bytes] = []
    ended, serving = threading.Event(), list[threading.Thread]()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def serve(link: socket.socket) -> None:
        with link, suppress(OSError):
            while data := link.recv(65536):
                asked.append(data)
                if not drip:
                    link.sendall(answer)
                for byte in answer if drip else b"":
                    if ended.wait(drip):
                        return
                    link.sendall(bytes([byte]))

    def accept() -> None:
        while True:
            try:
                link, _ = listener.accept()
            except OSError:
                return
            serving.append(threading.Thread(target=serve, args=(link,), daemon=True))
            serving[-1].start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield asked
    finally:
        ended.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in serving:
            thread.join(5)


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (answered(INFO, b"Connection: close\r\n"), EngineUnavailableError, "closes its connections after each answer"),
        (answered(b"[]"), EngineUnavailableError, "does not speak Docker's API"),
        (answered(b"[" * 100_000), EngineUnavailableError, "does not speak Docker's API"),
        (answered(b"{}"), EngineChangedError, "now leads to"),
        (answered(b'{"ID":{},"Name":7}'), EngineChangedError, "now leads to"),
        (answered(b" " * 1_000_001), EngineUnavailableError, "does not speak Docker's API"),
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", EngineUnavailableError, "answered 503"),
        (b"HTTP/1.1 307 There\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
         EngineUnavailableError, "answered 307"),
        (b"SSH-2.0-OpenSSH\r\n", EngineUnavailableError, "does not speak Docker's API"),
    ],
)  # fmt: skip
def test_who_does_not_say_who_it_is_gets_nothing_else(
    make_clients: MakeClients, tmp_path: Path, answer: bytes, kind: type[HostError], words: str
) -> None:
    with liar(tmp_path / "l", answer) as asked:
        clients = make_clients(SocketAddress(url=f"unix://{tmp_path / 'l'}"), limits=QUICK)
        with pytest.raises(kind, match=words), holding(clients):
            pytest.fail("it was held")
    assert {data.split(b"\r\n")[0] for data in asked} == {b"GET /info HTTP/1.1"}


def test_the_answer_has_one_deadline_from_its_first_byte_to_its_last(
    make_clients: MakeClients, tmp_path: Path
) -> None:
    with liar(tmp_path / "l", answered(INFO), drip=0.1):
        clients = make_clients(SocketAddress(url=f"unix://{tmp_path / 'l'}"), limits=QUICK)
        with (
            pytest.raises(EngineTimeoutError, match="did not finish its answer within 1 s"),
            holding(clients),
        ):
            pytest.fail("it was held")
