"""Storms of signals: the bot lives, takes its configuration up, and ends when it is told to."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from bot.trial.workspace.server import Workspace
from tests.e2e.conftest import write_configuration
from tests.support.conversation import with_text
from tests.support.shell import DECKHAND, started
from tests.support.waiting import SECONDS, wait_until

STORM = (
    "import os, signal, sys\nwhile True:\n    for _ in range(100): os.kill(int(sys.argv[1]), signal.SIGHUP)\n"
)
WATCHED = """
import os, signal, sys, threading
from bot.process.arriving import Arriving

arriving = Arriving(signal.SIGTERM, signal.SIGHUP)
sys.setrecursionlimit(60)
print("ready", flush=True)
count = 0
while arriving.wait() is signal.SIGHUP:
    count += 1
print(count, flush=True)
"""


def test_a_storm_of_hangups_ends_neither_the_bot_nor_its_work(workspace: Workspace, tmp_path: Path) -> None:
    file, log = write_configuration(tmp_path, 'docker = "unix:///nowhere.sock"'), tmp_path / "log"
    with started(DECKHAND, "run", folder=tmp_path, log=log, **workspace.environment) as process:
        # From before it is connected on: it catches them before it reads its configuration.
        wait_until(lambda: caught(process.pid, signal.SIGHUP) or process.poll() is not None)
        storms = [subprocess.Popen([sys.executable, "-c", STORM, str(process.pid)]) for _ in range(2)]
        try:
            wait_until(lambda: " ready: " in log.read_text() or process.poll() is not None)
            file.write_text(file.read_text() + "[hosts.prod-4]\ncontext = 'a'\n")
            wait_until(lambda: "read again: 2 hosts" in log.read_text() or process.poll() is not None)
            workspace.command("U0ANN", "/docker-df")
            with_text(workspace, "2 registered hosts")
        finally:
            for storm in storms:
                storm.kill()
                storm.wait()
        assert process.poll() is None
        process.terminate()
        assert process.wait(SECONDS) == 0
    assert "Traceback" not in log.read_text()


def caught(pid: int, number: signal.Signals) -> bool:
    """Whether a process has a handler for a signal, as the kernel sees it."""
    status = Path(f"/proc/{pid}/status").read_text()
    mask = int(status.partition("SigCgt:")[2].split()[0], 16)
    return bool(mask >> (number - 1) & 1)


def test_signals_never_nest_and_the_last_one_is_not_lost() -> None:
    with subprocess.Popen([sys.executable, "-c", WATCHED], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        for _ in range(20_000):
            os.kill(process.pid, signal.SIGHUP)
        process.terminate()
        assert process.wait(SECONDS) == 0
        assert int(process.stdout.read()) >= 1


GIVEN_TO_ANOTHER = """
import signal, threading, time
from bot.process.arriving import Arriving

def other():
    time.sleep(0.5)  # until the main thread waits
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
    time.sleep(60)

arriving = Arriving(signal.SIGTERM)
threading.Thread(target=other, daemon=True).start()
print(arriving.wait().name)
"""


def test_a_signal_that_the_system_gives_to_another_thread_is_noticed_all_the_same() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", GIVEN_TO_ANOTHER], capture_output=True, text=True, timeout=SECONDS, check=True
    )
    assert ended.stdout == "SIGTERM\n"
