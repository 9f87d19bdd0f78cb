"""An SSH server whose messages make no sense: what comes out is always a HostError with a sentence, in time."""

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import paramiko
import pytest
from paramiko.packet import Packetizer

from bot.core.errors import HostError
from bot.engines.clients import Clients
from bot.engines.over_ssh import HANDSHAKES
from bot.engines.ssh.transport import STREAMLOCAL
from tests.engines.conftest import Lying
from tests.support.effort import often
from tests.support.leftovers import until
from tests.support.machines.hosts import HOST, QUICK, registered

MESSAGES = 14
"""As many as the server sends until it has granted the helper."""
SEEDS = range(often(2, 8) * MESSAGES)
SECONDS = 25


def flipped(data: bytearray, by: random.Random) -> bytes:
    for _ in range(by.randrange(1, 8)):
        data[by.randrange(len(data))] = by.randrange(256)
    return bytes(data)


def cut(data: bytearray, by: random.Random) -> bytes:
    return bytes(data[: by.randrange(1, len(data) + 1)])


def another_kind(data: bytearray, by: random.Random) -> bytes:
    data[0] = by.randrange(256)
    return bytes(data)


def longer(data: bytearray, by: random.Random) -> bytes:
    return bytes(data) + by.randbytes(by.randrange(1, 2_000))


def large_numbers(data: bytearray, by: random.Random) -> bytes:
    at = by.randrange(1, max(2, len(data) - 4))
    data[at : at + 4] = b"\xff\xff\xff\xff"
    return bytes(data)


WAYS: tuple[Callable[[bytearray, random.Random], bytes], ...] = (
    flipped, cut, another_kind, longer, large_numbers,
)  # fmt: skip


def mutating(seed: int) -> type[Packetizer]:
    """A packetizer that changes one message of each connection."""
    by = random.Random(seed)  # noqa: S311 - the same mutation at each run

    class Mutating(Packetizer):
        _sent = 0

        def send_message(self, data: paramiko.Message) -> None:
            self._sent += 1
            if self._sent == 1 + seed % MESSAGES:
                changed = by.choice(WAYS)(bytearray(data.asbytes()), by)
                data = paramiko.Message(changed)
            super().send_message(data)

    return Mutating


def test_messages_that_make_no_sense_end_in_a_sentence(lying: Lying, tmp_path: Path) -> None:
    def tried(seed: int) -> tuple[int, float]:
        server = lying.ssh(refused=frozenset({STREAMLOCAL}), packets=mutating(seed))
        clients = Clients(
            registered(server.address), limits=QUICK, ssh_config=None, known_hosts=Path("/nonexistent")
        )
        handshakes = clients.ssh.handshakes
        began = time.monotonic()
        with pytest.raises(HostError), closing(clients):
            clients.client(HOST)
        assert until(lambda: handshakes._value == HANDSHAKES)  # no place is kept
        return seed, time.monotonic() - began

    with ThreadPoolExecutor(8) as pool:
        took = dict(pool.map(tried, SEEDS))
    assert max(took.values()) < SECONDS, took
