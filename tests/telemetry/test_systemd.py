"""What the service manager is told: by the protocol's datagrams, and only where one listens."""

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot.process.systemd import ALIVE, READY, Manager


@pytest.fixture
def place() -> Iterator[Path]:
    with TemporaryDirectory(prefix="dh-", dir="/tmp") as folder:  # a socket's path is short
        yield Path(folder) / "notify"


@pytest.fixture
def manager(place: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(place))
        listening.settimeout(20)
        yield listening


def test_it_is_told_in_datagrams(manager: socket.socket, place: Path) -> None:
    Manager({"NOTIFY_SOCKET": str(place)}).tell(READY, "STATUS=fine")
    assert manager.recv(100) == b"READY=1\nSTATUS=fine"


def test_a_name_that_is_in_no_file_system_is_one_too() -> None:
    name = f"deckhand-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0{name}")
        listening.settimeout(20)
        Manager({"NOTIFY_SOCKET": f"@{name}"}).tell(READY)
        assert listening.recv(100) == b"READY=1"


def test_the_watchdog_is_fed_while_the_process_lives_and_no_longer(
    manager: socket.socket, place: Path
) -> None:
    dead = [""]
    environment = {"NOTIFY_SOCKET": str(place), "WATCHDOG_USEC": "20000", "WATCHDOG_PID": str(os.getpid())}
    Manager(environment).keep_watch(lambda: dead[0])
    assert [manager.recv(100) for _ in range(3)] == [ALIVE.encode()] * 3
    dead[0] = "the thread “expiry” has ended"
    manager.settimeout(0.5)
    with contextlib.suppress(TimeoutError):
        assert manager.recv(100) == ALIVE.encode()  # what was on its way, and then nothing more
    with pytest.raises(TimeoutError):
        manager.recv(100)


def test_without_a_manager_or_with_one_that_is_gone_nothing_happens(
    place: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Manager({}).tell(READY)
    assert caplog.text == ""
    Manager({"NOTIFY_SOCKET": str(place)}).tell(READY)
    assert "the service manager cannot be told READY=1: No such file or directory" in caplog.text


def test_the_watchdog_of_another_process_is_not_ours(manager: socket.socket, place: Path) -> None:
    environment = {"NOTIFY_SOCKET": str(place), "WATCHDOG_USEC": "20000", "WATCHDOG_PID": "1"}
    Manager(environment).keep_watch(lambda: "")
    manager.settimeout(0.3)
    with pytest.raises(TimeoutError):
        manager.recv(100)
