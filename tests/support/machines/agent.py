"""A real SSH agent of a test's own, and certificates for its keys."""

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.machines.needs import program
from tests.support.machines.sshd import make_key
from tests.support.waiting import wait_until


@contextmanager
def private_agent(path: Path, keys: Sequence[Path] = ()) -> Iterator[Path]:
    """``ssh-agent`` at this socket, with these keys."""
    process = subprocess.Popen([program("ssh-agent"), "-D", "-a", str(path)], stdout=subprocess.DEVNULL)
    try:
        wait_until(path.exists)
        if keys:
            add(path, *keys)
        yield path
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def add(agent: Path, *keys: Path) -> None:
    """With the certificate that lies beside a key, as ssh-add does."""
    subprocess.run(
        [program("ssh-add"), "-q", *map(str, keys)],
        env={**os.environ, "SSH_AUTH_SOCK": str(agent)}, check=True,
    )  # fmt: skip


def certify(authority: Path, key: Path, *, user: str, valid: str = "always:forever") -> Path:
    """Sign a user's public key; the certificate lies beside it, as ``…-cert.pub``."""
    command = [program("ssh-keygen"), "-q", "-s", str(authority), "-I", "test", "-n", user, "-V", valid]
    subprocess.run([*command, str(key.with_suffix(".pub"))], check=True)
    return key.with_name(f"{key.name}-cert.pub")


def some_keys(folder: Path, count: int) -> list[Path]:
    folder.mkdir(exist_ok=True)
    return [make_key(folder / f"key{number}") for number in range(count)]
