"""The audit chain: whole under many writers, closed to changes, and broken where someone got around that."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest
from sqlalchemy.exc import DBAPIError

from bot.core.audit.breaks import BreakKind
from bot.core.audit.events import GENESIS, Event, Tag
from bot.core.audit.format import AuditKeys
from bot.core.errors import StoreUnavailableError
from bot.store.events import chain
from bot.store.opening import Store, open_store
from tests.store.samples import approved, drop_triggers, event


def fill(store: Store, count: int = 5) -> None:
    for number in range(count):
        store.trail.record(Event(tag=Tag.PLAN_REFUSED, plan="p1", actor="U1", facts={"number": number}))


@pytest.fixture
def unprotected(url: str, store: Store, sql: Callable[[str], None]) -> Callable[[str], None]:
    """The database's own shell, with five events written and the triggers dropped."""
    fill(store)
    drop_triggers(url, sql)
    return sql


def test_an_empty_chain_is_whole(store: Store) -> None:
    assert store.chain.verify().broken is None


def test_events_follow_each_other_from_the_first(store: Store) -> None:
    fill(store, 3)
    links = store.audit.events("p1")
    assert [link.seq for link in links] == [1, 2, 3]
    assert [link.previous for link in links] == [GENESIS, links[0].hash, links[1].hash]
    assert [link.event.facts["number"] for link in links] == [0, 1, 2]
    assert links[0].event.actor == "U1"


def test_the_chain_is_whole_after_many_writers_at_once(open_another: Callable[[], Store]) -> None:
    replicas = [open_another(), open_another()]
    failed: list[Exception] = []

    def write(number: int) -> None:
        try:
            for _ in range(50):
                replicas[number % 2].trail.record(event(Tag.PLAN_REFUSED, f"p{number}"))
        except Exception as error:  # noqa: BLE001 - the test shows it
            failed.append(error)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert failed == []
    assert [len(replicas[0].audit.events(f"p{number}")) for number in range(8)] == [50] * 8
    assert replicas[0].chain.verify().broken is None


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
    store: Store, sql: Callable[[str], None], statement: str
) -> None:
    fill(store)
    with pytest.raises(DBAPIError, match="never changed or removed"):
        sql(statement)
    assert store.chain.verify().broken is None


COPY = "SELECT {seq}, at, tag, plan, host, 'U2', facts, previous, hash, {key}, seal FROM event WHERE seq = 2"
WAYS_AROUND = {
    "sqlite": (
        "REPLACE INTO event " + COPY.format(seq=2, key="'new'"),
        "REPLACE INTO event " + COPY.format(seq=9, key="key"),
        "INSERT OR REPLACE INTO event " + COPY.format(seq=5, key="'new'"),
        "UPDATE OR REPLACE event SET seq = 2 WHERE seq = 3",
        "INSERT INTO event " + COPY.format(seq=2, key="'new'")
        + " ON CONFLICT (seq) DO UPDATE SET actor = excluded.actor",
    ),
    "postgresql": (
        "TRUNCATE event",
        "TRUNCATE event, chain_head",
        "SET session_replication_role = replica; DELETE FROM event",
        "SET session_replication_role = replica; UPDATE event SET actor = 'U2'",
        "INSERT INTO event " + COPY.format(seq=2, key="'new'")
        + " ON CONFLICT (seq) DO UPDATE SET actor = excluded.actor",
        "MERGE INTO event USING (SELECT 2 AS n) AS other ON seq = n WHEN MATCHED THEN DELETE",
    ),
}  # fmt: skip


