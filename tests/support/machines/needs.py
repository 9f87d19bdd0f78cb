"""What to do when a test needs something that this machine lacks."""

import os
import shutil
import socket
from typing import NoReturn

import pytest


def missing(what: str) -> NoReturn:
    """Skip the test; with CI=true fail it, so that nothing is left out unnoticed."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"needs {what}", pytrace=False)
    pytest.skip(f"needs {what}")


def program(name: str) -> str:
    """The path of a program, Debian's own folders first; the test is skipped when there is none."""
    found = shutil.which(name, path="/usr/bin:/usr/sbin:/bin:/sbin") or shutil.which(name)
    return found or missing(f"the program {name}")


def root() -> None:
    if os.geteuid() != 0:
        missing("root")


def free_port(family: socket.AddressFamily = socket.AF_INET) -> int:
    """A TCP port of the loopback interface that nothing listens on."""
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        return int(probe.getsockname()[1])
