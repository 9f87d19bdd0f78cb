"""Rows beside the record that the events tell: what each says, where they differ. The events are right.

A row is a cache of the chain. Whatever of it people are shown, or things are found by, is named here and compared;
`bot.store.models` says which of its columns are only for the processes among themselves.
"""

import json
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from bot.core.audit import words as audit_words
from bot.core.audit.records import Record, Values
from bot.core.audit.written import FACT
from bot.core.docker.inventory import Identity, Kind
from bot.core.json import Json
from bot.core.plan.plan import Item, Person

Row: TypeAlias = Mapping[str, Any]
"""A row's columns, as the database has them: moments are texts, and so is JSON."""
DigestOf: TypeAlias = Callable[[str], str | None]
"""The digest of the plan of a snapshot; None when it is no plan."""
ROUGHLY = timedelta(minutes=2)
"""How much earlier than its event something may be whose moment an earlier release did not write into it."""
ITEM_COLUMNS = ("kind", "object_id", "name", "outcome", "reason", "bytes", "untagging", "reconciled")
"""In the order in which a record has them."""
_SHOWN = 80
"""Characters of a value in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """All rows of one plan."""

    plan: Row | None = None
    items: Mapping[int, tuple[Any, ...]] = field(default_factory=dict)
    """By position: ``ITEM_COLUMNS``."""
    votes: Mapping[str, Row] = field(default_factory=dict)
    restore: Row | None = None
    words: frozenset[tuple[str, str, str]] = frozenset()
    """Under which words it is found, at which moment and host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where a row says something else than the events; without a column, it is there and should not be, or not."""

    table: str
    key: str
    """Names the row: the plan's id, and what else it takes."""
    column: str = ""
    row: Json = None
    events: Json = None
    why: str = ""

    def __str__(self) -> str:
        where = f"{self.table} {self.key}"
        if not self.column:
            return f"{where}: {self.why}"
        return f"{where}: {self.column} is {_short(self.row)}, and by the events it is {_short(self.events)}"


