"""SSH servers that lie, drip, flood or keep silent hold up nothing: each question has one deadline in all."""

import resource
import socket
import struct
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import paramiko
import pytest
from paramiko.common import MSG_CHANNEL_OPEN, MSG_CHANNEL_REQUEST, MSG_SERVICE_REQUEST, MSG_USERAUTH_REQUEST

from bot.core.errors import HostError, HostUnreachableError
from bot.engines.limits import Limits
from bot.engines.ssh.channels import ChannelSocket
from bot.engines.ssh.packets import Packets
from bot.engines.ssh.transport import STREAMLOCAL
from bot.engines.targets import Ssh
from tests.conftest import StartSshd
from tests.engines.conftest import Lying, MakeClients
from tests.support.leftovers import until
from tests.support.lying.liar import dripping, dripping_after, flooding, saying, silent
from tests.support.machines.hosts import HOST, QUICK

PATIENT = Limits(read=600, channel=600, ping=600, auth=600, banner=600, reach=600)
"""Long enough that whoever ends in a test did not end by a limit."""


@pytest.mark.parametrize("ending", ["close", "adopt"])
@pytest.mark.parametrize(
    "unanswered", [MSG_SERVICE_REQUEST, MSG_USERAUTH_REQUEST, MSG_CHANNEL_OPEN, MSG_CHANNEL_REQUEST, None]
)
def test_closing_and_reloading_wait_for_no_host(
    lying: Lying, make_clients: MakeClients, unanswered: int | None, ending: str
) -> None:
    """Whatever a look waits for inside: it is woken."""
    if unanswered is None:
        address = lying.port(dripping()).address
    else:
        address = lying.ssh(unanswered, refused=frozenset({STREAMLOCAL})).address
    clients = make_clients(address, limits=PATIENT)
    with ThreadPoolExecutor(1) as pool:
        look: Future[object] = pool.submit(clients.client, HOST)
        time.sleep(0.5)
        assert not look.done()
        began = time.monotonic()
        if ending == "close":
            clients.close()
        else:
            assert clients.adopt({}) == {HOST}
        assert time.monotonic() - began < 3
        words = "shutting down" if ending == "close" else "no such host"
        with pytest.raises(HostUnreachableError, match=words):
            look.result(5)


KEX_INIT, KEX_REPLY = 20, 30
UNANSWERED = {
    KEX_INIT: "no SSH server answered in 1 s",
    MSG_SERVICE_REQUEST: "broke off the login .* did not answer in 3 s",
    MSG_USERAUTH_REQUEST: "broke off the login .* did not answer in 3 s",
    MSG_CHANNEL_OPEN: "let us in and then did not answer",
    MSG_CHANNEL_REQUEST: "did not answer within 1 s",
}


@pytest.mark.parametrize("number", UNANSWERED)
def test_a_message_that_is_never_answered_is_a_failure_in_time(
    lying: Lying, make_clients: MakeClients, number: int
) -> None:
    """Though SSH_MSG_IGNORE keeps coming."""
    numbers = {KEX_INIT, KEX_REPLY} if number == KEX_INIT else {number}
    noise = 60.0 if number == KEX_INIT else 0.1
    server = lying.ssh(*numbers, refused=frozenset({STREAMLOCAL}), noise=noise)
    clients = make_clients(server.address, limits=QUICK)
    began = time.monotonic()
    with pytest.raises(HostError, match=UNANSWERED[number]):
        clients.client(HOST)
    assert time.monotonic() - began < 8
    clients.close()


NO_SSH = "does not speak SSH as a server does"
HELLO = b"SSH-2.0-Liar\r\n"
STRANGERS: dict[str, tuple[Callable[..., None], str]] = {
    "a banner that drips": (dripping(), "no SSH server answered in 1 s"),
    "lines that drip": (dripping(line=b"wait\r\n"), "no SSH server answered in 1 s"),
    "lines without end": (flooding(b"hello\r\n" * 1_000), NO_SSH),
    "a line without end": (flooding(b"hello" * 1_000), NO_SSH),
    "a packet of three gigabytes": (
        flooding(bytes(100_000), HELLO + struct.pack(">I", 3_000_000_004)),
        NO_SSH,
    ),
    "packets without end": (
        flooding(struct.pack(">IBB", 12, 4, 2) + bytes(10), HELLO),
        NO_SSH,
    ),
    "large packets without end": (
        flooding(struct.pack(">IBB", 200_004, 4, 2) + bytes(200_002), HELLO),
        NO_SSH,
    ),
    "a packet that drips": (
        dripping_after(HELLO + struct.pack(">I", 200_004)),
        "no SSH server answered in 1 s",
    ),
    "a packet of no bytes": (saying(HELLO + bytes(64)), NO_SSH),
    "noise": (saying(HELLO + bytes(range(256)) * 8), NO_SSH),
}


@pytest.mark.parametrize("talk", STRANGERS)
def test_what_comes_before_the_login_has_limits_of_time_and_size(
    lying: Lying, make_clients: MakeClients, talk: str
) -> None:
    behave, words = STRANGERS[talk]
    clients = make_clients(lying.port(behave).address, limits=QUICK)
    memory, worked = peak(), time.process_time()
    began = time.monotonic()
    with pytest.raises(HostUnreachableError, match=words):
        clients.client(HOST)
    assert time.monotonic() - began < 6
    assert peak() - memory < 50_000_000
    assert time.process_time() - worked < 4
    clients.close()


