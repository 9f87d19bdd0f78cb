"""Every way in which a host can fail, produced for real: its own error, in time, with a cause and a remedy.

The report of the test run ends with a table of what was seen.
"""

import gc
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from bot.core import errors
from bot.core.rules.hosts import Address, SocketAddress, SshAddress
from bot.engines.checks.steps import Checks
from bot.engines.clients import Clients
from bot.engines.docker.engine import DockerEngine
from bot.engines.failures import translated
from tests.conftest import StartSshd
from tests.engines.test_local_sockets import answering, version_of
from tests.support.leftovers import descriptors, until
from tests.support.machines.engine import PrivateEngine, private_engine
from tests.support.machines.hosts import HOST, QUICK, registered
from tests.support.machines.needs import free_port
from tests.support.machines.rack import Machine
from tests.support.machines.sshd import account, make_key
from tests.support.machines.tls import certificates, expired
from tests.support.seen import SEEN, Seen

Ask = Callable[[], object]


@dataclass(frozen=True)
class Scene:
    """Where a failure is produced; what it opens ends with the test."""

    engine: PrivateEngine
    sshd: StartSshd
    machine: Callable[[], Machine]
    folder: Path
    closing: ExitStack
    monkeypatch: pytest.MonkeyPatch

    def clients(self, address: Address, engine_socket: str = "") -> Clients:
        clients = Clients(
            registered(address), limits=QUICK, ssh_config=None, known_hosts=Path("/nonexistent"),
            engine_socket=engine_socket or str(self.engine.socket),
        )  # fmt: skip
        self.closing.callback(clients.close)
        return clients

    def connecting(self, address: Address, engine_socket: str = "") -> Ask:
        clients = self.clients(address, engine_socket)
        return lambda: clients.client(HOST)

    def asking(self, address: Address, engine_socket: str = "") -> Ask:
        """A question over a connection that is open already."""
        client = self.clients(address, engine_socket).client(HOST)

        def ask() -> object:
            with translated(HOST):
                return client.version()

        return ask


def refused(scene: Scene) -> Ask:
    return scene.connecting(SshAddress(host="127.0.0.1", port=free_port()))


def name_unknown(scene: Scene) -> Ask:
    return scene.connecting(SshAddress(host="x" * 64))


def name_server_silent(scene: Scene) -> Ask:
    over = threading.Event()
    scene.closing.callback(over.set)
    scene.monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(20))
    return scene.connecting(SshAddress(host="prod-3.example.com"))


def black_hole(scene: Scene) -> Ask:
    machine = scene.machine()
    machine.swallow()
    scene.closing.callback(machine.answer)
    return scene.connecting(machine.sshd.ssh_address)


def packets_dropped_while_warm(scene: Scene) -> Ask:
    machine = scene.machine()
    ask = scene.asking(machine.sshd.ssh_address, str(machine.engine.socket))
    machine.swallow()
    scene.closing.callback(machine.answer)
    return ask


def banner_never_comes(scene: Scene) -> Ask:
    silent = scene.closing.enter_context(socket.create_server(("127.0.0.1", 0)))
    return scene.connecting(SshAddress(host="127.0.0.1", port=silent.getsockname()[1]))


def unknown_key(scene: Scene) -> Ask:
    return scene.connecting(replace(scene.sshd().ssh_address, known_hosts="/nonexistent"))


def wrong_key(scene: Scene) -> Ask:
    server = scene.sshd()
    name = server.known_line().split()[0]
    other = make_key(scene.folder / "other").with_suffix(".pub").read_text().split()
    server.known_hosts.write_text(f"{name} {other[0]} {other[1]}\n")
    return scene.connecting(server.ssh_address)


def login_refused(scene: Scene) -> Ask:
    stranger = make_key(scene.folder / "stranger")
    return scene.connecting(replace(scene.sshd().ssh_address, identity=str(stranger)))


def not_in_the_docker_group(scene: Scene) -> Ask:
    user = scene.closing.enter_context(account())
    scene.engine.directory.chmod(0o711)
    server = scene.sshd(user=user, docker_host=scene.engine.url)
    scene.closing.callback(server.stop)
    return scene.connecting(server.ssh_address)