def _short(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What comparing the rows of all plans with their events found."""

    plans: int
    """Plans of which there are events."""
    archived: int
    """Plans that only an archive can be compared with."""
    differences: tuple[Difference, ...]
    """The first of them."""
    more: int
    """How many more there are."""


NO_ROW, NO_EVENT = "the row is missing, and the events tell of it", "no event tells of this row"


def differences(record: Record, rows: Rows, digest_of: DigestOf) -> Iterator[Difference]:
    """Everything that the rows of a plan say otherwise than its events, or without them."""
    plan = record.plan
    for seq in record.unreadable:
        yield Difference(table="event", key=str(seq), why=f"it says of plan {plan} what no Deckhand writes")
    if not record.is_alive:
        yield from _rows_without_events(plan, rows)
        return
    if rows.plan is None:
        yield Difference(table="plan", key=plan, why=NO_ROW)
    else:
        yield from _plan(record, rows.plan, digest_of)
    yield from _items(record, rows.items)
    for person in record.votes.keys() | rows.votes.keys():
        rough = {"at"} if f"vote of {person}" in record.rough else ()
        where = ("vote", f"of {person} on {plan}")
        yield from _columns(where, record.votes.get(person), rows.votes.get(person), rough)
    yield from _restore(record, rows.restore)
    yield from _words(record, rows.words)


def _rows_without_events(plan: str, rows: Rows) -> Iterator[Difference]:
    if rows.plan is not None:
        yield Difference(table="plan", key=plan, why=NO_EVENT)
    for position in rows.items:
        yield Difference(table="plan_item", key=f"{position} of {plan}", why=NO_EVENT)
    for person in rows.votes:
        yield Difference(table="vote", key=f"of {person} on {plan}", why=NO_EVENT)
    if rows.restore is not None:
        yield Difference(table="restore", key=plan, why=NO_EVENT)
    for word, _, host in sorted(rows.words):
        yield Difference(table="cleanup_word", key=f"“{word}” of {plan} on {host}", why=NO_EVENT)


def _columns(
    where: tuple[str, str], told: Values | None, row: Row | None, rough: Container[str] = ()
) -> Iterator[Difference]:
    """Compare one row with what is told of it; ``where`` is its table and its key."""
    table, key = where
    if told is None or row is None:
        if told is not row:
            yield Difference(table=table, key=key, why=NO_ROW if row is None else NO_EVENT)
        return
    for column, said in told.items():
        found = row[column]
        if found != said and not (column in rough and _is_roughly(found, said)):
            yield Difference(table=table, key=key, column=column, row=found, events=said)


def _is_roughly(found: object, said: object) -> bool:
    try:
        apart = datetime.fromisoformat(str(said)) - datetime.fromisoformat(str(found))
    except ValueError:
        return False
    return abs(apart) <= ROUGHLY


# --- the plan -----------------------------------------------------------------------------------


def _plan(record: Record, row: Row, digest_of: DigestOf) -> Iterator[Difference]:
    yield from _columns(("plan", record.plan), {"id": record.plan, **record.of_plan}, row, record.rough)
    if record.is_proposed:
        yield from _snapshot(record, row, digest_of)
    if "before" in record.finished:
        yield from _usages(record, row)


def _snapshot(record: Record, row: Row, digest_of: DigestOf) -> Iterator[Difference]:
    told = record.proposed
    try:
        plan = json.loads(row["snapshot"])
        found = said_by_plan(plan)
    except (ValueError, TypeError, KeyError, AttributeError):
        yield Difference(table="plan", key=record.plan, column="snapshot", row=None, events="a plan")
        return
    said = {
        "id": record.plan, "host": record.of_plan["host"], "requester": record.of_plan["requester_id"],
        **{name: told[name] for name in found if name in told},
    }  # fmt: skip
    if "engine" in said:  # of which the first releases told less
        said["engine"] = {**found["engine"], **told["engine"]}
        yield from _engine(record, row, said["engine"])
    for name, value in said.items():
        if found[name] != value:
            column = f"snapshot ({name})"
            yield Difference(table="plan", key=record.plan, column=column, row=found[name], events=value)
    digest = digest_of(row["snapshot"]) if FACT in told else None
    if digest != told.get(FACT):
        yield Difference(table="plan", key=record.plan, column="snapshot", row=digest, events=told[FACT])


def _engine(record: Record, row: Row, told: Mapping[str, Any]) -> Iterator[Difference]:
    """The column that keeps two cleanups of one engine apart; the release before leaves it empty."""
    key = Identity(told["id"], told.get("name", ""), told.get("data_root", "")).key
    if row["engine"] not in {"", key}:
        yield Difference(table="plan", key=record.plan, column="engine", row=row["engine"], events=key)


def said_by_plan(plan: Mapping[str, Any]) -> dict[str, Any]:
    """What a plan's JSON says of all that its proposal tells too, in the proposal's words."""
    draft = plan["draft"]
    said = {
        "id": plan["id"], "host": plan["host"], "requester": plan["requester"]["id"],
        "actor_name": plan["requester"]["name"], "policy": plan["policy"],
        "profile_words": plan["profile_words"], "commands": plan["commands"], "profile": draft["profile"],
        "predicted": draft["frees"], "kept": len(draft["kept"]), "usage": usage_rows(plan["usage"]),
        "engine": draft["engine"],
        "items": [{name: item[name] for name in _ITEM} for item in draft["items"]],
    }  # fmt: skip
    return said | {
        name: draft[name] for name in ("arguments", "notes") if name in draft
    }  # the first had none


_ITEM = ("kind", "id", "name", "references", "bytes", "rule")


def usage_rows(usage: Mapping[str, Any]) -> list[Any]:
    """The rows of a usage's JSON as events have them: that a figure is known is not said."""
    return [
        {name: value for name, value in row.items() if name != "known" or not value} for row in usage["rows"]
    ]


def _usages(record: Record, row: Row) -> Iterator[Difference]:
    frees: list[Any] = []
    for column, fact in (("usage_before", "before"), ("usage_after", "after")):
        said = record.finished.get(fact)
        try:
            usage = None if row[column] is None else json.loads(row[column])
            found: Json = None if usage is None else usage_rows(usage)
            frees.append(usage and usage.get("free"))
        except (ValueError, TypeError, KeyError, AttributeError):
            found = "what cannot be read"
        if found != said:
            yield Difference(table="plan", key=record.plan, column=column, row=found, events=said)
    measured = record.finished.get("measured_bytes")
    found = None if None in frees else frees[-1] - frees[0] if len(frees) > 1 else measured
    if found != measured:
        yield Difference(
            table="plan", key=record.plan, column="usage_after (measured)", row=found, events=measured
        )


# --- its parts ----------------------------------------------------------------------------------


def _items(record: Record, rows: Mapping[int, tuple[Any, ...]]) -> Iterator[Difference]:
    if not record.items and "items" not in record.proposed:
        return  # the events of this plan name no items
    for position, told in enumerate(record.items):
        row = rows.get(position)
        if row is not None and row == tuple(told.values()):
            continue
        said = {**told, "untagging": _names(told["untagging"])}
        as_row = None if row is None else dict(zip(ITEM_COLUMNS, row, strict=True))
        yield from _columns(("plan_item", f"{position} of {record.plan}"), said, as_row)
    for position in rows.keys() - range(len(record.items)):
        yield Difference(table="plan_item", key=f"{position} of {record.plan}", why=NO_EVENT)


def _names(names: Any) -> str:
    return json.dumps(list(names), ensure_ascii=False, separators=(",", ":")) if names else ""


def _restore(record: Record, row: Row | None) -> Iterator[Difference]:
    told = record.restore
    if told is not None and row is not None:
        status = "running" if (told["status"], row["status"]) == ("waiting", "running") else told["status"]
        told = {**told, "status": status}
        row = {**row, "images": _images(row["images"])}
    yield from _columns(("restore", record.plan), told, row, record.rough)


def _images(text: str) -> Any:
    try:
        return [
            {name: image[name] for name in ("position", "outcome", "reason")} for image in json.loads(text)
        ]
    except (ValueError, TypeError, KeyError):
        return text


# --- the words ----------------------------------------------------------------------------------


def _words(record: Record, found: AbstractSet[tuple[str, str, str]]) -> Iterator[Difference]:
    told = record.of_plan
    if told.get("started_at") is None:
        expected: set[tuple[str, str, str]] = set()
    elif "items" not in record.proposed or not {"profile", "status"} <= told.keys():
        return  # the events do not say under what it is to be found
    else:
        at, host = str(told["started_at"]), str(told["host"])
        if "started_at" in record.rough:  # then the plan's row was compared with it
            at = min((moment for _, moment, _ in found), default=at)
        expected = {(word, at, host) for word in words(record)}
    if any(
        "person_name" not in vote for vote in record.votes.values()
    ):  # the first releases did not write it
        by_name = audit_words.person_word("@")
        expected, found = (
            {each for each in some if not each[0].startswith(by_name)} for some in (expected, set(found))
        )
    if expected == found:
        return
    for some, why in ((expected - found, NO_ROW), (found - expected, NO_EVENT)):
        for word, at, host in sorted(some):
            yield Difference(
                table="cleanup_word", key=f"“{word}” of {record.plan} at {at} on {host}", why=why
            )


def words(record: Record) -> frozenset[str]:
    """All words under which the cleanup is to be found."""
    told = record.of_plan
    people = [Person(id=str(told["requester_id"]), name=str(told.get("requester_name", "")))]
    people += [
        Person(id=person, name=str(record.votes[person].get("person_name", "")))
        for person in record.approvers
    ]
    return audit_words.words(
        str(told["host"]),
        str(told["profile"]),
        str(told["status"]),
        people,
        items_of(record.proposed["items"]),
    )


def items_of(listed: Iterable[Any]) -> Iterator[Item]:
    """The items of a proposal, as far as it tells of them."""
    for item in listed:
        yield Item(
            kind=Kind(item["kind"]), id=item["id"], name=item["name"], references=tuple(item["references"]),
            bytes=item["bytes"], rule=item["rule"],
        )  # fmt: skip
