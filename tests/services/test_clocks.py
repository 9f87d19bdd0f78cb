"""Clocks: what is stored is compared with the database's clock, and who else's is far from it is said."""

import ast
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

import bot
from bot.core.clocks import ahead, disagreement
from bot.ports import Ledger
from bot.services.clocks import Clocks

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
MAY_ASK_THIS_MACHINE = {
    "process/clock.py": "what Clocks compares, and what SteadyClock begins at",
    "shell/rules/policy.py": "of `policy explain`, which opens no database: when a window opens, to read",
    "engines/docker/engine.py": "the stand-in for an engine that does not tell its clock",
    "engines/checks/allowed.py": "a moment of which an engine is asked for events, of which none are read",
    "engines/ssh/login/certificates.py": "whether a certificate counts yet or still, which ssh asks this machine too",
    "telemetry/spans.py": "when a span ended, for a collector, which has the clocks of all machines side by side",
    "trial": "a stand-in for Slack and for engines, with their clocks",
}


@dataclass
class Moved:
    """A database and a machine whose clocks a test moves."""

    database: datetime = NOON
    machine: datetime = NOON

    def now(self) -> datetime:
        return self.database

    def clocks(self) -> Clocks:
        return Clocks(ledger=cast("Ledger", self), process=lambda: self.machine)


def warnings(caplog: pytest.LogCaptureFixture) -> Sequence[str]:
    return [record.message for record in caplog.records if record.name == "bot.services.clocks"]


@pytest.mark.parametrize(
    ("shown", "by"),
    [(0, 0), (10, 0), (11, 1), (-1, -1), (3600, 3590), (-3600, -3600)],
)
def test_a_clock_is_wrong_only_by_what_it_cannot_have_shown_meanwhile(shown: int, by: int) -> None:
    assert ahead(NOON + shown * SECOND, NOON, NOON + 10 * SECOND) == by * SECOND


def test_thirty_seconds_are_near_enough_and_more_are_said() -> None:
    assert disagreement("x", 30 * SECOND) is None
    assert disagreement("x", -30 * SECOND) is None
    assert str(disagreement("x", 31 * SECOND)).startswith(
        "The clock of x is 31 seconds ahead of the database's."
    )
    assert str(disagreement("x", -32 * MINUTE)).startswith(
        "The clock of x is 32 minutes behind the database's."
    )


@pytest.mark.parametrize("by", [-32 * MINUTE, 300 * MINUTE])
def test_a_machine_whose_clock_is_wrong_goes_by_the_databases_and_the_log_says_so_once(
    caplog: pytest.LogCaptureFixture, by: timedelta
) -> None:
    caplog.set_level(logging.WARNING)
    world = Moved(machine=NOON + by)
    clocks = world.clocks()
    for _ in range(3):
        assert clocks.now() == NOON
        clocks.check()
    assert "the machine that Deckhand runs on" in str(clocks.own())
    assert len(warnings(caplog)) == 1
    world.machine = NOON
    assert clocks.own() is None
    assert len(warnings(caplog)) == 2


def test_an_engine_whose_clock_is_wrong_is_said_once_for_each_engine(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    clocks = Moved().clocks()
    for host in ("ci", "prod", "ci"):
        assert f"The clock of {host}'s engine is 2 hours behind" in str(
            clocks.of_engine(host, NOON - 120 * MINUTE, NOON)
        )
    assert clocks.of_engine("db", NOON, NOON) is None
    assert len(warnings(caplog)) == 2


def test_no_other_code_asks_this_machine_what_time_it_is() -> None:
    root, found = Path(bot.__file__).parent, set()
    for file in root.rglob("*.py"):
        name = file.relative_to(root).as_posix()
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Attribute) and ast.unparse(node) in {
                "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns",
            }:  # fmt: skip
                found.add("trial" if name.startswith("trial/") else name)
    assert found == set(MAY_ASK_THIS_MACHINE)
