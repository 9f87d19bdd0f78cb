"""The keys to log in with: identity files first, then what the SSH agent holds."""

import base64
import io
import os
import shlex
import stat
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paramiko
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from bot.engines.ssh.config.route import Credentials
from bot.engines.ssh.login import certificates
from bot.engines.ssh.login.agent import Agent, AgentError, HeldKey
from bot.engines.ssh.login.certificates import Certificate

PASSPHRASE = "DECKHAND_SSH_PASSPHRASE"  # noqa: S105 - the variable's name
MOST_KEYS = 5
"""OpenSSH's servers hang up after six attempts, and the last would hide the cause."""
OTHERS = stat.S_IRWXG | stat.S_IRWXO
PUBLIC = ".pub"
MOST_BYTES = 64 * 1024


@dataclass(slots=True)
class _Found:
    """What the files hold."""

    keys: dict[bytes, paramiko.PKey] = field(default_factory=dict)
    """By their public halves."""
    named: dict[bytes, Path] = field(default_factory=dict)
    """Public halves of keys that only the agent can hold."""
    certificates: list[Certificate] = field(default_factory=list)


class Keyring:
    """Identity files, each read once: an encrypted key takes about 0.14 s."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys: dict[Path, paramiko.PKey] = {}

    def candidates(self, credentials: Credentials, problems: list[str]) -> Iterator[paramiko.PKey]:
        """The keys in the order to offer them; why something cannot be used joins problems.

        The agent is asked once the files are used up. Certificates come before their keys, but for those that do
        not hold now: they come last, and so hide nothing.
        """
        problems += credentials.missing
        found = self._found(credentials, problems)
        late: list[paramiko.PKey] = []
        yield from _certified(found.certificates, found.keys, late, problems)
        yield from found.keys.values()
        held = _agent(credentials, problems)
        if held is None:
            problems += [f"{path} is a public key, whose agent is not there" for path in found.named.values()]
            yield from late
            return
        with closing(held):
            yield from _held(held.held, credentials, found, late, problems)
            yield from late

    def _found(self, credentials: Credentials, problems: list[str]) -> _Found:
        found = _Found()
        beside: list[Path] = []
        for path in credentials.identities:
            itself = _public(path)
            public = itself or _public(path.with_name(path.name + PUBLIC))
            agents = itself is not None or (public is not None and not path.exists())
            key = None if agents else self._load(path, problems)
            if key is not None:
                found.keys.setdefault(key.asbytes(), key)
            elif public is not None:
                found.named.setdefault(public, path)
            certificate = path.with_name(f"{path.name.removesuffix(PUBLIC)}-cert.pub")
            if certificate.exists():
                beside.append(certificate)
        for path in dict.fromkeys([*(each for each in credentials.certificates if each.exists()), *beside]):
            if (told := certificates.read(path, problems)) is not None:
                found.certificates.append(told)
        return found

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


def _held(
    keys: Sequence[HeldKey],
    credentials: Credentials,
    found: _Found,
    late: list[paramiko.PKey],
    problems: list[str],
) -> Iterator[paramiko.PKey]:
    """Of the agent's keys those first that are named, and certificates before them."""
    plain = {key.asbytes(): key for key in keys if not key.certificate and key.asbytes() not in found.keys}
    yield from _certified(found.certificates, plain, late, problems)
    for key in keys:
        told = certificates.told_by_agent(key, problems) if key.certificate else None
        if told and (not credentials.only_identities or told.speaks_for in found.named | found.keys):
            yield from _certified([told], {told.speaks_for: key}, late, problems)
    for blob, path in found.named.items():
        if blob in plain:
            yield plain[blob]
        else:
            problems.append(f"the SSH agent does not hold the key {path}")
    if not credentials.only_identities:
        yield from (key for blob, key in plain.items() if blob not in found.named)


def _certified(
    told: Sequence[Certificate],
    keys: Mapping[bytes, paramiko.PKey],
    late: list[paramiko.PKey],
    problems: list[str],
) -> Iterator[paramiko.PKey]:
    """The keys with each certificate that speaks for one of them; those that do not hold now join ``late``."""
    for certificate in told:
        key = keys.get(certificate.speaks_for)
        if key is None:
            continue
        if certificate.holds:
            yield certificate.on(key)
        else:
            late.append(certificate.on(key))
            problems.append(certificate.trouble())


def _agent(credentials: Credentials, problems: list[str]) -> Agent | None:
    if credentials.agent is None or not credentials.agent.exists():
        return None  # a leftover of a session that has ended
    try:
        return Agent(credentials.agent)
    except AgentError as error:
        problems.append(str(error).removesuffix("."))
        return None


def _public(path: Path) -> bytes | None:
    """The public key that a file holds; None where it holds none."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            kind, blob, *_ = file.read(MOST_BYTES).split()
        decoded = base64.b64decode(blob, validate=True)
    except (OSError, ValueError):  # and binascii.Error
        return None
    return decoded if kind in decoded else None


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
        pass  # which is among what is missing
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
    """The key alone: paramiko's own reader takes a certificate beside it too, and fails with that."""
    with path.open("rb") as file:
        data = file.read(MOST_BYTES)
    password: Any = secret.encode() if secret else None  # annotated as str, and works with bytes only
    try:
        loaded: object = serialization.load_ssh_private_key(data, password)
    except ValueError:
        loaded = serialization.load_pem_private_key(data, password)
    # paramiko's own reader fails at some ECDSA keys without a comment, whose padding it takes for more.
    if isinstance(loaded, EllipticCurvePrivateKey):
        return paramiko.ECDSAKey(vals=(loaded, loaded.public_key()))
    if isinstance(loaded, RSAPrivateKey):
        return paramiko.RSAKey(key=loaded)
    if isinstance(loaded, Ed25519PrivateKey):
        return paramiko.Ed25519Key.from_private_key(io.StringIO(data.decode()), password=password)
    raise paramiko.SSHException("a key of a kind that paramiko cannot read")
