"""How long it takes to reach one engine, and 300, beside other tools in the same run.

`tests/run --long tests/bench -s` prints the figures; DECKHAND_BENCH_HOSTS asks for another number of hosts.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot.core.rules.hosts import Host, SocketAddress
from bot.core.rules.policy import Policy
from bot.engines.clients import Clients
from bot.engines.docker.engine import DockerEngine
from bot.services.look.fleet import FLEET_THREADS
from tests.bench.reaching.peers import environment, make_home, peer
from tests.conftest import StartSshd
from tests.support.machines.engine import PrivateEngine
from tests.support.machines.hosts import HOST, registered
from tests.support.machines.sshd import PrivateSshd
from tests.support.waiting import wait_until

HOSTS = int(os.environ.get("DECKHAND_BENCH_HOSTS", "300"))
ADDRESSES_OF_A_SERVER = 16
"""sshd listens on no more."""
IDLE_SECONDS = 10.0


def show(text: str) -> None:
    print(text)  # noqa: T201 - what the measurement is for


def seconds(work: Callable[[], object], times: int) -> float:
    """The median of so many runs."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def verdict(name: str, found: float, goal: float, *, least: bool) -> None:
    met = found >= goal if least else found <= goal
    show(
        f"  {name}: {found:.2f} (goal: at {'least' if least else 'most'} {goal:.4g}) {'met' if met else 'MISSED'}"
    )


def opened(host: str, clients: Clients) -> DockerEngine:
    return DockerEngine(host, lambda: clients.client(host), lambda info: clients.disk(host, info))


@pytest.mark.long
def test_one_host_cold_and_warm_beside_docker_and_the_sdk(
    engine: PrivateEngine, sshd: StartSshd, tmp_path: Path
) -> None:
    server = sshd(docker_host=engine.url, settings=("MaxStartups 1000",))
    home = make_home(tmp_path / "home", f"Host *\n IdentityFile {server.identity}\n User {server.user}\n"
                     f" UserKnownHostsFile {server.known_hosts}\n")  # fmt: skip
    (home / ".ssh" / "known_hosts").write_text(server.known_line() + "\n")
    url = f"ssh://{server.user}@{server.address}:{server.port}"

    def clients() -> Clients:
        return Clients(registered(server.ssh_address), engine_socket=str(engine.socket), ssh_config=None)

    def cold() -> None:
        with closing(clients()) as made:
            opened(HOST, made).disk_usage()

    def command_line() -> None:
        subprocess.run(
            ["docker", "-H", url, "system", "df"], env=environment(home), check=True, capture_output=True
        )

    with closing(clients()) as made, closing(Clients(registered(SocketAddress(url=engine.url)))) as local:
        warm_engine, local_engine = opened(HOST, made), opened(HOST, local)
        warm_engine.disk_usage(), local_engine.disk_usage()
        warm = seconds(warm_engine.disk_usage, 30)
        on_the_socket = seconds(local_engine.disk_usage, 30)
    ours, dockers = seconds(cold, 10), seconds(command_line, 5)
    sdks = [the_sdk([url], home) for _ in range(5)]
    theirs = statistics.median(each.cold for each in sdks)
    theirs_warm = statistics.median(each.warm for each in sdks)
    show(
        f"\none host, ms: warm {warm * 1000:.1f}, local socket {on_the_socket * 1000:.1f}, "
        f"cold {ours * 1000:.0f}; "
        f"docker -H ssh:// {dockers * 1000:.0f}; the SDK's ssh:// cold {theirs * 1000:.0f}, "
        f"warm {theirs_warm * 1000:.1f}"
    )
    allowed = max(1.3 * on_the_socket, on_the_socket + 0.003)
    verdict("warm, ms (1.3 times the local socket, or 3 ms more)", warm * 1000, allowed * 1000, least=False)
    verdict("warm, times faster than docker -H ssh://", dockers / warm, 30, least=True)
    verdict("cold, of docker -H ssh://", ours / dockers, 0.2, least=False)
    verdict("cold, of the SDK's ssh://", ours / theirs, 0.4, least=False)
    assert dockers / warm > 10
    assert ours < theirs < 10 * dockers


# --- 300 hosts -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Farm:
    """Simulated engines behind real sshd's, each under an address of its own."""

    servers: Sequence[PrivateSshd]
    socket: Path
    addresses: Sequence[tuple[str, PrivateSshd]]
    known_hosts: Path

    def hosts(self) -> dict[str, Host]:
        return {
            f"host-{number}": Host(
                name=f"host-{number}",
                address=replace(server.ssh_address, host=address, known_hosts=str(self.known_hosts)),
                policy=Policy(name="p"),
            )
            for number, (address, server) in enumerate(self.addresses)
        }

    def clients(self) -> Clients:
        return Clients(self.hosts(), engine_socket=str(self.socket), ssh_config=None)


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="dh-", dir="/tmp")))
        engine = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("simulated.py")), str(folder / "docker.sock")]
        )
        stack.callback(engine.wait)
        stack.callback(engine.terminate)
        wait_until((folder / "docker.sock").exists)
        servers, addresses = [], []
        for first in range(0, HOSTS, ADDRESSES_OF_A_SERVER):
            names = [
                f"127.1.{number // 200}.{number % 200 + 1}"
                for number in range(first, min(HOSTS, first + ADDRESSES_OF_A_SERVER))
            ]
            server = PrivateSshd(address=names[0], docker_host=f"unix://{folder}/docker.sock")
            more = [f"ListenAddress {name}:{server.port}" for name in names[1:]]
            server._settings = ("MaxStartups 1000", "LogLevel ERROR", *more)
            servers.append(stack.enter_context(server))
            addresses += [(name, server) for name in names]
        known = tmp_path / "known"
        known.write_text(
            "".join(
                f"[{name}]:{server.port} {' '.join(server.host_key.with_suffix('.pub').read_text().split()[:2])}\n"
                for name, server in addresses
            )
        )
        yield Farm(servers=servers, socket=folder / "docker.sock", addresses=addresses, known_hosts=known)


