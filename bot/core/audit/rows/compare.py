"""Rows beside the record that the events tell: what each says, where they differ. The events are right.

A row is a cache of the chain. Whatever of it people are shown, or things are found by, is named here and compared;
`bot.store.models` says which of its columns are only for the processes among themselves.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bot.core.audit.records import Record
from bot.core.audit.rows.plan import differences_of_plan
from bot.core.audit.rows.values import (
    ITEM_COLUMNS,
    NO_EVENT,
    NO_ROW,
    Difference,
    DigestOf,
    Row,
    Rows,
    columns,
)
from bot.core.audit.rows.words import differences_of_words


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
        yield from differences_of_plan(record, rows.plan, digest_of)
    yield from _items(record, rows.items)
    for person in record.votes.keys() | rows.votes.keys():
        rough = {"at"} if f"vote of {person}" in record.rough else ()
        where = ("vote", f"of {person} on {plan}")
        yield from columns(where, record.votes.get(person), rows.votes.get(person), rough)
    yield from _restore(record, rows.restore)
    yield from differences_of_words(record, rows.words)


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


def _items(record: Record, rows: Mapping[int, tuple[Any, ...]]) -> Iterator[Difference]:
    if not record.items and "items" not in record.proposed:
        return  # the events of this plan name no items
    for position, told in enumerate(record.items):
        row = rows.get(position)
        if row is not None and row == tuple(told.values()):
            continue
        said = {**told, "untagging": _names(told["untagging"])}
        as_row = None if row is None else dict(zip(ITEM_COLUMNS, row, strict=True))
        yield from columns(("plan_item", f"{position} of {record.plan}"), said, as_row)
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
    yield from columns(("restore", record.plan), told, row, record.rough)


def _images(text: str) -> Any:
    try:
        return [
            {name: image[name] for name in ("position", "outcome", "reason")} for image in json.loads(text)
        ]
    except (ValueError, TypeError, KeyError):
        return text
