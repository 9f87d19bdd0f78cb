"""``%`` tokens and ``${VARIABLES}`` in an SSH configuration, as ssh_config(5) describes them (section TOKENS)."""

import os
import re
import socket
from collections.abc import Mapping
from pathlib import Path

from bot.core.errors import HostUnreachableError
from bot.engines.failures import LinkError

_PLACE = re.compile(r"%(.?)|\$\{([^}]*)\}")
_TOKENS_ONLY = re.compile(r"%(.?)()")
OF_A_COMMAND = frozenset("%hnpr")
"""What ProxyCommand and ProxyJump take."""
NOT_IN_A_NAME = re.compile(r"""^-|[\s'"`$\\;&<>|(){}\x00-\x1f\x7f]""")
NOT_IN_A_USER = re.compile(r"""^-|\\$|[\s'"`$;&<>|(){}\x00-\x1f\x7f]""")
"""OpenSSH's own rule since 9.6: both end up in what a ProxyCommand or a Match exec gives to a shell."""


def tokens(  # noqa: PLR0913 - a value each
    *, host: str, asked: str, port: int, user: str, local: str, alias: str
) -> Mapping[str, str]:
    """What each token stands for; ``asked`` is the name as it was given, ``local`` who we are on this machine."""
    machine = socket.gethostname()
    return {
        "%": "%", "d": str(Path.home()), "h": host, "i": str(os.getuid()), "k": alias or asked,
        "L": machine.partition(".")[0], "l": machine, "n": asked, "p": str(port), "r": user, "u": local,
    }  # fmt: skip


def expanded(value: str, meanings: Mapping[str, str], *, variables: bool = True) -> str:
    """The value with everything put in; LinkError for what nobody can put in."""

    def meaning(found: re.Match[str]) -> str:
        token, variable = found[1], found[2]
        if token is not None:
            if token not in meanings:
                raise _unknown(value, f"%{token}", "is not a token that Deckhand knows")
            return meanings[token]
        if variable not in os.environ:
            raise _unknown(value, f"${{{variable}}}", "is not set in Deckhand's environment")
        return os.environ[variable]

    return (_PLACE if variables else _TOKENS_ONLY).sub(meaning, value)


def path(value: str, meanings: Mapping[str, str]) -> Path:
    return Path(expanded(value, meanings)).expanduser()


def command(value: str, meanings: Mapping[str, str]) -> str:
    few = {token: meaning for token, meaning in meanings.items() if token in OF_A_COMMAND}
    return expanded(value, few, variables=False)


def _unknown(value: str, what: str, why: str) -> LinkError:
    return LinkError(
        HostUnreachableError, f"the SSH configuration says “{value}”, and {what} {why}. Write it out there."
    )
