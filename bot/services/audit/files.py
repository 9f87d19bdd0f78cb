"""The cleanups that a filter means as files: CSV with a line for each object, JSON with a record for each cleanup."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

from bot.core.audit.events import time_text
from bot.core.audit.filters import AuditFilter
from bot.core.audit.review import RecordedItem, cleanup_json
from bot.core.json import Json
from bot.core.plan.plan import Person
from bot.core.spreadsheet import csv_lines
from bot.core.visible import json_text
from bot.ports import Cleanup
from bot.services.audit.review import Review, every_cleanup

MOST = 1_000
"""Cleanups in one export; more are asked for in a shell, which writes them one after another."""
AT_ONCE = 50
COLUMNS = (
    "cleanup", "host", "engine_id", "profile", "outcome", "requested_by", "approved_by", "started_at",
    "finished_at", "kind", "id", "name", "item_outcome", "reason", "bytes",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    csv: str
    json: str
    cleanups: int
    whole: bool
    """Whether these are all that were meant, and not the newest of them."""


def export(review: Review, person: Person, matching: AuditFilter, channel: str = "") -> Files:
    """Write what the person may read of it, the newest first."""
    hosts = review.open_hosts(person, matching, channel)
    found = list(islice(every_cleanup(review.audit, hosts, matching, MOST + 1), MOST + 1))
    cleanups = found[:MOST]
    items: dict[str, list[RecordedItem]] = {}
    for start in range(0, len(cleanups), AT_ONCE):
        plans = [cleanup.plan for cleanup in cleanups[start : start + AT_ONCE]]
        for plan, of_plan in groupby(review.audit.recorded_items(plans), key=lambda item: item.plan):
            items[plan] = list(of_plan)
    return Files(
        csv="".join(csv_lines(_rows(cleanups, items))),
        json=json_text([_record(each, items.get(each.plan, ())) for each in cleanups], indent=1),
        cleanups=len(cleanups),
        whole=len(found) <= MOST,
    )  # fmt: skip


def _record(cleanup: Cleanup, items: Sequence[RecordedItem]) -> Json:
    return {
        **cleanup_json(cleanup),
        "items": [
            {"kind": item.kind, "id": item.id, "name": item.name, "outcome": item.outcome,
             "reason": item.reason, "bytes": item.bytes}
            for item in items
        ],
    }  # fmt: skip


def _rows(cleanups: Sequence[Cleanup], items: dict[str, list[RecordedItem]]) -> Iterator[Sequence[Json]]:
    yield COLUMNS
    for cleanup in cleanups:
        for item in items.get(cleanup.plan, ()):
            yield _line(cleanup, item)


def _line(cleanup: Cleanup, item: RecordedItem) -> tuple[str | int, ...]:
    finished = time_text(cleanup.finished_at) if cleanup.finished_at else ""
    return (
        cleanup.id, cleanup.host, cleanup.engine_id, cleanup.profile, cleanup.outcome, cleanup.requested_by,
        " ".join(cleanup.approved_by), time_text(cleanup.started_at), finished,
        item.kind, item.id, item.name, item.outcome, item.reason, item.bytes,
    )  # fmt: skip
