"""Rebuilding from the chain what the rows should say, and naming each row that says otherwise."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Text, select, type_coerce
from sqlmodel import Session, col

from bot.core.audit.format import Entry
from bot.core.audit.records import Facts, Record
from bot.core.audit.rows.compare import differences
from bot.core.audit.rows.values import ITEM_COLUMNS, Compared, Difference, Rows
from bot.core.audit.written import PLAN, plan_digest
from bot.store.db.columns import Moment
from bot.store.events import chain, walking
from bot.store.events.in_chain import InChain
from bot.store.fleet.comparing import differences as of_fleets
from bot.store.models import EventRow, ItemRow, PlanRow, RestoreRow, Row, VoteRow, WordRow

AT_ONCE = 100
"""Plans whose rows and events are read at once."""
TOLD = 1_000
"""Differences that are kept; the others are counted."""
ONLY_OURS: Mapping[type[Row], frozenset[str]] = {
    PlanRow: frozenset({
        "version", "shown_version", "told_seq", "batch", "held", "changed_at", "owner", "lease_until", "in_vain",
        "showing_until", "format",
    }),
    ItemRow: frozenset(),
    VoteRow: frozenset(),
    RestoreRow: frozenset({"owner", "attempt", "lease_until"}),
    WordRow: frozenset(),
}  # fmt: skip
"""The tables whose rows are compared, and their columns that nobody is shown: how processes take turns."""


class Events(Protocol):
    """Events that are elsewhere than in the database."""

    @property
    def plans(self) -> Collection[str]: ...

    def __call__(self, plan_ids: Sequence[str]) -> Iterable[Entry]:
        """All events of these plans, grouped by plan, each plan's in their order."""
        ...


def compare(session: Session, archive: Events | None = None) -> Compared:
    """Every plan's rows beside its events, which may be in an archive too: each row that says otherwise."""
    return walking.tolerantly(session, lambda: _compare(session, archive))


def _compare(session: Session, archive: Events | None) -> Compared:
    genuine = InChain(session)
    plans, archived, more = 0, 0, 0
    found: list[Difference] = []
    ids = iter(sorted({*_plans(session), *(archive.plans if archive else ())} - {""}))
    while part := list(islice(ids, AT_ONCE)):
        records = _records(_events(session, genuine, part, archive))
        for plan_id, rows in rows_of(session, part).items():
            record = records.get(plan_id) or Record(plan=plan_id)
            if not record.is_proposed and genuine.was_archived(rows.plan):
                archived += 1
                continue
            plans += record.is_alive
            for difference in differences(record, rows, digest_of):
                if len(found) < TOLD:
                    found.append(difference)
                else:
                    more += 1
    for difference in of_fleets(session, genuine):
        if len(found) < TOLD:
            found.append(difference)
        else:
            more += 1
    return Compared(plans=plans, archived=archived, differences=tuple(found), more=more)


def _plans(session: Session) -> set[str]:
    """Whatever plan an event or a row speaks of."""
    found: set[str] = set()
    for column in (
        PlanRow.id, EventRow.plan, ItemRow.plan_id, VoteRow.plan_id, RestoreRow.plan_id, WordRow.plan_id,
    ):  # fmt: skip
        found.update(session.scalars(select(col(column)).distinct()))
    return found


def _events(
    session: Session, genuine: InChain, plan_ids: Sequence[str], archive: Events | None
) -> Iterator[Entry]:
    if archive is not None:
        yield from archive(plan_ids)
    query = chain.ENTRIES.where(col(EventRow.plan).in_(plan_ids)).order_by(
        col(EventRow.plan), col(EventRow.seq)
    )
    for row in session.execute(query):
        if genuine.stands_in_it(row[0]):
            yield Entry._make(row)


def _records(entries: Iterable[Entry]) -> Mapping[str, Record]:
    records: dict[str, Record] = {}
    for entry in entries:
        record = records.get(entry.plan)
        if record is None:
            record = records[entry.plan] = Record(plan=entry.plan)
        record.tell(entry, facts_of(entry))
    return records


def facts_of(entry: Entry) -> Facts:
    """The facts of an event; none where somebody has written there what is no object."""
    try:
        facts = json.loads(entry.facts)
    except (ValueError, TypeError, RecursionError):
        return {}
    return facts if isinstance(facts, dict) else {}


def digest_of(snapshot: str) -> str | None:
    """The digest of the plan of a snapshot; None when somebody has made it none."""
    try:
        return plan_digest(PLAN.read(snapshot))
    except (ValueError, TypeError):
        return None


# --- rows ---------------------------------------------------------------------------------------


def rows_of(session: Session, plan_ids: Sequence[str]) -> dict[str, Rows]:
    """All rows of these plans, as the database has them: what was changed need not be what it was."""
    items: dict[str, dict[int, tuple[Any, ...]]] = defaultdict(dict)
    for plan_id, position, *values in session.execute(_OF_ITEMS.where(col(ItemRow.plan_id).in_(plan_ids))):
        items[plan_id][position] = tuple(values)
    votes: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for vote in _mappings(session, VoteRow, col(VoteRow.plan_id).in_(plan_ids)):
        votes[vote["plan_id"]][vote["person_id"]] = vote
    words: dict[str, set[tuple[str, str, str]]] = defaultdict(set)
    for plan_id, *place in session.execute(_OF_WORDS.where(col(WordRow.plan_id).in_(plan_ids))):
        words[plan_id].add(tuple(place))
    plans = {row["id"]: row for row in _mappings(session, PlanRow, col(PlanRow.id).in_(plan_ids))}
    restores = _mappings(session, RestoreRow, col(RestoreRow.plan_id).in_(plan_ids))
    by_plan = {row["plan_id"]: row for row in restores}
    return {
        plan_id: Rows(
            plan=plans.get(plan_id),
            items=items[plan_id],
            votes=votes[plan_id],
            restore=by_plan.get(plan_id),
            words=frozenset(words[plan_id]),
        )
        for plan_id in plan_ids
    }


def _as_they_are(table: type[Row]) -> list[Any]:
    """A table's columns; moments as the texts that they are kept as."""
    columns = table.metadata.tables[str(table.__tablename__)].columns
    return [
        type_coerce(column, Text).label(column.name) if isinstance(column.type, Moment) else column
        for column in columns
    ]


_ITEM = ItemRow.metadata.tables["plan_item"].c
_OF_ITEMS = select(_ITEM.plan_id, _ITEM.position, *(_ITEM[name] for name in ITEM_COLUMNS))
_WORD = WordRow.metadata.tables["cleanup_word"].c
_OF_WORDS = select(_WORD.plan_id, _WORD.word, type_coerce(_WORD.started_at, Text), _WORD.host)


def _mappings(session: Session, table: type[Row], where: ColumnElement[bool]) -> list[dict[str, Any]]:
    return [dict(row) for row in session.execute(select(*_as_they_are(table)).where(where)).mappings()]
