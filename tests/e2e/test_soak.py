"""Half an hour of a busy bot: what it holds of the machine does not grow.

DECKHAND_SOAK_MINUTES=5 tests/run --long tests/e2e/test_soak.py is a shorter one.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from functools import partial
from pathlib import Path
from statistics import median

import psycopg
import pytest

from bot.trial.workspace.messages import Message
from bot.trial.workspace.server import Workspace
from tests.e2e.conftest import write_configuration
from tests.services.bench import imported
from tests.support.conversation import action_ids, shown
from tests.support.machines.engine import PrivateEngine
from tests.support.machines.needs import free_port
from tests.support.machines.postgres import USER, PrivatePostgres, private_postgres
from tests.support.shell import DECKHAND, started
from tests.support.waiting import wait_until
from tests.telemetry.asking import asked

ANN, BOB = "U0ANN", "U0BOB"
SECONDS = 60 * float(os.environ.get("DECKHAND_SOAK_MINUTES", "30"))
WATCH = '[watch]\nevery = "1m"\nvolumes_every = "1m"\n'
"""So that a history is soon long enough to be drawn: what draws keeps its fonts from then on."""
PATIENCE = 90.0
"""Seconds for each thing that is waited for: a database that comes back is found within its pauses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the process holds of the machine."""

    memory: float
    """Bytes that are its own (resident, less what it shares with others)."""
    threads: float
    descriptors: float
    connections: float
    """To the database."""
    files: float
    """Beside its configuration."""


MORE = Held(memory=16e6, threads=4, descriptors=6, connections=2, files=0)
"""What may be there more at the end than after the first quarter: an allocator's and a pool's own back and forth."""


def held(process: int, server: PrivatePostgres, database: str, folder: Path) -> Held:
    about = Path(f"/proc/{process}")
    memory = sum(
        int(line.split()[1]) * 1_000
        for line in (about / "smaps_rollup").read_text().splitlines()
        if line.startswith("Private_")
    )
    with psycopg.connect(host=str(server.directory), user=USER, dbname="postgres") as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = %s", (database,)
        ).fetchone()
    return Held(
        memory=memory,
        threads=len(list((about / "task").iterdir())),
        descriptors=len(list((about / "fd").iterdir())),
        connections=row[0] if row else 0,
        files=len(list(folder.iterdir())),
    )


@dataclass(slots=True, kw_only=True)
class Day:
    """What people and machines do, over and over."""

    workspace: Workspace
    engine: PrivateEngine
    server: PrivatePostgres
    process: "subprocess.Popen[bytes]"
    configuration: Path
    port: int
    number: int = 0

    def round(self) -> None:
        self.number += 1
        self._a_cleanup(f"job-{self.number}")
        for words in ("prod-3", "prod-3 history", "all"):
            self._said(partial(self.workspace.command, ANN, "/docker-df", words), "prod-3")
        self.workspace.open_home(BOB)
        if self.number % 5 == 0:
            text = self.configuration.read_text()
            self.configuration.write_text(f"{text.partition('# round')[0]}# round {self.number}\n")
            self.process.send_signal(signal.SIGHUP)
        if self.number % 7 == 0:
            self.workspace.hang_up_all()
            self._until(lambda: self.workspace.connections >= 1)
        if self.number % 20 == 0:
            self.server.stop()
            self.server.start()
        self._until(lambda: asked(self.port, "/readyz")[0] == 200)

    def _a_cleanup(self, name: str) -> None:
        self.engine.created("base:latest", "--name", name)
        asked_for = "prod-3 everything only=container"
        self._said(partial(self.workspace.command, ANN, "/docker-prune", asked_for), name)
        plan = next(each for each in reversed(self.workspace.messages()) if "approve" in action_ids(each))
        self.workspace.click(BOB, plan.ts, "approve")
        self._until(lambda: "done" in shown(self.workspace.message(plan.ts)))

    def _said(self, act: Callable[[], object], text: str) -> None:
        """Do it, and wait for a new message that says this."""
        before = {each.ts for each in self.workspace.messages()}

        def new() -> Iterator[Message]:
            return (each for each in self.workspace.messages() if each.ts not in before)

        act()
        self._until(lambda: any(text in shown(each) for each in new()))

    def _until(self, condition: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE
        while not condition():
            assert self.process.poll() is None, "the bot has ended"
            assert time.monotonic() < until, f"round {self.number}: waited in vain; last said: {self._last()}"
            time.sleep(0.02)

    def _last(self) -> Sequence[str]:
        private = [each.text for user in (ANN, BOB) for each in self.workspace.ephemerals(user)[-2:]]
        return [*private, *(each.text for each in self.workspace.messages()[-2:])]


def grown(found: Sequence[Held]) -> Held:
    """How much more there is in the last quarter than in the second, in the middle of each."""
    quarter = len(found) // 4
    late, early = found[-quarter:], found[quarter : 2 * quarter]
    return Held(
        **{
            each.name: median(getattr(one, each.name) for one in late)
            - median(getattr(one, each.name) for one in early)
            for each in fields(Held)
        }
    )


@pytest.mark.long
@pytest.mark.timeout(2 * SECONDS + 600)
def test_half_an_hour_of_looks_cleanups_reloads_and_interruptions_leaves_nothing_behind(
    workspace: Workspace, clean_engine: PrivateEngine, tmp_path: Path
) -> None:
    imported(clean_engine)
    port = free_port()
    with private_postgres() as server:
        database = server.new_database()
        file = write_configuration(tmp_path, f'docker = "{clean_engine.url}"', server.url(database))
        file.write_text(file.read_text().replace('listen = "off"', f'listen = "127.0.0.1:{port}"') + WATCH)
        with started(DECKHAND, "run", folder=tmp_path, log=tmp_path / "log", **workspace.environment) as bot:
            wait_until(lambda: asked(port, "/readyz")[0] == 200)
            day = Day(
                workspace=workspace, engine=clean_engine, server=server, process=bot, configuration=file,
                port=port,
            )  # fmt: skip
            found: list[Held] = []
            until = time.monotonic() + SECONDS
            while time.monotonic() < until or day.number < 12:
                day.round()
                found.append(held(bot.pid, server, database, tmp_path))
            bot.terminate()
            assert bot.wait(PATIENCE) == 0
    more = grown(found)
    print(f"\n{day.number} rounds; at the end {found[-1]}; more than after a quarter: {more}")  # noqa: T201
    assert all(now <= most for now, most in zip(astuple(more), astuple(MORE), strict=True)), more
    assert "Traceback" not in (tmp_path / "log").read_text()
