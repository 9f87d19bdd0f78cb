"""OpenSSH's known_hosts files: which keys a server may show.

paramiko's own reader fails on ``@cert-authority`` lines, knows no wildcards, and is quadratic.
"""

import base64
import binascii
import hashlib
import hmac
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from bot.core.errors import HostKeyError, UntrustedKeyError
from bot.engines.failures import LinkError
from bot.process import private

SSH_PORT = 22
PARTS = 3


@dataclass(slots=True, kw_only=True)
class KnownKeys:
    """What the files say about one server: key blobs by type, revoked blobs, certificate authorities."""

    by_type: dict[str, set[bytes]] = field(default_factory=dict)
    revoked: set[bytes] = field(default_factory=set)
    authority: bool = False
    missing: tuple[str, ...] = ()
    """Of the files that are named, those that do not exist, a sentence each."""


def fingerprint(blob: bytes) -> str:
    """As ``ssh-keygen -l`` prints it: ``SHA256:…``."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def server_name(host: str, port: int) -> str:
    """The name under which known_hosts files list a server."""
    return host.lower() if port == SSH_PORT else f"[{host.lower()}]:{port}"


def known_keys(name: str, files: Sequence[Path]) -> KnownKeys:
    """Everything that the files (those that exist) say about the server of that name."""
    known = KnownKeys()
    for path in files:
        try:
            text = path.read_text(errors="replace")
        except FileNotFoundError:
            continue
        except OSError as error:
            raise LinkError(
                HostKeyError, f"the known hosts file {path} cannot be read: {error.strerror}."
            ) from error
        for line in text.splitlines():
            _take(known, name, line)
    return known


def trusted_keys(name: str, pins: Path | None, files: Sequence[Path]) -> KnownKeys:
    """What counts for the server of that name: Deckhand's own pins where there are any, else known_hosts.

    A key that any of the files revokes is revoked.
    """
    known = known_keys(name, files)
    if pins is not None and (pinned := known_keys(name, [pins])).by_type:
        return KnownKeys(by_type=pinned.by_type, revoked=pinned.revoked | known.revoked)
    return known


def pin(pins: Path, shown: "ShownKey") -> None:
    """Write the key into Deckhand's own file, in the place of what it held for that server."""
    kept = []
    if pins.exists():
        for line in pins.read_text(errors="replace").splitlines():
            words = line.split()
            if not words or words[0] != shown.name:
                kept.append(line)
    kept.append(f"{shown.name} {shown.type} {base64.b64encode(shown.blob).decode()}")
    private.make_folder(pins.absolute().parent)
    # In the same folder, for our eyes only, and in the place of the old one as a whole.
    number, beside = tempfile.mkstemp(prefix=f".{pins.name}.", dir=pins.parent)
    try:
        with os.fdopen(number, "w") as file:
            file.write("\n".join(kept) + "\n")
            file.flush()
            os.fsync(number)
        Path(beside).replace(pins)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def _take(known: KnownKeys, name: str, line: str) -> None:
    words = line.split()
    if not words or words[0].startswith("#"):
        return
    marker = words.pop(0) if words[0].startswith("@") else ""
    if len(words) < PARTS or not _matches(words[0], name):
        return
    try:
        blob = base64.b64decode(words[2], validate=True)
    except binascii.Error:
        return
    if marker == "@cert-authority":
        known.authority = True
    elif marker == "@revoked":
        known.revoked.add(blob)
    elif not marker:
        known.by_type.setdefault(words[1], set()).add(blob)


def _matches(patterns: str, name: str) -> bool:
    """Whether the first field of a line (names, wildcards, exclusions, or one hash) means ``name``."""
    if patterns.startswith("|1|"):
        return _hash_matches(patterns, name)
    found = False
    for pattern in patterns.lower().split(","):
        # In a known_hosts pattern brackets are plain characters; only * and ? are special.
        plain = pattern.lstrip("!").replace("[", "[[]")
        if fnmatchcase(name, plain):
            if pattern.startswith("!"):
                return False
            found = True
    return found


def _hash_matches(pattern: str, name: str) -> bool:
    try:
        _, _, salt, digest = pattern.split("|")
        wanted = base64.b64decode(digest, validate=True)
        # SHA-1 is what the file format prescribes; it hides names, it protects no key.
        found = hmac.new(base64.b64decode(salt, validate=True), name.encode(), hashlib.sha1).digest()
    except ValueError:
        return False
    return hmac.compare_digest(found, wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownKey:
    """The key with which a server introduced itself, and the address under which it did."""

    name: str
    host: str
    port: int
    type: str
    blob: bytes

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.blob)

    def trusted(self, known: KnownKeys) -> bool:
        """Whether it is known; LinkError when it is revoked."""
        if self.blob in known.revoked:
            raise LinkError(
                HostKeyError,
                f"the key of {self.name}, {fingerprint(self.blob)}, is revoked in known_hosts. "
                "Do not use this server.",
            )
        return self.blob in known.by_type.get(self.type, ())

    def check(self, known: KnownKeys) -> None:
        """Accept the key, or raise LinkError with HostKeyError's sentence."""
        if not self.trusted(known):
            raise LinkError(UntrustedKeyError, self._untrusted(known))

    def _untrusted(self, known: KnownKeys) -> str:
        """What is wrong; UntrustedKeyError adds the command that pins the key."""
        shown = f"{self.fingerprint} ({self.type})"
        by_hand = f"Add the line of “ssh-keyscan -p {self.port} {self.host}” to known_hosts"
        if known.by_type:
            same = known.by_type.get(self.type) or next(iter(known.by_type.values()))
            pinned = " or ".join(sorted(fingerprint(each) for each in same))
            return (
                f"the key of {self.name} has changed: it shows {shown}, known_hosts says {pinned}. "
                "Either the machine was set up anew or somebody is in between: ask its owner. "
                f"{by_hand} in the place of the old one if that is right"
            )
        if known.authority:
            return (
                f"{self.name} is known only through a certificate authority (@cert-authority), which "
                f"Deckhand does not read. It shows {shown}; compare that with the machine's own. {by_hand}"
            )
        missing = f" ({'; '.join(known.missing)})" if known.missing else ""
        return (
            f"the key of {self.name} is not known{missing}. It shows {shown}; compare that with the machine's own. "
            f"{by_hand}"
        )
