"""The keys to log in with: identity files first, then what the SSH agent holds."""

import os
import shlex
import stat
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import paramiko

from bot.engines.ssh.agent import Agent, AgentError, agent

PASSPHRASE = "DECKHAND_SSH_PASSPHRASE"  # noqa: S105 - the variable's name
MOST_KEYS = 5
"""OpenSSH's servers hang up after six attempts, and the last would hide the cause."""
OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Keyring:
    """Identity files, each read once: an encrypted key takes about 0.14 s."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys: dict[Path, paramiko.PKey] = {}

    @contextmanager
    def candidates(self, identities: Sequence[Path], problems: list[str]) -> Iterator[list[paramiko.PKey]]:
        """At most MOST_KEYS keys in the order to offer them; why a file cannot be used joins problems."""
        keys = [key for key in (self._load(path, problems) for path in identities) if key is not None]
        held = _agent(problems)
        if held is None:
            yield keys[:MOST_KEYS]
            return
        with closing(held):
            known = {key.asbytes() for key in keys}
            keys += [key for key in held.get_keys() if key.asbytes() not in known]
            yield keys[:MOST_KEYS]

    def _load(self, path: Path, problems: list[str]) -> paramiko.PKey | None:
        if not _private(path, problems):
            return None
        with self._lock:
            if path not in self._keys:
                key = _read(path, problems)
                if key is None:
                    return None
                self._keys[path] = key
            return self._keys[path]


def _agent(problems: list[str]) -> Agent | None:
    try:
        return agent()
    except AgentError as error:
        problems.append(str(error).removesuffix("."))
        return None


def _private(path: Path, problems: list[str]) -> bool:
    """Whether the file may be read, by the rule of ssh: one of ours that others may touch is no secret.

    Asked at each login, since a file's mode can change.
    """
    try:
        found = path.stat()
    except OSError:
        return True  # reading it says why
    if not stat.S_ISREG(found.st_mode):
        problems.append(f"{path} is no file")
        return False
    if found.st_uid == os.getuid() and found.st_mode & OTHERS:
        problems.append(
            f"the permissions {stat.S_IMODE(found.st_mode):04o} of {path} are too open: others can read the "
            f"key, and it is ignored. Run: chmod 600 {shlex.quote(str(path))}"
        )
        return False
    return True


def _read(path: Path, problems: list[str]) -> paramiko.PKey | None:
    secret = os.environ.get(PASSPHRASE)
    try:
        return _parse(path, secret)
    except FileNotFoundError:
        problems.append(f"{path} does not exist")
    except OSError as error:
        problems.append(f"{path} cannot be read ({error.strerror})")
    except TypeError:
        # cryptography's way to say that a passphrase is needed, or that none is.
        if secret is None:
            problems.append(f"{path} is encrypted; set {PASSPHRASE} or load it into the SSH agent")
            return None
        return _read_plain(path, problems)
    except (ValueError, paramiko.SSHException) as error:
        hint = f" with the passphrase in {PASSPHRASE}" if secret else ""
        problems.append(f"{path} cannot be read{hint} ({type(error).__name__})")
    return None


def _read_plain(path: Path, problems: list[str]) -> paramiko.PKey | None:
    """A key without a passphrase while one is set for another key."""
    try:
        return _parse(path, None)
    except (OSError, TypeError, ValueError, paramiko.SSHException) as error:
        problems.append(f"{path} cannot be read ({type(error).__name__})")
        return None


def _parse(path: Path, secret: str | None) -> paramiko.PKey:
    """The key, with the certificate that lies beside it as ``…-cert.pub`` if there is one."""
    password: Any = secret.encode() if secret else None  # annotated as str, and works with bytes only
    return paramiko.PKey.from_path(path, password)