def test_each_database_refuses_its_own_ways_around(
    url: str, store: Store, sql: Callable[[str], None]
) -> None:
    fill(store)
    before = store.chain.verify()
    for statement in WAYS_AROUND[url.partition(":")[0].partition("+")[0]]:
        with pytest.raises(DBAPIError, match="never changed or removed"):
            sql(statement)
    assert store.chain.verify() == before
    assert before.broken is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE chain_head SET seq = 4",
        "UPDATE chain_head SET seq = 6",
        "UPDATE chain_head SET hash = 'x'",
        "UPDATE chain_head SET seq = 4, hash = (SELECT hash FROM event WHERE seq = 4)",
        "DELETE FROM chain_head",
    ],
)
def test_the_head_of_the_chain_moves_on_and_never_back(
    store: Store, sql: Callable[[str], None], statement: str
) -> None:
    fill(store)
    with pytest.raises(DBAPIError, match="only moves on"):
        sql(statement)
    fill(store)
    assert store.chain.verify().broken is None


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_the_head_is_not_replaced_either(store: Store, sql: Callable[[str], None]) -> None:
    fill(store)
    with pytest.raises(DBAPIError, match="only moves on"):
        sql("REPLACE INTO chain_head SELECT 1, 4, hash FROM event WHERE seq = 4")


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
        ("UPDATE event SET previous = hash WHERE seq = 2", "event 2 was changed"),
        ("UPDATE event SET key = 'another' WHERE seq = 2", "event 2 was changed"),
        ("UPDATE event SET seal = '' WHERE seq = 2", "event 2 was changed"),
        ("DELETE FROM event WHERE seq = 1", "event 1 is missing"),
        ("DELETE FROM event WHERE seq = 3", "event 3 is missing"),
        ("DELETE FROM event WHERE seq = 5", "event 5 is cut off: the chain went on to event 5"),
        ("DELETE FROM event", "event 1 is cut off"),
        ("UPDATE event SET actor = 'U2' WHERE seq IN (2, 4)", "event 2 was changed"),
        ("UPDATE chain_head SET seq = 4", "head of the chain was changed"),
        ("UPDATE chain_head SET hash = 'x'", "head of the chain was changed"),
        ("DELETE FROM chain_head", "head of the chain is missing"),
        (
            "UPDATE event SET seq = seq - 5 WHERE seq = 1",
            "event 1 is not in its place: it carries the number -4",
        ),
        (
            "UPDATE event SET seq = 99 WHERE seq = 3",
            "event 3 is not in its place: another event stands there",
        ),
        (
            (
                "INSERT INTO event SELECT 0, at, tag, plan, host, 'U2', facts, previous, hash, 'forged', seal "
                "FROM event WHERE seq = 1"
            ),
            "event 0 was inserted: it stands where event 1 belongs",
        ),
        (
            (
                "INSERT INTO event SELECT 6, at, tag, plan, host, 'U2', facts, hash, hash, 'forged', seal "
                "FROM event WHERE seq = 5"
            ),
            "event 6 was inserted",
        ),
    ],
)
def test_the_first_break_is_named(
    store: Store, unprotected: Callable[[str], None], tampering: str, verdict: str
) -> None:
    assert store.chain.verify().broken is None
    unprotected(tampering)
    broken = store.chain.verify().broken
    assert broken is not None
    assert verdict in broken.reason


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "column", ["at", "tag", "plan", "host", "actor", "facts", "previous", "hash", "key", "seal"]
)
def test_bytes_that_are_no_text_are_a_change(
    store: Store, unprotected: Callable[[str], None], column: str
) -> None:
    unprotected(f"UPDATE event SET {column} = CAST(x'66ff' AS TEXT) WHERE seq = 4")  # noqa: S608 - the names above
    assert broken(store) == (4, BreakKind.CHANGED)
    unprotected(f"UPDATE event SET {column} = x'66ff' WHERE seq = 3")  # noqa: S608 - the names above
    assert broken(store) == (3, BreakKind.CHANGED)


def test_an_event_that_cannot_be_read_is_not_shown_as_if_it_could(
    store: Store, unprotected: Callable[[str], None]
) -> None:
    unprotected("UPDATE event SET facts = 'no JSON' WHERE seq = 3")
    with pytest.raises(StoreUnavailableError, match="event 3 was changed"):
        store.audit.events("p1")


def test_a_break_in_a_later_stretch_is_found_too(
    store: Store, unprotected: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain, "BATCH", 2)  # rows that are fetched at a time
    assert store.chain.verify().broken is None
    unprotected("UPDATE event SET host = 'other' WHERE seq = 5")
    broken = store.chain.verify().broken
    assert broken is not None
    assert broken.reason == "event 5 was changed after it was written"


def test_without_the_head_of_the_chain_nothing_is_written(
    store: Store, unprotected: Callable[[str], None]
) -> None:
    before = approved(store)
    unprotected("DELETE FROM chain_head")
    with pytest.raises(StoreUnavailableError, match="head of its chain"):
        store.runs.claim("p1", "replica-1", before.plan.expires_at - before.plan.created_at)
    assert store.plans.get("p1") == before