def peak() -> int:
    """The most memory that this process ever had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def test_forty_servers_that_drip_do_not_make_a_good_one_wait(
    lying: Lying, sshd: StartSshd, make_clients: MakeClients
) -> None:
    good = make_clients(sshd().ssh_address, limits=replace(PATIENT, close=600))
    bad = lying.port(dripping())
    links = [good.ssh.hops(Ssh(address=bad.address))[0] for _ in range(40)]
    (link,) = good.ssh.hops(Ssh(address=next(iter(good._hosts.values())).address))  # type: ignore[arg-type]
    with ThreadPoolExecutor(40) as pool:
        waiting = [pool.submit(each.connect) for each in links]
        assert until(lambda: len(bad.links) == 40)
        began = time.monotonic()
        link.connect()
        took = time.monotonic() - began
        assert not any(each.done() for each in waiting)
        for each in (*links, link):
            each.cut()
        for one in waiting:
            assert one.exception(10) is not None
    assert took < 10
    good.close()


def test_an_idle_connection_is_closed_though_the_server_keeps_talking(
    lying: Lying, make_clients: MakeClients
) -> None:
    server = lying.ssh(noise=0.05)
    clients = make_clients(server.address, limits=replace(QUICK, close=1))
    (link,) = clients.ssh.hops(Ssh(address=server.address))
    link.connect()
    assert until(lambda: not link.active, 10)
    link.close()


STREAMS = {"stdout": 94, "stderr": 95}
"""The messages that carry them."""


def pouring(stream: str, every: float) -> Callable[[paramiko.Transport], None]:
    """Sends text on every channel that is opened, for ever, whatever the window allows."""

    def then(transport: paramiko.Transport) -> None:
        channel = transport.accept(10)
        while channel is not None and transport.is_active():
            message = paramiko.Message()
            message.add_byte(bytes([STREAMS[stream]]))
            message.add_int(channel.remote_chanid)
            if stream == "stderr":
                message.add_int(1)
            message.add_string(b"x" * (1 if every else 30_000))
            transport._send_message(message)  # type: ignore[attr-defined]
            time.sleep(every)

    return then


@pytest.mark.parametrize("every", [0, 0.05], ids=["floods", "drips"])
@pytest.mark.parametrize("stream", STREAMS)
def test_a_helper_that_never_ends_talking_is_a_failure_in_time(
    lying: Lying, make_clients: MakeClients, stream: str, every: float
) -> None:
    server = lying.ssh(refused=frozenset({STREAMLOCAL}), then=pouring(stream, every))
    clients = make_clients(server.address, limits=QUICK)
    memory = peak()
    began = time.monotonic()
    with pytest.raises(HostError):
        clients.client(HOST)
    assert time.monotonic() - began < 8
    assert peak() - memory < 50_000_000
    clients.close()


def test_a_server_that_counts_to_four_billion_holds_nothing(lying: Lying, make_clients: MakeClients) -> None:
    def then(transport: paramiko.Transport) -> None:
        message = paramiko.Message()
        message.add_byte(b"\x07")
        message.add_int(2**32 - 1)
        transport._send_message(message)  # type: ignore[attr-defined]

    server = lying.ssh(then=then)
    clients = make_clients(server.address, limits=QUICK)
    (link,) = clients.ssh.hops(Ssh(address=server.address))
    link.connect()
    assert until(lambda: not link.active, 5)
    link.close()


def test_packets_for_nobody_end_the_connection(lying: Lying, make_clients: MakeClients) -> None:
    def then(transport: paramiko.Transport) -> None:
        while transport.is_active():
            transport.send_ignore(8)

    server = lying.ssh(then=then)
    clients = make_clients(server.address, limits=QUICK)
    (link,) = clients.ssh.hops(Ssh(address=server.address))
    link.connect()
    assert until(lambda: not link.active, 30)
    link.close()


def test_a_new_exchange_of_keys_that_never_ends_makes_way_for_a_new_connection(
    lying: Lying, make_clients: MakeClients
) -> None:
    began_again, over = threading.Event(), threading.Event()

    def then(transport: paramiko.Transport) -> None:
        if server.logins > 1:
            return
        for number in (KEX_INIT, KEX_REPLY):
            transport._handler_table[number] = silent  # type: ignore[attr-defined]
        transport._send_kex_init()  # type: ignore[attr-defined]
        began_again.set()
        over.wait(60)

    server = lying.ssh(then=then)
    clients = make_clients(server.address, limits=QUICK)
    (link,) = clients.ssh.hops(Ssh(address=server.address))
    link.connect()
    assert began_again.wait(5)
    assert until(lambda: not link._kept.transport.clear_to_send.is_set())  # type: ignore[union-attr]
    began = time.monotonic()
    link.session()  # over a new connection
    assert time.monotonic() - began < 20
    over.set()
    assert until(lambda: server.logins == 2)
    link.close()


def test_a_request_that_is_taken_drop_by_drop_is_given_up(lying: Lying, make_clients: MakeClients) -> None:
    """The channel's own limit counts anew whenever the server takes a little."""

    def then(transport: paramiko.Transport) -> None:
        channel = transport.accept(10)
        while channel is not None and transport.is_active():
            channel.recv(1_000)
            time.sleep(0.05)

    server = lying.ssh(then=then)
    (link,) = make_clients(server.address, limits=QUICK).ssh.hops(Ssh(address=server.address))
    channel = link.streamlocal("/run/docker.sock")
    channel.settimeout(1)
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        ChannelSocket(channel, link.use).sendall(bytes(1_000_000))
    assert time.monotonic() - began < 5
    link.close()


def test_a_server_that_does_not_read_is_given_up() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(0.1)
        packets = Packets(ours)
        packets.write_seconds = 0.5
        began = time.monotonic()
        with pytest.raises(EOFError):
            packets.write_all(bytes(50_000_000))
        assert time.monotonic() - began < 5
        assert packets.closed
