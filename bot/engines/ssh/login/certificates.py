"""OpenSSH's user certificates: they lie beside a key, or are named, and speak for it until they expire."""

import base64
import copy
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    SSHCertificate,
    SSHCertificateType,
    load_ssh_public_identity,
)

from bot.engines.ssh.login.agent import HeldKey

MOST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    name: str
    """Where it is; for display only."""
    text: str
    speaks_for: bytes
    """The public key."""
    after: int
    """From and until when it holds, in seconds since 1970."""
    before: int

    @property
    def holds(self) -> bool:
        return self.after <= time.time() < self.before

    def trouble(self) -> str:
        if time.time() >= self.before:
            return (
                f"the certificate {self.name} expired on {datetime.fromtimestamp(self.before, UTC):%Y-%m-%d}"
            )
        return f"the certificate {self.name} is not valid yet"

    def on(self, key: paramiko.PKey) -> paramiko.PKey:
        """The key, offered with the certificate."""
        certified = HeldKey(key.agent, key.blob) if isinstance(key, HeldKey) else copy.copy(key)
        certified.public_blob = paramiko.pkey.PublicBlob.from_string(self.text)
        return certified


def read(path: Path, problems: list[str]) -> Certificate | None:
    """The certificate in a file, or None, and why joins problems."""
    try:
        with path.open("rb") as file:
            text = file.read(MOST_BYTES)
    except OSError as error:
        problems.append(f"the certificate {path} cannot be read ({error.strerror})")
        return None
    return parsed(text.decode(errors="replace").strip(), str(path), problems)


def parsed(text: str, name: str, problems: list[str]) -> Certificate | None:
    """The certificate that a line says, or None, and why joins problems."""
    try:
        found = load_ssh_public_identity(text.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        problems.append(f"{name} is no certificate that can be used ({type(error).__name__})")
        return None
    if not isinstance(found, SSHCertificate) or found.type is not SSHCertificateType.USER:
        problems.append(f"{name} is no certificate of a user")
        return None
    public = found.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return Certificate(
        name=name,
        text=text,
        speaks_for=base64.b64decode(public.split()[1]),
        after=found.valid_after,
        before=found.valid_before,
    )


def told_by_agent(key: HeldKey, problems: list[str]) -> Certificate | None:
    """The certificate that an agent holds with its key."""
    text = f"{key.get_name()} {base64.b64encode(key.blob).decode()}"
    return parsed(text, f"the agent's {key.get_name()}", problems)