def test_the_tag_of_a_newer_release_breaks_nothing(store: Store) -> None:
    newer = Event(tag="slack:plan:praised", plan="p1")  # type: ignore[arg-type] # what a newer release has
    store.trail.record(newer)
    assert store.chain.verify().broken is None
    assert store.audit.events("p1")[0].event.tag == "slack:plan:praised"


# --- keys ---------------------------------------------------------------------------------------

KEY, NEW_KEY = "k" * 40, "n" * 40


@pytest.fixture
def keyed(url: str) -> Iterator[Callable[[str], Store]]:
    """Opens the same database once more, with these keys."""
    with ExitStack() as stack:
        yield lambda keys: stack.enter_context(
            closing(open_store(url, migrate=False, audit_keys=AuditKeys.read(keys)))
        )


def broken(store: Store) -> tuple[int, BreakKind] | None:
    found = store.chain.verify().broken
    return (found.seq, found.kind) if found else None


def test_a_key_begins_with_an_event_of_its_own_and_is_demanded_from_then_on(
    store: Store, keyed: Callable[[str], Store]
) -> None:
    fill(store, 2)
    with_key = keyed(KEY)
    assert broken(with_key) == (2, BreakKind.UNKEYED)
    with_key.chain.begin_sealing()
    with_key.chain.begin_sealing()
    fill(with_key, 2)
    whole = with_key.chain.verify()
    assert (whole.broken, whole.events, whole.keyed_from) == (None, 5, 3)
    assert broken(store) == (3, BreakKind.KEY_NEEDED)
    with pytest.raises(StoreUnavailableError, match="DECKHAND_AUDIT_KEY"):
        fill(store)
    assert with_key.chain.verify() == whole


def test_a_new_key_is_written_before_the_old_one(keyed: Callable[[str], Store]) -> None:
    fill(keyed(KEY), 2)
    rotated = keyed(f"{NEW_KEY},{KEY}")
    rotated.chain.begin_sealing()
    fill(rotated, 2)
    assert rotated.chain.verify().broken is None
    for less in (KEY, NEW_KEY):
        found = broken(keyed(less))
        assert found is not None
        assert found[1] is BreakKind.KEY_NEEDED
    with pytest.raises(StoreUnavailableError, match="DECKHAND_AUDIT_KEY"):
        fill(keyed(KEY))


def test_the_database_itself_refuses_an_event_without_the_key(
    store: Store, keyed: Callable[[str], Store], sql: Callable[[str], None]
) -> None:
    fill(keyed(KEY), 2)
    for seal in ("''", "'sha256'"):
        with pytest.raises(DBAPIError, match="the audit is keyed"):
            sql(
                "INSERT INTO event SELECT 3, at, tag, plan, host, actor, facts, hash, hash, 'forged', "  # noqa: S608 - ours
                f"{seal} FROM event WHERE seq = 2"
            )


def test_events_of_the_first_releases_go_on_into_sealed_ones(
    store: Store, sql: Callable[[str], None]
) -> None:
    first = sealed_by_hand(1, GENESIS)
    second = sealed_by_hand(2, first[0])
    for digest, statement in (first, second):
        sql(statement)
        sql(f"UPDATE chain_head SET seq = seq + 1, hash = '{digest}'")  # noqa: S608 - ours
    fill(store)
    whole = store.chain.verify()
    assert (whole.broken, whole.events) == (None, 7)
    assert [link.seal for link in store.audit.events("p1")] == ["", "", *["sha256"] * 5]


def sealed_by_hand(seq: int, previous: str) -> tuple[str, str]:
    """An event as the first releases wrote it: its hash, and the statement that adds it."""
    at = "2026-11-23T12:00:00.000000Z"
    text = (
        f'{{"actor":"U1","at":"{at}","facts":{{}},"host":"prod-3","plan":"p1","seq":{seq},'
        '"tag":"slack:plan:voted"}'
    )
    digest = hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()
    return digest, (
        "INSERT INTO event (seq, at, tag, plan, host, actor, facts, previous, hash, key) VALUES "  # noqa: S608 - ours
        f"({seq}, '{at}', 'slack:plan:voted', 'p1', 'prod-3', 'U1', '{{}}', '{previous}', '{digest}', 'k{seq}')"
    )