def no_docker(scene: Scene) -> Ask:
    server = scene.sshd(settings=(f"SetEnv PATH={scene.folder}",))
    return scene.connecting(server.ssh_address, str(scene.folder / "none.sock"))


def forced_command_in_the_way(scene: Scene) -> Ask:
    server = scene.sshd(key_options='restrict,command="echo This account makes backups."')
    return scene.connecting(server.ssh_address)


def engine_stopped(scene: Scene) -> Ask:
    own = scene.closing.enter_context(private_engine())
    server = scene.sshd(docker_host=own.url)
    ask = scene.asking(server.ssh_address, str(own.socket))
    own.stop()
    return ask


def engine_frozen(scene: Scene) -> Ask:
    own = scene.closing.enter_context(private_engine())
    ask = scene.asking(scene.sshd().ssh_address, str(own.socket))
    own.freeze()
    scene.closing.callback(own.thaw)
    return ask


def cut_in_mid_answer(scene: Scene) -> Ask:
    image = scene.engine.base()
    server = scene.sshd()
    client = scene.clients(server.ssh_address).client(HOST)

    def ask() -> None:
        with translated(HOST):
            for number, _ in enumerate(client.get_image(image, chunk_size=4_096)):
                if number == 3:
                    server.end_sessions()

    return ask