def asked(engines: Sequence[DockerEngine], threads: int = FLEET_THREADS) -> None:
    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(lambda engine: engine.glance(60).usage.size, engines))
    assert found == [10**9] * len(engines)


def resident() -> float:
    """Megabytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


@pytest.mark.long
@pytest.mark.timeout(1_800)
def test_a_fleet_cold_warm_and_idle_beside_ansible_pyinfra_and_the_sdk(farm: Farm, tmp_path: Path) -> None:
    before = resident()
    with closing(farm.clients()) as clients:
        engines = [opened(name, clients) for name in farm.hosts()]
        processor = time.process_time()
        cold = seconds(lambda: asked(engines), 1)
        processor = time.process_time() - processor
        warm = seconds(lambda: asked(engines), 3)
        memory = resident() - before
        idle = time.process_time()
        time.sleep(IDLE_SECONDS)
        idle = (time.process_time() - idle) / IDLE_SECONDS
    show(
        f"\n{HOSTS} hosts: cold {cold:.2f} s ({processor:.2f} s of our processor time), warm {warm:.2f} s; "
        f"kept idle: {memory:.0f} MB, {idle:.2%} of a core"
    )
    verdict("warm, seconds", warm, 1, least=False)
    verdict("idle, MB", memory, 100, least=False)
    verdict("idle, percent of a core", idle * 100, 1, least=False)

    home = make_home(tmp_path / "home", "Host *\n StrictHostKeyChecking no\n UserKnownHostsFile /dev/null\n"
                     f" LogLevel ERROR\n{identities(farm)}")  # fmt: skip
    sdk_cold = with_the_sdk(farm, home)
    show(f"  the SDK's ssh://, 32 threads: cold {sdk_cold:.2f} s; ours is {cold / sdk_cold:.2f} of it")

    pyinfra_cold = seconds(lambda: with_pyinfra(farm, home), 1)
    show(f"  pyinfra: cold {pyinfra_cold:.2f} s")
    verdict("cold, of pyinfra", cold / pyinfra_cold, 0.6, least=False)

    ansible = [seconds(lambda: with_ansible(farm, home), 1) for _ in range(2)]
    show(f"  ansible ad hoc, raw, 50 forks: cold {ansible[0]:.2f} s, warm {ansible[1]:.2f} s")
    verdict("warm, times faster than ansible", ansible[1] / warm, 30, least=True)
    verdict("cold, times faster than ansible", ansible[0] / cold, 6, least=True)
    assert idle < 0.05
    assert warm < cold < ansible[0]


def identities(farm: Farm) -> str:
    """Each server has its own user key."""
    return "".join(f"Host {name}\n IdentityFile {server.identity}\n" for name, server in farm.addresses)


@dataclass(frozen=True)
class TheSdk:
    """What the program of that name prints."""

    cold: float
    warm: float
    sizes: Sequence[int]


def the_sdk(urls: Sequence[str], home: Path) -> TheSdk:
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("the_sdk.py"))],
        input="\n".join(urls), env=environment(home), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert not done.returncode, done.stderr[-1_000:]
    return TheSdk(**json.loads(done.stdout))


def with_the_sdk(farm: Farm, home: Path) -> float:
    (home / ".ssh" / "known_hosts").write_bytes(farm.known_hosts.read_bytes())
    found = the_sdk(
        [f"ssh://{server.user}@{address}:{server.port}" for address, server in farm.addresses], home
    )
    assert found.sizes == [10**9] * len(farm.addresses)
    return found.cold


def with_ansible(farm: Farm, home: Path) -> None:
    inventory = home / "inventory.ini"
    inventory.write_text(
        "".join(
            f"{name} ansible_port={server.port} ansible_user={server.user}\n"
            for name, server in farm.addresses
        )
    )
    command = [
        peer("ansible"),
        "all",
        "-i",
        str(inventory),
        "-f",
        "50",
        "-m",
        "raw",
        "-a",
        "docker system df",
    ]
    done = subprocess.run(command, env=environment(home), capture_output=True, text=True, check=False)
    assert done.stdout.count("| CHANGED") == len(farm.addresses), done.stdout[-500:] + done.stderr[-500:]


def with_pyinfra(farm: Farm, home: Path) -> None:
    hosts = [
        (name, {"ssh_port": server.port, "ssh_user": server.user, "ssh_key": str(server.identity),
                "ssh_strict_host_key_checking": "no"})
        for name, server in farm.addresses
    ]  # fmt: skip
    (home / "inventory.py").write_text(f"hosts = {hosts!r}\n")
    command = [
        peer("pyinfra"),
        "-y",
        "--parallel",
        "64",
        "inventory.py",
        "exec",
        "--",
        "docker",
        "system",
        "df",
    ]
    done = subprocess.run(
        command, cwd=home, env=environment(home), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-1_000:]
