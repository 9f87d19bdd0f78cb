"""Three hosts, each with an engine of its own, and a schedule that covers all of them."""

import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot.core.audit.events import time_text
from bot.trial.sample import SampleEngine
from tests.slack.place import PATIENCE, Place, eventually, universe

HOSTS = ("prod-3", "prod-4", "prod-5")


@pytest.fixture
def fleet(closing_later: ExitStack, start: Callable[[str], Place]) -> Callable[[str], Place]:
    """Starts Deckhand with these rules and two more hosts."""

    def started(rules: str) -> Place:
        hosts = ""
        for name in HOSTS[1:]:
            folder = Path(closing_later.enter_context(TemporaryDirectory(prefix="slack-")))
            engine = SampleEngine(socket_path=folder / "engine.sock", universe=universe())
            hosts += f'[hosts.{name}]\ndocker = "{closing_later.enter_context(engine).url}"\n'
        return start(hosts + rules)

    return started


@pytest.fixture
def due(tmp_path: Path) -> Callable[[Place], None]:
    """Puts the schedules' moments into the past, and waits until they were moved on."""

    def make(place: Place) -> None:
        eventually(place.store.timers.standing)
        moment = time_text(datetime.now(UTC) - timedelta(minutes=1))
        with closing(sqlite3.connect(tmp_path / "deckhand.db", timeout=PATIENCE)) as db, db:
            db.execute("UPDATE schedule SET next_at = ?", (moment,))
        eventually(lambda: place.store.timers.standing()[0].next_at > datetime.now(UTC))

    return make
