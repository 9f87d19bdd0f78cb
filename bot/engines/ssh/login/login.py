"""Logging in to an SSH server that has shown the right key, with one key after the other."""

import time
from collections.abc import Generator
from contextlib import closing

import paramiko

from bot.core.errors import HostUnreachableError, LoginRefusedError
from bot.engines.failures import LinkError
from bot.engines.ssh.config.route import Algorithms, Route
from bot.engines.ssh.login.agent import AgentError
from bot.engines.ssh.login.keys import MOST_KEYS, Keyring

RSA = "ssh-rsa"
CERTIFICATE = "-cert-v01@openssh.com"


def log_in(transport: paramiko.Transport, route: Route, keyring: Keyring, seconds: float) -> None:
    """Log in, or raise LinkError: which keys were offered to whom, and what to do.

    The server has so many ``seconds`` in all, whatever it sends; the agent has its own.
    """
    problems: list[str] = []
    offered = 0
    _allow(transport, route.algorithms)
    left = seconds
    with closing(_offers(route, keyring, problems)) as keys:
        for key in keys:
            offered += 1
            transport.auth_timeout, began = left, time.monotonic()
            try:
                missing = transport.auth_publickey(route.user, key)
            except AgentError as error:
                raise LinkError(LoginRefusedError, f"{error} It was asked to sign for {route}.") from error
            except paramiko.AuthenticationException as error:
                # paramiko says so, too, when the server hung up or kept silent.
                if not transport.is_active() or time.monotonic() - began >= left:
                    raise _broke(route, seconds, offered) from error
                continue
            except (paramiko.SSHException, EOFError, OSError) as error:
                raise _broke(route, seconds, offered) from error
            finally:
                left -= time.monotonic() - began
            if not missing:
                return
            problems.append(f"the server also wants {' and '.join(missing)}, which a bot cannot give")
            break
    what = f"{route} accepted none of {offered} keys" if offered else "there is no key to log in with"
    because = f" ({'; '.join(problems)})" if problems else ""
    raise LinkError(
        LoginRefusedError,
        f"{what} for the user {route.user}{because}. Put Deckhand's public key into that user's "
        "authorized_keys, or name another identity.",
    )


def _offers(route: Route, keyring: Keyring, problems: list[str]) -> Generator[paramiko.PKey, None, None]:
    """At most MOST_KEYS that the SSH configuration allows."""
    left = MOST_KEYS
    for key in keyring.candidates(route.credentials, problems):
        if not _allowed(key, route.algorithms):
            problems.append(f"the SSH configuration forbids a key of the kind {key.get_name()}")
        elif not left:
            problems.append(
                f"only the first {MOST_KEYS} keys are offered, since servers hang up after six: name the one to use "
                "as identity (its .pub is enough where the agent holds it)"
            )
            return
        else:
            left -= 1
            yield key


def _allow(transport: paramiko.Transport, algorithms: Algorithms) -> None:
    """Which signatures an RSA key may make: paramiko takes the first of its own that the server has."""
    if algorithms.user_keys:
        preferred = tuple(name for name in transport.preferred_pubkeys if name in algorithms.user_keys)
        transport._preferred_pubkeys = preferred  # type: ignore[attr-defined] # noqa: SLF001 - it has no door


def _allowed(key: paramiko.PKey, algorithms: Algorithms) -> bool:
    kind = key.public_blob.key_type if key.public_blob else key.get_name()
    if kind.startswith(RSA) and key.get_bits() < algorithms.rsa_bits:
        return False
    if not algorithms.user_keys:
        return True
    suffix = CERTIFICATE if kind.endswith(CERTIFICATE) else ""
    kinds = {f"rsa-sha2-512{suffix}", f"rsa-sha2-256{suffix}", kind} if kind.startswith(RSA) else {kind}
    return bool(kinds & set(algorithms.user_keys))


def _broke(route: Route, seconds: float, offered: int) -> LinkError:
    return LinkError(
        HostUnreachableError,
        f"{route} broke off the login of {route.user} at key {offered}, or did not answer "
        f"in {seconds:g} s. Try again; if it stays so, name the one identity to use.",
    )
