"""What a release before knew of an engine's images goes over to its host, where one host alone has that engine's id."""

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import create_engine

from bot.core.docker.inventory import Identity
from bot.core.docker.sightings import Place
from bot.store.db.database import connect
from bot.store.db.schema import upgrade
from bot.store.opening import open_store

MONDAY = "2026-11-23T09:00:00.000000Z"
NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)


def test_sightings_go_over_to_the_one_host_and_those_of_clones_begin_anew(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/deckhand.db"
    upgraded(url, "0012")
    db = create_engine(url)
    with db.begin() as connection:
        for host, engine, machine in (("prod", "E1", "prod"), ("a", "E2", "a"), ("b", "E2", "b")):
            connection.exec_driver_sql(
                "INSERT INTO host_engine VALUES (?, ?, ?, '28', 'overlay2', ?)",
                (host, engine, machine, MONDAY),
            )
        for engine in ("E1", "E2"):
            connection.exec_driver_sql(
                "INSERT INTO image_sighting VALUES (?, 'i', ?, NULL)", (engine, MONDAY)
            )
            connection.exec_driver_sql(
                "INSERT INTO volume_mounting VALUES (?, 'v', ?, ?, 'db', 'db:1')", (engine, MONDAY, MONDAY)
            )
    db.dispose()
    store = open_store(url)
    monday = datetime(2026, 11, 23, 9, tzinfo=UTC)
    for host, engine, first in (("prod", "E1", monday), ("a", "E2", NOW), ("b", "E2", NOW)):
        place = Place(host, Identity(engine, host, "/var/lib/docker"))
        assert store.ledger.look(place, ["i"], [], NOW)["i"].first_at == first
        assert store.ledger.look_at_volumes(place, ["v"], [], NOW)["v"].first_at == first
    store.close()


def upgraded(url: str, revision: str) -> None:
    sessions = connect(url, None)
    upgrade(sessions, revision)
    sessions.close()