def cut_twice_in_mid_answer(scene: Scene) -> Ask:
    """A read is repeated once; here the second answer is cut too."""

    class Cutting(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            version = json.dumps({"ApiVersion": "1.45", "Version": "26", "Components": []}).encode()
            whole = len(version) if self.path.count("/") == 1 else 10 * len(version)
            self.send_response(200)
            self.send_header("Content-Length", str(whole))
            self.end_headers()
            self.wfile.write(version)

        def log_message(self, *_: object) -> None:
            """Keep the tests' output quiet."""

    server = scene.closing.enter_context(HTTPServer(("127.0.0.1", 0), Cutting))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    scene.closing.callback(thread.join)
    scene.closing.callback(server.shutdown)
    client = scene.clients(SocketAddress(url=f"tcp://127.0.0.1:{server.server_port}")).client(HOST)

    def ask() -> object:
        with translated(HOST):
            return client.info()

    return ask


def disk_full(scene: Scene) -> Ask:
    machine = scene.machine()
    filler = machine.fill_disk()
    scene.closing.callback(machine.run, "rm", str(filler))
    clients = scene.clients(machine.sshd.ssh_address, str(machine.engine.socket))
    one = DockerEngine(HOST, lambda: clients.client(HOST), lambda info: clients.disk(HOST, info))
    checks = Checks(clients, one, registered(machine.sshd.ssh_address)[HOST])

    def ask() -> None:
        assert one.survey().disk is not None  # looking goes on working
        failed = [step for step in checks() if step.ok is False]
        assert [step.name for step in failed] == ["disk"]
        raise errors.DiskFullError(HOST, failed[0].detail)

    return ask


def too_old(scene: Scene) -> Ask:
    url = scene.closing.enter_context(answering(version_of("1.40", ["Engine"])))
    return scene.connecting(SocketAddress(url=url))


def podman(scene: Scene) -> Ask:
    url = scene.closing.enter_context(answering(version_of("1.41", ["Podman Engine"])))
    return scene.connecting(SocketAddress(url=url))


def tls_of_another_authority(scene: Scene) -> Ask:
    (scene.folder / "a").mkdir()
    (scene.folder / "b").mkdir()
    url = scene.closing.enter_context(answering(b"{}", speaking=certificates(scene.folder / "a")))
    stranger = certificates(scene.folder / "b")
    return scene.connecting(SocketAddress(url=url, tls=str(stranger.client_with_ca_only)))


def tls_expired(scene: Scene) -> Ask:
    made = expired(scene.folder, datetime.now(UTC) - timedelta(days=1))
    url = scene.closing.enter_context(answering(b"{}", speaking=made))
    return scene.connecting(SocketAddress(url=url, tls=str(made.client_with_ca_only)))


EVERY: dict[Callable[[Scene], Ask], tuple[type[errors.HostError], str, float]] = {
    refused: (errors.HostUnreachableError, "nothing listens on .* port right", 1),
    name_unknown: (errors.HostUnreachableError, "does not resolve .* spelled right", 2),
    name_server_silent: (errors.HostUnreachableError, "not resolved in 1 s: .* name server", 2.5),
    black_hole: (
        errors.HostUnreachableError,
        "no answer from .* in 1 s: the machine is down or firewalled",
        2.5,
    ),
    packets_dropped_while_warm: (errors.HostUnreachableError, "the machine stopped answering", 6),
    banner_never_comes: (errors.HostUnreachableError, "no SSH server answered in 1 s", 3),
    unknown_key: (errors.HostKeyError, "SHA256:.* deckhand hosts trust prod-3", 2),
    wrong_key: (errors.HostKeyError, "has changed: it shows SHA256:.* says SHA256:.* hosts trust", 2),
    login_refused: (errors.LoginRefusedError, "accepted none of 1 keys .* authorized_keys", 4),
    not_in_the_docker_group: (errors.EngineUnavailableError, "Add it to the docker group", 5),
    no_docker: (errors.EngineUnavailableError, "has no docker command", 5),
    forced_command_in_the_way: (errors.EngineUnavailableError, "forced command in .*host-setup.md", 5),
    engine_stopped: (errors.EngineUnavailableError, "not running", 5),
    engine_frozen: (errors.EngineTimeoutError, "the engine did not answer within 1 s", 5),
    cut_in_mid_answer: (errors.HostUnreachableError, "lost in the middle .* look again", 5),
    cut_twice_in_mid_answer: (errors.HostUnreachableError, "lost in the middle .* look again", 3),
    disk_full: (errors.DiskFullError, "disk is full .* by hand", 15),
    too_old: (errors.EngineUnsupportedError, "needs Docker Engine 20.10", 2),
    podman: (errors.EngineUnsupportedError, "this is Podman.*needs Docker Engine", 2),
    tls_of_another_authority: (
        errors.EngineUnavailableError,
        "certificate is not trusted: .* Check ca.pem",
        2,
    ),
    tls_expired: (errors.EngineUnavailableError, "expired. Renew it", 2),
}


@pytest.fixture(scope="module")
def rack() -> Iterator[dict[int, Machine]]:
    with ExitStack() as stack:
        machines: dict[int, Machine] = {}
        stack.callback(machines.clear)
        machines[1] = stack.enter_context(Machine(1))
        yield machines


@pytest.fixture
def scene(
    engine: PrivateEngine, sshd: StartSshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Iterator[Scene]:  # fmt: skip
    with ExitStack() as closing:
        yield Scene(
            engine=engine,
            sshd=sshd,
            machine=lambda: request.getfixturevalue("rack")[1],
            folder=tmp_path,
            closing=closing,
            monkeypatch=monkeypatch,
        )


@pytest.mark.parametrize("produce", EVERY, ids=lambda produce: produce.__name__)
def test_a_failure_has_its_own_error_in_time_and_leaves_nothing_behind(
    scene: Scene, produce: Callable[[Scene], Ask]
) -> None:
    kind, words, limit = EVERY[produce]
    ask = produce(scene)
    gc.collect()
    files = descriptors()
    began = time.monotonic()
    with pytest.raises(kind, match=words) as caught:
        ask()
    took = time.monotonic() - began
    case = produce.__name__.replace("_", " ")
    SEEN.append(Seen(case, kind.__name__, took, str(caught.value).removeprefix(f"{HOST}: ")))
    assert took < limit
    assert until(lambda: descriptors() <= files + 1)  # a connection may still be kept
    scene.closing.close()
    assert until(lambda: not [each for each in threading.enumerate() if "Transport" in type(each).__name__])


def test_every_failure_says_something_of_its_own() -> None:
    """Each sentence is one of a kind: none is told for another cause."""
    told = [seen.sentence for seen in SEEN if "cut" not in seen.case]
    if len(told) < len(EVERY) - 2:
        pytest.skip("not all failures were produced in this run")
    assert len(set(told)) == len(told)
