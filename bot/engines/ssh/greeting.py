"""How an SSH server introduces itself: its banner, the exchange of keys, and the key that it shows."""

import threading

import paramiko

from bot.core.errors import HostKeyError, HostUnreachableError
from bot.engines.deadlines import Deadline
from bot.engines.failures import LinkError, causes
from bot.engines.limits import Limits
from bot.engines.ssh import known_hosts
from bot.engines.ssh.config.route import Route
from bot.engines.ssh.transport import Transport
from bot.engines.ssh.wire import Wire


class BusyLinkError(LinkError):
    """The server hung up before it said anything, as one does that has too many strangers: soon it may not."""


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
    known.missing = route.missing_known_hosts
    try:
        transport = wire.transport = Transport(wire.carrier, limits, places)
        _allow(transport, route)
        _prefer(transport, known)
        _greet(transport, deadline.within(2 * limits.banner))
        key = transport.get_remote_server_key()
    except (paramiko.SSHException, EOFError, OSError) as error:
        raise _no_greeting(wire, route, limits, error) from error
    if key.get_name() == "ssh-rsa" and key.get_bits() < route.algorithms.rsa_bits:
        raise LinkError(
            HostKeyError,
            f"the key of {route.name} has {key.get_bits()} bits, and the SSH configuration demands "
            f"{route.algorithms.rsa_bits} (RequiredRSASize).",
        )
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


def _no_greeting(wire: Wire, route: Route, limits: Limits, error: Exception) -> LinkError:
    below = list(causes(error))
    if wire.helper is not None and (said := wire.helper.epitaph()):
        return LinkError(
            HostUnreachableError, f"its ProxyCommand “{route.command}” {said} before an SSH server answered."
        )
    if isinstance(error, paramiko.ssh_exception.IncompatiblePeer):
        sentence = f"{route} speaks SSH only with methods that Deckhand does not: {error}"
    elif any(isinstance(each, TimeoutError) for each in below):
        sentence = (
            f"{route} accepts connections, but no SSH server answered in {limits.banner:g} s: "
            "is it overloaded, or is this another service's port?"
        )
    elif any(isinstance(each, EOFError | ConnectionError) for each in below):
        return BusyLinkError(
            HostUnreachableError,
            f"{route} closed the connection before SSH began: it is no SSH server, or too busy. "
            "Try again in a minute.",
        )
    else:
        sentence = (
            f"what answers at {route} does not speak SSH as a server does: is this another service's port? "
            "Check the host's address."
        )
    return LinkError(HostUnreachableError, sentence)


def _allow(transport: paramiko.Transport, route: Route) -> None:
    """Only what the SSH configuration allows; LinkError where Deckhand has none of it."""
    options, allowed = transport.get_security_options(), route.algorithms
    for name, wanted, key in (
        ("ciphers", allowed.ciphers, "Ciphers"),
        ("digests", allowed.macs, "MACs"),
        ("kex", allowed.exchanges, "KexAlgorithms"),
        ("key_types", allowed.host_keys, "HostKeyAlgorithms"),
    ):
        if not wanted:
            continue
        had: tuple[str, ...] = getattr(options, name)
        both = tuple(each for each in wanted if each in had)
        if not both:
            raise LinkError(
                HostUnreachableError,
                f"the SSH configuration allows {route} no {key} that Deckhand has: {', '.join(had)}.",
            )
        setattr(options, name, both)


def _prefer(transport: paramiko.Transport, known: known_hosts.KnownKeys) -> None:
    """Ask the server first for a key of a type that known_hosts has, as OpenSSH does."""
    if not known.by_type:
        return
    options = transport.get_security_options()
    names = set(known.by_type)
    if "ssh-rsa" in names:
        names |= {"rsa-sha2-512", "rsa-sha2-256"}
    options.key_types = tuple(sorted(options.key_types, key=lambda name: name not in names))
