"""``deckhand run`` beside who watches it: probes in both modes, the shell's own, and the service manager."""

import json
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot.trial.workspace.server import Workspace
from tests.support.machines.needs import free_port
from tests.support.machines.postgres import private_postgres
from tests.support.shell import DECKHAND, deckhand, started
from tests.support.waiting import SECONDS, wait_until
from tests.telemetry.asking import asked

CONFIGURATION = """
[hosts.prod-3]
docker = "unix:///nowhere.sock"
[slack]
listen = "127.0.0.1:{http}"
[metrics]
listen = "127.0.0.1:{port}"
"""


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def folder(tmp_path: Path, port: int) -> Path:
    (tmp_path / "deckhand.toml").write_text(CONFIGURATION.format(port=port, http=free_port()))
    return tmp_path


def tokens(workspace: Workspace, mode: str) -> Mapping[str, str]:
    more = (
        {"SLACK_APP_TOKEN": workspace.app_token} if mode == "socket" else {"SLACK_SIGNING_SECRET": "x" * 32}
    )
    return {"SLACK_BOT_TOKEN": workspace.bot_token, "SLACK_API_URL": workspace.api_url, **more}


@contextmanager
def running(
    folder: Path, workspace: Workspace, mode: str = "socket", **more: str
) -> Iterator["subprocess.Popen[bytes]"]:
    environment = {**tokens(workspace, mode), **more}
    with started(DECKHAND, "run", folder=folder, log=folder / "log", **environment) as process:
        yield process


@pytest.mark.parametrize("mode", ["socket", "http"])
def test_in_both_modes_a_bot_that_is_connected_lives_and_is_ready(
    folder: Path, workspace: Workspace, port: int, mode: str
) -> None:
    with running(folder, workspace, mode):
        wait_until(lambda: asked(port, "/readyz")[0] == 200)
        assert asked(port, "/livez") == (200, "ok")
        assert json.loads(asked(port, "/readyz")[1]) == {"ready": True, "in_the_way": {}}
        told = deckhand("health", folder=folder)
        assert (told.returncode, told.stdout) == (0, "ready\n")
    told = deckhand("health", folder=folder)
    assert told.returncode == 1
    assert f"No Deckhand answers at 127.0.0.1:{port}: Connection refused." in told.stderr


def test_a_database_that_goes_away_is_not_ready_and_the_process_lives(
    folder: Path, workspace: Workspace, port: int
) -> None:
    with private_postgres() as server:
        server.create_database("mine")
        with running(folder, workspace, DECKHAND_DATABASE_URL=server.url("mine")):
            wait_until(lambda: asked(port, "/readyz")[0] == 200)
            server.stop()
            wait_until(lambda: asked(port, "/readyz")[0] == 503)
            assert [*json.loads(asked(port, "/readyz")[1])["in_the_way"]] == ["database"]
            assert asked(port, "/livez") == (200, "ok")
            told = deckhand("health", folder=folder)
            assert told.returncode == 1
            assert "Deckhand is not ready. database: The audit database" in told.stderr
            server.start()
            wait_until(lambda: asked(port, "/readyz")[0] == 200)


def test_without_slack_it_is_not_ready(folder: Path, workspace: Workspace, port: int) -> None:
    with running(folder, workspace):
        wait_until(lambda: asked(port, "/readyz")[0] == 200)
        workspace.stop()
        wait_until(lambda: asked(port, "/readyz")[0] == 503)
        assert json.loads(asked(port, "/readyz")[1])["in_the_way"] == {"slack": "is not connected"}
        assert asked(port, "/livez") == (200, "ok")


def test_the_service_manager_hears_of_the_start_the_life_and_the_end(
    folder: Path, workspace: Workspace
) -> None:
    with TemporaryDirectory(prefix="dh-", dir="/tmp") as short, socket.socket(
        socket.AF_UNIX, socket.SOCK_DGRAM
    ) as manager:  # fmt: skip
        place = os.path.join(short, "notify")  # noqa: PTH118 - a socket's address is text
        manager.bind(place)
        manager.settimeout(SECONDS)
        with running(folder, workspace, NOTIFY_SOCKET=place, WATCHDOG_USEC="400000") as process:
            assert [manager.recv(100) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]
            process.terminate()
            assert process.wait(SECONDS) == 0
        heard = set()
        manager.settimeout(0)
        with suppress(BlockingIOError):
            while True:
                heard.add(manager.recv(100))
        assert heard <= {b"STOPPING=1", b"WATCHDOG=1"}
        assert b"STOPPING=1" in heard


def test_an_address_that_somebody_wrote_and_cannot_be_had_ends_the_start(
    folder: Path, workspace: Workspace, port: int
) -> None:
    with socket.create_server(("127.0.0.1", port)), running(folder, workspace) as process:
        assert process.wait(SECONDS) == 2
    assert f"deckhand: 127.0.0.1:{port} cannot be listened on" in (folder / "log").read_text()


def test_the_address_that_nobody_wrote_may_be_taken(folder: Path, workspace: Workspace) -> None:
    file = folder / "deckhand.toml"
    file.write_text(file.read_text().partition("[metrics]")[0])
    with running(folder, workspace), running(second := copied(folder), workspace):
        both = (folder / "log", second / "log")
        wait_until(lambda: all(each.exists() and " ready: " in each.read_text() for each in both))
    assert "health and metrics are not answered: 127.0.0.1:9797 cannot" in "".join(
        each.read_text() for each in both
    )


def copied(folder: Path) -> Path:
    (folder / "second").mkdir()
    shutil.copy(folder / "deckhand.toml", folder / "second")
    return folder / "second"


def test_where_it_is_off_nobody_listens(folder: Path, workspace: Workspace, port: int) -> None:
    file = folder / "deckhand.toml"
    file.write_text(file.read_text().replace(f"127.0.0.1:{port}", "off"))
    with running(folder, workspace):
        wait_until(lambda: (folder / "log").exists() and " ready: " in (folder / "log").read_text())
        assert "health and metrics" not in (folder / "log").read_text()
    told = deckhand("health", folder=folder)
    assert (told.returncode, '[metrics] listen is "off"' in told.stderr) == (1, True)


def test_what_answers_there_and_is_no_deckhand_is_said(folder: Path, port: int) -> None:
    with socket.create_server(("127.0.0.1", port)) as other:

        def answer() -> None:
            link, _ = other.accept()
            with link:
                link.recv(4096)
                link.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")

        threading.Thread(target=answer, daemon=True).start()
        told = deckhand("health", folder=folder)
    assert told.returncode == 1
    assert f"What answers at 127.0.0.1:{port} is no Deckhand." in told.stderr
