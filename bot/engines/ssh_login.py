"""Logging in to an SSH server that has shown the right key, with one key after the other."""

import time

import paramiko

from bot.core.errors import HostUnreachableError, LoginRefusedError
from bot.engines.failures import LinkError
from bot.engines.limits import Limits
from bot.engines.ssh_config import Route
from bot.engines.ssh_keys import Keyring


def log_in(transport: paramiko.Transport, route: Route, keyring: Keyring, limits: Limits) -> None:
    """Log in, or raise LinkError: which keys were offered to whom, and what to do."""
    problems: list[str] = []
    offered = 0
    with keyring.candidates(route.identities, problems) as keys:
        for key in keys:
            offered += 1
            began = time.monotonic()
            try:
                missing = transport.auth_publickey(route.user, key)
            except paramiko.AuthenticationException as error:
                # paramiko says so, too, when the server hung up or kept silent.
                if not transport.is_active() or time.monotonic() - began >= limits.auth:
                    raise _broke(route, limits, offered) from error
                continue
            except (paramiko.SSHException, EOFError, OSError) as error:
                raise _broke(route, limits, offered) from error
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


def _broke(route: Route, limits: Limits, offered: int) -> LinkError:
    return LinkError(
        HostUnreachableError,
        f"{route} broke off the login of {route.user} at key {offered}, or did not answer "
        f"in {limits.auth:g} s. Try again; if it stays so, name the one identity to use.",
    )
