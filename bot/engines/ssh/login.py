"""Logging in to an SSH server that has shown the right key, with one key after the other."""

import paramiko

from bot.core.errors import HostUnreachableError, LoginRefusedError
from bot.engines.deadlines import Deadline
from bot.engines.failures import LinkError
from bot.engines.ssh.agent import AgentError
from bot.engines.ssh.config import Route
from bot.engines.ssh.keys import Keyring


def log_in(transport: paramiko.Transport, route: Route, keyring: Keyring, seconds: float) -> None:
    """Log in, or raise LinkError: which keys were offered to whom, and what to do.

    The server has so many ``seconds`` in all, whatever it sends.
    """
    problems: list[str] = []
    offered = 0
    with keyring.candidates(route.identities, problems) as keys:
        deadline = Deadline(seconds)
        for key in keys:
            offered += 1
            transport.auth_timeout = deadline.left
            try:
                missing = transport.auth_publickey(route.user, key)
            except AgentError as error:
                raise LinkError(LoginRefusedError, f"{error} It was asked to sign for {route}.") from error
            except paramiko.AuthenticationException as error:
                # paramiko says so, too, when the server hung up or kept silent.
                if not transport.is_active() or deadline.over:
                    raise _broke(route, seconds, offered) from error
                continue
            except (paramiko.SSHException, EOFError, OSError) as error:
                raise _broke(route, seconds, offered) from error
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


def _broke(route: Route, seconds: float, offered: int) -> LinkError:
    return LinkError(
        HostUnreachableError,
        f"{route} broke off the login of {route.user} at key {offered}, or did not answer "
        f"in {seconds:g} s. Try again; if it stays so, name the one identity to use.",
    )
