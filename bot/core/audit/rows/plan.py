"""The row of a plan beside its events: its columns, its snapshot, and the figures before and after."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bot.core.audit.records import Record
from bot.core.audit.rows.values import (
    Difference,
    DigestOf,
    Row,
    columns,
)
from bot.core.audit.written import FACT
from bot.core.docker.inventory import Identity
from bot.core.json import Json

_ITEM = ("kind", "id", "name", "references", "bytes", "rule")


def differences_of_plan(record: Record, row: Row, digest_of: DigestOf) -> Iterator[Difference]:
    yield from columns(("plan", record.plan), {"id": record.plan, **record.of_plan}, row, record.rough)
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
