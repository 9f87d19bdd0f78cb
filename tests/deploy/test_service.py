"""deploy/deckhand.service: checked by systemd's own tools, and run by a real one in a Debian of its own."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.trial.workspace.server import Workspace
from tests.deploy.wheel import tracked
from tests.manual.pages import ROOT, script, sections
from tests.support.conversation import with_text
from tests.support.machines.debian import debian, imported, python_of, wheels
from tests.support.machines.engine import PrivateEngine
from tests.support.machines.needs import free_port, program
from tests.support.shell import DECKHAND, started
from tests.support.waiting import wait_until

UNIT = ROOT / "deploy" / "deckhand.service"
INSTALLED = "/usr/local/bin/deckhand"
BLOCKS = sections()["As a service of systemd"]
WITHOUT_WRITABLE_CODE = """
import ctypes, os, sys
PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN = 65, 1
if ctypes.CDLL(None).prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0):
    sys.exit("this kernel cannot do that")
os.execv(sys.argv[1], sys.argv[1:])
"""
"""What MemoryDenyWriteExecute does, by the kernel's own means (since 6.3)."""


def test_systemd_understands_every_line_of_the_unit(tmp_path: Path) -> None:
    text = UNIT.read_text(encoding="utf-8")
    assert f"ExecStart={INSTALLED} run" in text
    (tmp_path / UNIT.name).write_text(text.replace(INSTALLED, DECKHAND))
    ended = subprocess.run(
        [program("systemd-analyze"), "verify", tmp_path / UNIT.name],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_systemd_finds_little_that_the_service_could_do_without() -> None:
    ended = subprocess.run(
        [program("systemd-analyze"), "security", "--offline=true", "--threshold=20", UNIT],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout
    found = re.search(r"Overall exposure level for deckhand.service: ([0-9.]+)", ended.stdout)
    assert found is not None
    assert float(found[1]) <= 2.0


def test_the_bot_runs_where_no_memory_is_ever_both_written_and_executed(folder: Path) -> None:
    with Workspace() as workspace:
        command = ("-c", WITHOUT_WRITABLE_CODE, DECKHAND, "run")
        with started(
            sys.executable, *command, folder=folder, log=folder / "log", **workspace.environment
        ) as process:
            wait_until(lambda: " ready: " in (folder / "log").read_text() or process.poll() is not None)
            said = (folder / "log").read_text()
            if "this kernel cannot do that" in said:
                pytest.skip("needs Linux 6.3")
            assert " ready: " in said
            workspace.command("U0ANN", "/docker-df", "prod-3")
            with_text(workspace, "can go now")


JOURNAL = "journalctl --no-pager --lines=30 --output=cat"
Inside = Callable[..., str]


@pytest.fixture
def inside(engine: PrivateEngine, folder: Path) -> Iterator[Inside]:
    """A function that runs a shell's commands beside a systemd of its own, as root of a whole Debian.

    It sees this checkout's files in /checkout, packages in /packages, and this machine's loopback interface.
    """
    tree = debian("python3", "python3-venv", "python3-pip", "ca-certificates", "systemd", "openssl")
    image = imported(engine, tree)
    container = engine.docker(
        "run", "--detach", "--network=host", "--cgroupns=private", "--cap-add=SYS_ADMIN", "--cap-add=SYS_PTRACE",
        "--security-opt=seccomp=unconfined", "--security-opt=apparmor=unconfined", "--tmpfs=/run:exec",
        "--tmpfs=/run/lock", "--tmpfs=/tmp", "--env=container=docker", "--stop-signal=SIGRTMIN+3",
        "--volume=/sys/fs/cgroup:/sys/fs/cgroup:ro", f"--volume={wheels(python_of(tree))}:/packages:ro",
        f"--volume={folder}:/folder", image, "/lib/systemd/systemd",
    )  # fmt: skip
    with subprocess.Popen(["tar", "--create", *tracked()], cwd=ROOT, stdout=subprocess.PIPE) as packed:
        assert packed.stdout is not None
        (folder / "checkout.tar").write_bytes(packed.stdout.read())

    def run(commands: str, **environment: str) -> str:
        variables = [f"--env={name}={value}" for name, value in environment.items()]
        command = [container, "bash", "-c"]
        try:
            return engine.docker("exec", *variables, *command, script(commands), seconds=600)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{engine.docker('exec', *command, JOURNAL)}") from error

    try:
        wait_until(lambda: answers(run))
        # As on a machine that has booted; in a container systemd leaves that as it is, and hands over no credentials.
        run("mount --make-rshared /")
        run("mkdir /checkout; tar --extract --directory=/checkout --file=/folder/checkout.tar")
        yield run
    finally:
        engine.docker("rm", "--force", container)


def answers(run: Inside) -> bool:
    try:
        return run("systemctl is-system-running --wait").endswith("running")
    except AssertionError:
        return False


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_the_manual_brings_the_service_up_replaces_it_and_removes_it(inside: Inside, folder: Path) -> None:
    install, others, replace, remove = BLOCKS
    configuration = (
        f'[hosts.prod-3]\ndocker = "tcp://127.0.0.1:1"\n[metrics]\nlisten = "127.0.0.1:{free_port()}"\n'
    )
    (folder / "given.toml").write_text(configuration)
    with Workspace() as workspace:
        environment = {
            "SLACK_BOT_TOKEN": workspace.bot_token, "SLACK_APP_TOKEN": workspace.app_token, "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": "/packages",
        }  # fmt: skip
        (folder / "slack.conf").write_text(
            f"[Service]\nEnvironment=SLACK_API_URL={workspace.api_url}\nWatchdogSec=10s\nRestartSec=100ms\n"
        )
        inside("install -D --target-directory=/etc/systemd/system/deckhand.service.d /folder/slack.conf")
        inside(f"cd /checkout; cp /folder/given.toml deckhand.toml\n{install}", **environment)
        assert inside("systemctl is-active deckhand") == "active"
        assert "prod-3" in inside(others)
        first = main_process(inside)
        status = inside(f"cat /proc/{first}/status")
        for line in ("NoNewPrivs:\t1", "CapEff:\t0000000000000000", "Seccomp:\t2"):
            assert line in status
        assert workspace.bot_token not in inside(f"tr '\\0' '\\n' </proc/{first}/environ")
        inside(f"cd /checkout; {replace}", **environment)
        second = main_process(inside)
        assert second != first
        inside(
            f"kill -STOP {second}"
        )  # a process that hangs is ended by the watchdog, and another one started
        wait_until(lambda: main_process(inside) not in {"0", second})
        inside(remove)
        assert "deckhand.db" in inside("ls /var/lib/deckhand").split()
        assert inside("test -e /usr/local/bin/deckhand || echo gone") == "gone"


def main_process(inside: Inside) -> str:
    return inside("systemctl show --property=MainPID --value deckhand")
