"""Names with several addresses, some of which are dead: that costs a moment, and no failure."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

import bot
from bot.engines import tcp
from bot.engines.failures import LinkError
from bot.engines.limits import Limits
from bot.engines.tcp import connect
from tests.support.leftovers import descriptors, until
from tests.support.machines.needs import program, root

LIMITS = Limits(name=5, connect=6)


class Addresses:
    """Addresses of this machine, all with one port: some listen, some say nothing, and at some nothing listens."""

    def __init__(self, closing: ExitStack) -> None:
        self._closing = closing
        self.port = 0

    def alive(self, address: str) -> str:
        self._listening(address).listen()
        return address

    def silent(self, address: str) -> str:
        """The kernel answers no further connection once the queue of those who wait is full."""
        listening = self._listening(address)
        listening.listen(0)
        for _ in range(4):
            waiting = self._closing.enter_context(socket.socket())
            waiting.setblocking(False)  # noqa: FBT003 - the standard library's signature
            waiting.connect_ex(listening.getsockname())
        return address

    def _listening(self, address: str) -> socket.socket:
        listening = self._closing.enter_context(socket.socket())
        listening.bind((address, self.port))
        self.port = listening.getsockname()[1]
        return listening


@pytest.fixture
def here() -> Iterator[Addresses]:
    with ExitStack() as closing:
        yield Addresses(closing)


def resolving(monkeypatch: pytest.MonkeyPatch, addresses: Sequence[str], port: int) -> None:
    def told(*_: object) -> list[Any]:
        return [
            (
                socket.AF_INET6 if ":" in each else socket.AF_INET,
                socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (each, port),
            )
            for each in addresses
        ]  # fmt: skip

    monkeypatch.setattr(tcp, "resolve", told)


def reached(port: int) -> tuple[str, float]:
    began = time.monotonic()
    with connect("many.example.com", port, LIMITS) as link:
        assert link.gettimeout() is not None
        return link.getpeername()[0], time.monotonic() - began


@pytest.mark.parametrize("dead", [1, 3, 8])
def test_dead_addresses_before_the_one_that_lives_cost_a_moment_each(
    here: Addresses, monkeypatch: pytest.MonkeyPatch, dead: int
) -> None:
    addresses = [here.silent(f"127.0.9.{number + 1}") for number in range(dead)]
    addresses.append(here.alive("127.0.9.200"))
    resolving(monkeypatch, addresses, here.port)
    files = descriptors()
    address, seconds = reached(here.port)
    assert address == "127.0.9.200"
    assert seconds < 0.9 * LIMITS.connect
    assert until(lambda: descriptors() <= files)


def test_an_address_where_nothing_listens_costs_nothing(
    here: Addresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive = here.alive("127.0.9.200")
    resolving(monkeypatch, ["127.0.9.1", "127.0.9.2", "2001:db8::1", alive], here.port)
    assert reached(here.port)[0] == alive


def test_the_first_that_answers_wins_though_one_before_it_is_still_tried(
    here: Addresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive = here.alive("127.0.9.200")
    resolving(monkeypatch, [alive, here.silent("127.0.9.1")], here.port)
    assert reached(here.port)[0] == alive


def test_the_families_of_addresses_are_tried_in_turn() -> None:
    def found(*names: str) -> list[Any]:
        return [(socket.AF_INET6 if ":" in name else socket.AF_INET, 1, 6, "", name) for name in names]

    turns = tcp._alternating(found("::1", "::2", "::3", "1", "2"))
    assert [each[4] for each in turns] == ["::1", "1", "::2", "2", "::3"]


def test_where_all_are_dead_the_failure_comes_in_time_and_says_which(
    here: Addresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = [here.silent(f"127.0.9.{number}") for number in (1, 2)]
    limits = Limits(name=5, connect=1)
    resolving(monkeypatch, silent, here.port)
    began = time.monotonic()
    with pytest.raises(LinkError, match=rf"no answer from many\.example\.com:{here.port} in 1 s"):
        connect("many.example.com", here.port, limits)
    assert 0.9 < time.monotonic() - began < 4
    resolving(monkeypatch, [*silent, "127.0.9.77"], here.port)
    with pytest.raises(LinkError, match="nothing listens on"):
        connect("many.example.com", here.port, limits)


def test_a_slow_name_server_takes_nothing_of_the_time_to_connect(
    here: Addresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The C library asks the next name server after five seconds."""
    alive = here.alive("127.0.9.200")
    honest = socket.getaddrinfo

    def slow(_name: str, *rest: Any, **named: Any) -> Any:
        time.sleep(1.5)
        return honest(alive, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    with connect("slow.example.com", here.port, Limits(name=10, connect=1)) as link:
        assert link.getpeername()[0] == alive


CONNECTING = """
import json, socket, sys, threading, time
from bot.engines.limits import Limits
from bot.engines.tcp import connect
listening = socket.create_server(("10.9.0.2", 2222))
found = [each[4][0] for each in socket.getaddrinfo("two-homes.example.com", 2222, type=socket.SOCK_STREAM)]
began = time.monotonic()
link = connect("two-homes.example.com", 2222, Limits(connect=5))
print(json.dumps({"addresses": found, "peer": link.getpeername()[0], "seconds": time.monotonic() - began}))
"""


def test_a_name_whose_first_address_is_dead_is_reached_on_a_network_of_its_own(tmp_path: Path) -> None:
    """A real name, a real black hole: packets to the first address vanish, as behind a firewall."""
    root()
    for name in ("unshare", "ip"):
        program(name)
    hosts = tmp_path / "hosts"
    hosts.write_text("2001:db8::1 two-homes.example.com\n10.9.0.2 two-homes.example.com\n")
    network = (
        f"mount --bind {hosts} /etc/hosts && ip link set lo up && "
        # The other end of the cable is no machine; its neighbour is known, and so packets leave, for nowhere.
        "ip link add here type veth peer name nowhere && ip link set here up && ip link set nowhere up && "
        "ip addr add 10.9.0.2/24 dev here && ip addr add 2001:db8::2/64 dev here nodad && "
        "ip neigh add 2001:db8::1 lladdr 02:00:00:00:00:01 dev here nud permanent"
    )
    done = subprocess.run(
        ["unshare", "--net", "--mount", "--propagation", "private", "sh", "-c",
         f'{network} && exec "$0" -c "$1"', sys.executable, CONNECTING],
        cwd=Path(str(bot.__file__)).parents[1], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert not done.returncode, done.stderr
    told = json.loads(done.stdout)
    assert (told["addresses"], told["peer"]) == (["2001:db8::1", "10.9.0.2"], "10.9.0.2")
    assert told["seconds"] < 4
