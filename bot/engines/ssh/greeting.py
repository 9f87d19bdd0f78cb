"""How an SSH server introduces itself: its banner, the exchange of keys, and the key that it shows."""

import threading

import paramiko

from bot.core.errors import HostUnreachableError
from bot.engines.deadlines import Deadline
from bot.engines.failures import LinkError, causes
from bot.engines.limits import Limits
from bot.engines.ssh import known_hosts
from bot.engines.ssh.config import Route
from bot.engines.ssh.transport import Transport
from bot.engines.ssh.wire import Wire


def introduced(
    wire: Wire,
    route: Route,
    limits: Limits,
    places: threading.BoundedSemaphore,
    deadline: Deadline,
) -> tuple[known_hosts.ShownKey, known_hosts.KnownKeys]:
    """Exchange keys: the key that the server shows, and what is known of it.

    LinkError when there is no SSH server, or none that is done in time.
    """
    known = known_hosts.trusted_keys(route.name, route.pins, route.known_hosts)
    try:
        transport = wire.transport = Transport(wire.carrier, limits, places)
        _prefer(transport, known)
        _greet(transport, deadline.within(2 * limits.banner))
        key = transport.get_remote_server_key()
    except (paramiko.SSHException, EOFError, OSError) as error:
        raise _no_greeting(route, limits, error) from error
    shown = known_hosts.ShownKey(
        name=route.name, host=route.host, port=route.port, type=key.get_name(), blob=key.asbytes()
    )
    return shown, known


def _greet(transport: Transport, seconds: float) -> None:
    done = threading.Event()
    transport.start_client(done)
    in_time = done.wait(seconds)
    if not transport.is_active():
        raise transport.get_exception() or EOFError()
    if not in_time:
        raise TimeoutError


def _no_greeting(route: Route, limits: Limits, error: Exception) -> LinkError:
    below = list(causes(error))
    if isinstance(error, paramiko.ssh_exception.IncompatiblePeer):
        sentence = f"{route} speaks SSH only with methods that Deckhand does not: {error}"
    elif any(isinstance(each, TimeoutError) for each in below):
        sentence = (
            f"{route} accepts connections, but no SSH server answered in {limits.banner:g} s: "
            "is it overloaded, or is this another service's port?"
        )
    elif any(isinstance(each, EOFError | ConnectionError) for each in below):
        sentence = (
            f"{route} closed the connection before SSH began: it is no SSH server, or too busy. "
            "Try again in a minute."
        )
    else:
        sentence = (
            f"what answers at {route} does not speak SSH as a server does: is this another service's port? "
            "Check the host's address."
        )
    return LinkError(HostUnreachableError, sentence)


def _prefer(transport: paramiko.Transport, known: known_hosts.KnownKeys) -> None:
    """Ask the server first for a key of a type that known_hosts has, as OpenSSH does."""
    if not known.by_type:
        return
    options = transport.get_security_options()
    names = set(known.by_type)
    if "ssh-rsa" in names:
        names |= {"rsa-sha2-512", "rsa-sha2-256"}
    options.key_types = tuple(sorted(options.key_types, key=lambda name: name not in names))
