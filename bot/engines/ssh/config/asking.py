"""Asking OpenSSH's own program what its configuration means for a host (``ssh -G``)."""

import os
import re
import shutil
from functools import lru_cache
from glob import glob
from pathlib import Path

from bot.core.errors import HostUnreachableError
from bot.core.rules.hosts import SshAddress
from bot.engines.failures import LinkError
from bot.engines.ssh.children import Children, Ended, TooLongError
from bot.engines.ssh.config.options import Settings, means_nothing

ASK_SECONDS = 10.0
MOST_BYTES = 256 * 1024
MOST_VARIABLES = 8
MOST_LINES = 4
MOST_INCLUDES = 16
MOST_OF_A_LINE = 200
_UNSET = re.compile(r"env var \$\{(\w+)\} has no value")
_PLACE = re.compile(r"(?P<path>/?\S+?):? line (?P<number>[0-9]+):? ")
GLOBAL_FILE = Path("/etc/ssh/ssh_config")


def asked(children: Children, program: str, config: Path | None, address: SshAddress) -> Settings:
    """Every setting for an address; LinkError when the configuration cannot be used.

    ``config`` None means the files that ssh reads by itself: the user's own, and the machine's.
    """
    command = [program, "-T", "-G", *(["-F", str(config)] if config else [])]
    command += ["-l", address.user] if address.user else []
    command += ["-p", str(address.port)] if address.port else []
    command += ["--", address.host]
    where = str(config) if config else "the SSH configuration"
    try:
        done = _run(children, command)
    except TimeoutError as error:
        raise LinkError(
            HostUnreachableError, f"{where} took too long to read: what does its Match exec do?"
        ) from error
    except TooLongError as error:
        raise LinkError(
            HostUnreachableError, f"{where} makes ssh write without an end: what does its Match exec do?"
        ) from error
    except OSError as error:
        raise LinkError(HostUnreachableError, f"{program} cannot be run: {error.strerror}.") from error
    if done.status:
        raise LinkError(HostUnreachableError, f"{where} cannot be used: {_complaint(done.errors)}")
    found: dict[str, list[str]] = {}
    for line in done.output.splitlines():
        key, _, value = line.partition(" ")
        found.setdefault(key.lower(), []).append(value)
    return found


def _run(children: Children, command: list[str]) -> Ended:
    """A variable that the configuration names is told to ssh, too: one that is not set spoils every host."""
    named: set[str] = set()
    while True:
        done = children.ask(command, ASK_SECONDS, MOST_BYTES, named)
        unset = _UNSET.search(done.errors) if done.status else None
        if unset is None or unset[1] in named or unset[1] not in os.environ or len(named) >= MOST_VARIABLES:
            return done
        named.add(unset[1])


def _complaint(errors: str) -> str:
    """What ssh says, each line of the configuration that it complains about quoted."""
    said = [line for line in errors.splitlines() if line.strip() and "terminating, " not in line]
    return "; ".join(_quoted(line) for line in said[:MOST_LINES]) or "ssh -G failed, and did not say why"


def _quoted(complaint: str) -> str:
    complaint = complaint[: 2 * MOST_OF_A_LINE].strip()
    place = _PLACE.match(complaint)
    if place is None:
        return complaint
    try:
        with Path(place["path"]).open(errors="replace") as file:
            lines = file.read(MOST_BYTES).splitlines()
        line = lines[int(place["number"]) - 1].strip()
    except (OSError, IndexError):
        return complaint
    return f"{complaint.removesuffix('.')} (“{line[:MOST_OF_A_LINE]}”)"


@lru_cache(maxsize=4)
def _defaults(program: str, _changed_at: float) -> Settings:
    return asked(Children(), program, Path("none"), SshAddress(host="host"))


def defaults(program: str) -> Settings:
    """What this ssh does where nobody has configured anything; asked once for each version of the program."""
    return _defaults(program, Path(program).stat().st_mtime)


def program_of_ssh() -> str | None:
    return shutil.which("ssh")


def says_nothing(path: Path, depth: int = 0) -> bool:
    """Whether a configuration is not there, or says what means nothing here; LinkError where nobody can tell.

    As Debian's own does: an account that ssh does not know, or a machine without ssh, loses nothing by it.
    """
    try:
        with path.open(errors="replace") as file:
            lines = file.read(MOST_BYTES).splitlines()
    except FileNotFoundError:
        return True
    except OSError as error:
        raise LinkError(HostUnreachableError, f"{path} cannot be read: {error.strerror}.") from error
    for line in lines:
        key, _, value = line.strip().replace("=", " ", 1).partition(" ")
        if not key or key.startswith("#") or key.lower() == "host":
            continue
        if key.lower() == "include" and depth < MOST_INCLUDES:
            found = (glob(word, root_dir=path.parent) for word in value.split())  # noqa: PTH207 - Path's takes no absolute one
            included = [each for some in found for each in some]
            if all(says_nothing(path.parent / each, depth + 1) for each in included):
                continue
        if not means_nothing(key.lower(), value.strip()):
            return False
    return True
