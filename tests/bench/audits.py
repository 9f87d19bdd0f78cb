"""A large audit, written straight into the tables: 50,000 cleanups of 20 objects, and 1,000,000 events.

DECKHAND_BENCH_CLEANUPS makes it another size.
"""

import json
import os
import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import create_engine

from bot.core.audit import words as audit_words
from bot.core.audit.events import GENESIS, Tag, time_text
from bot.core.audit.format import PLAIN, AuditKeys, Entry, facts_text, message
from bot.core.docker.inventory import Kind
from bot.core.json import Json
from bot.core.plan.plan import Item

CLEANUPS = int(os.environ.get("DECKHAND_BENCH_CLEANUPS", "50000"))
ITEMS, EVENTS = 20, 20
HOSTS = [f"prod-{number}" for number in range(200)]
PEOPLE = [f"U{number:04}ANN" for number in range(40)]
PROFILES = ["dangling", "ci", "routine", "system", "everything"]
OUTCOMES = ["done"] * 90 + ["partial"] * 7 + ["failed"] * 2 + ["stopped"]
FIRST = datetime(2025, 1, 1, tzinfo=UTC)
EVERY = timedelta(minutes=15)
RARE = "registry.example/db/postgres:14"
"""Removed three times in all."""
REQUESTER_OF_FEW = "U9999CYD"

Rows = Iterator[tuple[object, ...]]
_SNAPSHOT = json.dumps({"kept": ["an object that stays, and the rule that decided"] * 100})
"""About as long as a plan is."""


def fill(url: str) -> None:
    """Write the audit into an empty database; the same one each time."""
    db = create_engine(url)
    columns = {
        "plan": "id status version shown_version host profile engine_id requester_id requester_name quorum "
        "predicted_bytes snapshot created_at expires_at changed_at started_at finished_at reason "
        "message_channel message_ts owner attempt reclaimed_bytes",
        "plan_item": "plan_id position kind object_id name outcome reason bytes",
        "cleanup_word": "word started_at plan_id host",
        "event": "seq at tag plan host actor facts previous hash key seal",
    }
    tables = {"plan": _plans(), "plan_item": _item_rows(), "cleanup_word": _words(), "event": _events()}
    raw = db.raw_connection()
    try:
        for table, rows in tables.items():
            names = columns[table].split()
            if db.dialect.name == "sqlite":
                marks = ", ".join("?" * len(names))
                raw.cursor().executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", rows)  # type: ignore[arg-type]  # noqa: S608
            else:
                _copy(raw, f"COPY {table} ({', '.join(names)}) FROM STDIN", rows)
        end = f"(SELECT {{}} FROM event WHERE seq = {CLEANUPS * EVENTS})"  # noqa: S608 - a number
        raw.cursor().execute(f"UPDATE chain_head SET seq = {end.format('seq')}, hash = {end.format('hash')}")  # noqa: S608
        raw.commit()
    finally:
        raw.close()
    with db.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # PostgreSQL's own housekeeping, which would else come in the middle of the figures.
        connection.exec_driver_sql("VACUUM ANALYZE" if db.dialect.name == "postgresql" else "SELECT 1")
    db.dispose()


def _copy(raw: object, statement: str, rows: Rows) -> None:
    with raw.cursor() as cursor, cursor.copy(statement) as copy:  # type: ignore[attr-defined] # psycopg's own
        for row in rows:
            copy.write_row(row)


def _number(cleanup: int) -> random.Random:
    return random.Random(cleanup)  # noqa: S311 - the same audit each time


def _started(cleanup: int) -> datetime:
    return FIRST + EVERY * cleanup


def _id(cleanup: int) -> str:
    return f"plan{cleanup:06}"


def _head(cleanup: int) -> tuple[str, str, str, str, str]:
    """Host, profile, outcome, requester and approver."""
    chance = _number(cleanup)
    requester, approver = chance.choices(PEOPLE, k=2)
    if cleanup % 5_000 == 0:
        requester = REQUESTER_OF_FEW
    return chance.choice(HOSTS), chance.choice(PROFILES), chance.choice(OUTCOMES), requester, approver


