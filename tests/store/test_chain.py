"""The audit chain: whole under many writers, closed to changes, and broken where someone got around that."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy.exc import DBAPIError

from bot.core.audit import GENESIS, Event, Tag
from bot.core.errors import StoreUnavailableError
from bot.store import chain
from bot.store.store import SqlStore
from tests.store.samples import approved, event


def fill(store: SqlStore, count: int = 5) -> None:
    for number in range(count):
        store.record(Event(tag=Tag.PLAN_REFUSED, plan="p1", actor="U1", facts={"number": number}))


@pytest.fixture
def unprotected(url: str, store: SqlStore, sql: Callable[[str], None]) -> Callable[[str], None]:
    """The database's own shell, with five events written and the triggers dropped."""
    fill(store)
    if url.startswith("sqlite"):
        for name in ("event_refuses_update", "event_refuses_delete", "event_refuses_replace"):
            sql(f"DROP TRIGGER {name}")
    else:
        sql("DROP TRIGGER event_refuses_change ON event")
    return sql


def test_an_empty_chain_is_whole(store: SqlStore) -> None:
    assert store.broken_link() is None


def test_events_follow_each_other_from_the_first(store: SqlStore) -> None:
    fill(store, 3)
    links = store.events("p1")
    assert [link.seq for link in links] == [1, 2, 3]
    assert [link.previous for link in links] == [GENESIS, links[0].hash, links[1].hash]
    assert [link.event.facts["number"] for link in links] == [0, 1, 2]
    assert links[0].event.actor == "U1"


def test_the_chain_is_whole_after_many_writers_at_once(open_another: Callable[[], SqlStore]) -> None:
    replicas = [open_another(), open_another()]
    failed: list[Exception] = []

    def write(number: int) -> None:
        try:
            for _ in range(50):
                replicas[number % 2].record(event(Tag.PLAN_REFUSED, f"p{number}"))
        except Exception as error:  # noqa: BLE001 - the test shows it
            failed.append(error)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert failed == []
    assert [len(replicas[0].events(f"p{number}")) for number in range(8)] == [50] * 8
    assert replicas[0].broken_link() is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET actor = 'U2' WHERE seq = 2",
        "UPDATE event SET key = 'other'",
        "DELETE FROM event WHERE seq = 5",
        "DELETE FROM event",
    ],
)
def test_the_database_refuses_changes_of_events(
    store: SqlStore, sql: Callable[[str], None], statement: str
) -> None:
    fill(store)
    with pytest.raises(DBAPIError, match="never changed or removed"):
        sql(statement)
    assert store.broken_link() is None


def test_each_database_refuses_its_own_ways_around(
    url: str, store: SqlStore, sql: Callable[[str], None]
) -> None:
    fill(store)
    if url.startswith("sqlite"):
        around = (
            (
                "REPLACE INTO event SELECT 2, at, tag, plan, host, 'U2', facts, previous, hash, 'new' "
                "FROM event WHERE seq = 2"
            ),
            (
                "REPLACE INTO event SELECT 9, at, tag, plan, host, 'U2', facts, previous, hash, key "
                "FROM event WHERE seq = 2"
            ),
        )
    else:
        around = ("TRUNCATE event", "SET session_replication_role = replica; DELETE FROM event")
    for statement in around:
        with pytest.raises(DBAPIError, match="never changed or removed"):
            sql(statement)
    assert store.broken_link() is None


@pytest.mark.parametrize(
    ("tampering", "verdict"),
    [
        ("UPDATE event SET actor = 'U2' WHERE seq = 2", "event 2 was changed"),
        ("UPDATE event SET facts = '{\"number\":7}' WHERE seq = 3", "event 3 was changed"),
        ("UPDATE event SET facts = '{\"number\": 2}' WHERE seq = 3", "event 3 was changed"),
        ('UPDATE event SET facts = \'{"number":9,"number":2}\' WHERE seq = 3', "event 3 was changed"),
        ("UPDATE event SET facts = 'no JSON' WHERE seq = 3", "event 3 was changed"),
        ("UPDATE event SET at = 'yesterday' WHERE seq = 4", "event 4 was changed"),
        ("UPDATE event SET at = '2020-01-01T00:00:00.000000Z' WHERE seq = 4", "event 4 was changed"),
        ("UPDATE event SET tag = 'unknown' WHERE seq = 1", "event 1 was changed"),
        ("UPDATE event SET hash = previous WHERE seq = 2", "event 2 was changed"),
        ("UPDATE event SET previous = hash WHERE seq = 2", "event 2 does not follow"),
        ("DELETE FROM event WHERE seq = 1", "event 1 is missing"),
        ("DELETE FROM event WHERE seq = 3", "event 3 is missing"),
        ("DELETE FROM event WHERE seq = 5", "event 5 is missing"),
        ("DELETE FROM event", "event 1 is missing"),
        ("UPDATE event SET actor = 'U2' WHERE seq IN (2, 4)", "event 2 was changed"),
        ("UPDATE chain_head SET seq = 4", "head of the chain was changed"),
        ("UPDATE chain_head SET hash = 'x'", "head of the chain was changed"),
        ("DELETE FROM chain_head", "head of the chain is missing"),
        ("UPDATE event SET seq = seq - 5 WHERE seq = 1", "event 1 is missing"),
        (
            (
                "INSERT INTO event SELECT 0, at, tag, plan, host, 'U2', facts, previous, hash, 'forged' "
                "FROM event WHERE seq = 1"
            ),
            "event 1 is missing (event 0 stands in its place)",
        ),
        (
            (
                "INSERT INTO event SELECT 6, at, tag, plan, host, 'U2', facts, hash, hash, 'forged' "
                "FROM event WHERE seq = 5"
            ),
            "event 6 was changed",
        ),
    ],
)
def test_the_first_break_is_named(
    store: SqlStore, unprotected: Callable[[str], None], tampering: str, verdict: str
) -> None:
    assert store.broken_link() is None
    unprotected(tampering)
    broken = store.broken_link()
    assert broken is not None
    assert verdict in broken


def test_an_event_that_cannot_be_read_is_not_shown_as_if_it_could(
    store: SqlStore, unprotected: Callable[[str], None]
) -> None:
    unprotected("UPDATE event SET facts = 'no JSON' WHERE seq = 3")
    with pytest.raises(StoreUnavailableError, match="event 3 was changed"):
        store.events("p1")


def test_a_break_in_a_later_stretch_is_found_too(
    store: SqlStore, unprotected: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain, "BATCH", 2)
    assert store.broken_link() is None
    unprotected("UPDATE event SET host = 'other' WHERE seq = 5")
    assert store.broken_link() == "event 5 was changed after it was written"


def test_without_the_head_of_the_chain_nothing_is_written(
    store: SqlStore, unprotected: Callable[[str], None]
) -> None:
    before = approved(store)
    unprotected("DELETE FROM chain_head")
    with pytest.raises(StoreUnavailableError, match="head of its chain"):
        store.claim("p1", "replica-1", before.plan.expires_at - before.plan.created_at)
    assert store.plan("p1") == before


def test_the_tag_of_a_newer_release_breaks_nothing(store: SqlStore) -> None:
    newer = Event(tag="slack:plan:praised", plan="p1")  # type: ignore[arg-type] # what a newer release has
    store.record(newer)
    assert store.broken_link() is None
    assert store.events("p1")[0].event.tag == "slack:plan:praised"
