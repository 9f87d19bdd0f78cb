"""Kept connections: closed when nobody uses them, opened again on demand, and none left behind."""

import gc
import resource
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.errors import HostError
from bot.core.rules.hosts import SshAddress
from bot.engines.failures import translated
from bot.engines.limits import Limits
from bot.engines.use import Use
from tests.conftest import StartSshd
from tests.engines.conftest import MakeClients
from tests.engines.ssh.test_ssh import jump_config
from tests.support.leftovers import descriptors, no_more_than, until
from tests.support.machines.engine import PrivateEngine
from tests.support.machines.hosts import HOST, QUICK
from tests.support.machines.needs import free_port
from tests.support.machines.sshd import make_key

SHORT = replace(QUICK, close=1.0, read=10, ping=5)


def test_an_idle_connection_is_closed_and_opened_again_by_the_next_request(
    engine: PrivateEngine, sshd: StartSshd, make_clients: MakeClients
) -> None:
    server = sshd()
    threads, files = threading.active_count(), descriptors()
    client = make_clients(server.ssh_address, engine_socket=str(engine.socket), limits=SHORT).client(HOST)
    assert threading.active_count() > threads
    assert until(lambda: threading.active_count() <= threads)
    assert descriptors() <= files
    client.remove_volume(engine.volume())
    assert client.version()
    assert server.logins() == 2


def test_a_connection_is_kept_while_somebody_waits_for_an_answer(
    engine: PrivateEngine, sshd: StartSshd, make_clients: MakeClients
) -> None:
    server = sshd()
    client = make_clients(server.ssh_address, engine_socket=str(engine.socket), limits=SHORT).client(HOST)
    engine.freeze()
    try:
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(client.version)
            time.sleep(3.5)  # some turns of the connection's own thread
            engine.thaw()
            assert waiting.result()
    finally:
        engine.thaw()
    assert server.logins() == 1


def test_a_jump_host_is_kept_as_long_as_a_connection_leads_through_it(
    engine: PrivateEngine, sshd: StartSshd, make_clients: MakeClients, tmp_path: Path
) -> None:
    jump, server = sshd(), sshd()
    threads = threading.active_count()
    clients = make_clients(
        SshAddress(host="behind"),
        ssh_config=jump_config(tmp_path, jump, server),
        engine_socket=str(engine.socket),
        limits=SHORT,
    )
    client = clients.client(HOST)
    assert until(lambda: threading.active_count() <= threads, 30)
    assert client.version()
    assert (jump.logins(), server.logins()) == (2, 2)


def test_who_waits_is_not_idle() -> None:
    use = Use()
    time.sleep(0.02)
    assert use.idle_for >= 0.02
    with use, use:
        assert use.idle_for == 0
    assert use.idle_for < 0.02


@pytest.mark.long
def test_200_connects_failures_and_losses_leave_nothing_behind(
    engine: PrivateEngine, sshd: StartSshd, make_clients: MakeClients, tmp_path: Path
) -> None:
    server = sshd(settings=("MaxStartups 100",))
    good = server.ssh_address
    stranger = make_key(tmp_path / "stranger")
    failing = [
        replace(good, port=free_port()),
        replace(good, known_hosts="/nonexistent"),
        replace(good, identity=str(stranger)),
        good,  # and no engine at its socket
    ]
    places = [
        *((make_clients(good, engine_socket=str(engine.socket), limits=Limits()), True) for _ in range(2)),
        *(
            (make_clients(each, engine_socket=str(tmp_path / "none"), limits=QUICK), False)
            for each in failing
        ),
    ]

    def round_of(number: int) -> None:
        clients, works = places[number % len(places)]
        if not works:
            with pytest.raises(HostError):
                clients.client(HOST)
            return
        client = clients.client(HOST)
        if number % 2:
            server.end_sessions()
        with translated(HOST):
            assert client.version()
        clients.drop(HOST)

    for number in range(12):  # what is loaded once is loaded
        round_of(number)
    gc.collect()
    threads, files, memory = threading.active_count(), descriptors(), resident()
    for number in range(200):
        round_of(number)
    gc.collect()
    assert until(lambda: no_more_than(threads, files))
    assert resident() - memory < 12_000_000


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