def _items(cleanup: int) -> Iterator[Item]:
    chance = _number(-cleanup - 1)
    references: tuple[str, ...]
    for position in range(ITEMS):
        kind = _kind(position)
        digest, references, name = f"{chance.getrandbits(256):064x}", (), f"object-{chance.randrange(5_000)}"
        if kind is Kind.IMAGE and position % 2:
            name = f"registry.example/team-{chance.randrange(9)}/app-{chance.randrange(300)}:{chance.randrange(400)}"
            references = (name, f"{name.rpartition(':')[0]}@sha256:{chance.getrandbits(256):064x}")
        if position == 9 and cleanup in {10, CLEANUPS // 2, CLEANUPS - 10}:
            name, references = RARE, (RARE,)
        yield Item(kind=kind, id=digest, name=name, references=references, bytes=10**6, rule="unused")


def _kind(position: int) -> Kind:
    if position < 8:
        return Kind.BUILD_CACHE
    return Kind.IMAGE if position < 16 else Kind.CONTAINER if position < 19 else Kind.VOLUME


def _plans() -> Rows:
    for number in range(CLEANUPS):
        host, profile, outcome, requester, _ = _head(number)
        at = time_text(_started(number))
        yield (
            _id(number), outcome, 9, 9, host, profile, "7TDM:AAAA", requester, requester.lower(), 1, 2 * 10**7,
            _SNAPSHOT, at, at, at, at, at, "", "C0OPS", "1.2", "replica", 1, ITEMS * 10**6,
        )  # fmt: skip


def _item_rows() -> Rows:
    for number in range(CLEANUPS):
        for position, item in enumerate(_items(number)):
            yield _id(number), position, str(item.kind), item.id, item.name, "removed", "", item.bytes


def _words() -> Rows:
    for number in range(CLEANUPS):
        host, profile, outcome, requester, approver = _head(number)
        words = {
            audit_words.EVERY, audit_words.host_word(host), audit_words.profile_word(profile),
            audit_words.outcome_word(outcome), *map(audit_words.person_word, (requester, approver)),
            *_object_words(_items(number)),
        }  # fmt: skip
        at = time_text(_started(number))
        yield from ((word, at, _id(number), host) for word in sorted(words))


def _object_words(items: Iterable[Item]) -> Iterator[str]:
    for item in items:
        yield from audit_words.object_words(item)


def _events() -> Rows:
    """EVENTS a cleanup, chained as they are in truth: its start, its votes, how objects ended, and its end."""
    previous, seq = GENESIS, 0
    hasher = AuditKeys().hasher(PLAIN)
    assert hasher is not None
    for cleanup in range(CLEANUPS):
        at, plan, host = time_text(_started(cleanup)), _id(cleanup), _head(cleanup)[0]
        for tag, actor, facts in _told(cleanup):
            seq += 1
            entry = Entry(
                seq=seq, at=at, tag=str(tag), plan=plan, host=host, actor=actor, facts=facts_text(facts),
                previous=previous, hash="", once=f"k{seq}", seal=PLAIN,
            )  # fmt: skip
            previous = hasher(message(previous, entry))
            yield entry._replace(hash=previous)


def _told(cleanup: int) -> Iterator[tuple[Tag, str, dict[str, Json]]]:
    _, profile, outcome, requester, approver = _head(cleanup)
    items, at = list(_items(cleanup)), time_text(_started(cleanup))
    about: dict[str, Json] = {
        "requester": {"id": requester, "name": requester.lower()}, "profile": profile, "started_at": at,
        "approvers": [{"id": approver, "name": approver.lower()}], "engine": {"id": "7TDM:AAAA"},
        "predicted": {"low": 0, "high": 2 * 10**7},
    }  # fmt: skip
    listed: list[Json] = [
        {"kind": item.kind, "id": item.id, "name": item.name, "references": [*item.references], "bytes": item.bytes,
         "rule": item.rule}
        for item in items
    ]  # fmt: skip
    yield Tag.PLAN_PROPOSED, requester, {**about, "items": listed}
    yield Tag.PLAN_VOTED, approver, {"approve": True, "reason": "", "actor_name": approver.lower()}
    yield Tag.CLEANUP_STARTED, "", {**about, "items": listed}
    ended: list[Json] = [
        {
            "kind": item.kind,
            "id": item.id,
            "name": item.name,
            "outcome": "removed",
            "reason": "",
            "bytes": 10**6,
        }
        for item in items
    ]
    for facts in ended[: EVENTS - 4]:
        yield Tag.ITEM_ENDED, "", facts  # type: ignore[misc] # each is an object
    finished: dict[str, Json] = {
        **about, "items": ended, "outcome": outcome, "finished_at": at, "reclaimed_bytes": ITEMS * 10**6,
    }  # fmt: skip
    yield Tag.CLEANUP_FINISHED, "", finished
