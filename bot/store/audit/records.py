"""Records of cleanups, read from the chain: rows say which they are, and events what they say."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import case, select
from sqlmodel import Session, col

from bot.core.audit.events import Tag
from bot.core.audit.format import Entry
from bot.core.audit.records import Facts, Record
from bot.core.audit.review import RecordedItem
from bot.core.audit.rows.compare import differences
from bot.core.audit.rows.values import ROUGHLY
from bot.core.audit.states import Basis, Recorded, state_of
from bot.core.errors import NewerReleaseError, PlanDiffersError
from bot.core.life.states import PlanState, Status
from bot.ports import Cleanup
from bot.store.audit.rebuilding import digest_of, facts_of, rows_of
from bot.store.db.columns import read_moment
from bot.store.events import chain
from bot.store.events.in_chain import InChain
from bot.store.models import OF_LINES, EventRow
from bot.store.plan.plans import load

_UNREADABLE = (ValueError, TypeError, KeyError, IndexError, AttributeError)


def told(plan_id: str, entries: Iterable[Entry]) -> Record:
    """The record that these events of a plan tell."""
    record = Record(plan=plan_id)
    for entry in entries:
        record.tell(entry, facts_of(entry))
    return record


# --- one plan -----------------------------------------------------------------------------------


def recorded(session: Session, plan_id: str) -> Recorded | None:
    """A plan as its events tell it; None when neither events nor rows know it. StoreUnavailableError.

    NewerReleaseError where a newer release wrote its rows.
    """
    genuine = InChain(session)
    entries, strange = genuine.split(chain.of_plan_unread(session, plan_id))
    record = told(plan_id, entries)
    row, unreadable = _row(session, plan_id, is_ours=all(entry.tag in _TAGS for entry in entries))
    if row is None and not record.is_alive:
        return None
    said = [f"event {entry.seq} is none of the chain's, and was left out" for entry in strange]
    said += unreadable
    rows = rows_of(session, [plan_id])[plan_id]
    if not record.is_proposed and genuine.was_archived(rows.plan):
        basis = Basis.ARCHIVED
    else:
        basis = Basis.EVENTS if record.is_alive else Basis.NOTHING
        said += map(str, differences(record, rows, digest_of))
    try:
        state = state_of(record, row)
        if row is None and rows.plan is not None:
            state = replace(state, version=int(rows.plan["version"]))  # which its message has to show
    except _UNREADABLE:
        if row is None:
            return None
        state, basis = row, Basis.NOTHING
        said.append("its events tell of no plan that could be")
    events = tuple(chain.link(entry, plan_id) for entry in entries)
    return Recorded(state=state, events=events, basis=basis, differences=tuple(said))


_TAGS = frozenset(map(str, Tag))


def _row(session: Session, plan_id: str, *, is_ours: bool) -> tuple[PlanState | None, list[str]]:
    """The plan by its rows, and what to say where they make no plan.

    Rows of a newer release have events that this one does not know; where all are ours, somebody has changed them.
    """
    try:
        return load(session, plan_id), []
    except NewerReleaseError:
        if not is_ours:
            raise
        return None, [f"the rows of plan {plan_id} say what no plan is: somebody has changed them"]
    except PlanDiffersError:
        return None, [f"the rows of plan {plan_id} make no plan: somebody has changed them"]


def recorded_items(session: Session, plan_ids: Sequence[str]) -> tuple[RecordedItem, ...]:
    """What became of every object of these plans, by their events; grouped by plan."""
    genuine, found = InChain(session), []
    for plan_id in sorted(plan_ids):
        record = told(plan_id, genuine.split(chain.of_plan_unread(session, plan_id))[0])
        items = [tuple(item.values())[:6] for item in record.items]
        if not items:
            items = [row[:6] for _, row in sorted(rows_of(session, [plan_id])[plan_id].items.items())]
        found += [_recorded_item(plan_id, item) for item in items]
    return tuple(found)


def _recorded_item(plan_id: str, values: tuple[Any, ...]) -> RecordedItem:
    kind, object_id, name, outcome, reason, freed = values
    return RecordedItem(
        plan=plan_id, kind=kind, id=object_id, name=name, outcome=outcome, reason=reason, bytes=freed
    )


# --- lines of a list ----------------------------------------------------------------------------


def lines(session: Session, rows: Mapping[str, Cleanup]) -> dict[str, Cleanup]:
    """The lines of these cleanups by their events, each compared with the one that their rows make.

    A cleanup of which no event tells is left out, unless its events may be in an archive: then the line says so.
    """
    genuine = InChain(session)
    by_plan = _events_of_lines(session, list(rows))
    found: dict[str, Cleanup] = {}
    for plan_id, row in rows.items():
        own = [entry for entry in by_plan.get(plan_id, ()) if _counts(genuine, entry)]
        line = _Line(session, genuine, row, own).made()
        if line is not None:
            found[plan_id] = line
    return found


_NO_FACTS = (str(Tag.PLAN_PROPOSED), str(Tag.CLEANUP_STARTED))
"""Long events, of which a line needs no more than who, when and where; the start of one that still runs is read."""


def _events_of_lines(session: Session, ids: Sequence[str]) -> Mapping[str, list[Entry]]:
    columns = list(chain.ENTRIES.selected_columns)
    facts = Entry._fields.index("facts")
    columns[facts] = case((col(EventRow.tag).in_(_NO_FACTS), ""), else_=columns[facts])
    query = select(*columns).where(OF_LINES, col(EventRow.plan).in_(ids)).order_by(col(EventRow.seq))
    found: dict[str, list[Entry]] = defaultdict(list)
    for row in session.execute(query):
        entry = Entry._make(row)
        found[entry.plan].append(entry)
    return found


def _counts(genuine: InChain, entry: Entry) -> bool:
    return genuine.stands_in_it(entry.seq) if entry.tag in _NO_FACTS else genuine.has(entry)


class _Line:
    """One line in the making: what its row says, and what its events say."""

    def __init__(self, session: Session, genuine: InChain, row: Cleanup, entries: Sequence[Entry]) -> None:
        self._session, self._genuine, self._row = session, genuine, row
        self._first: dict[str, Entry] = {}
        self._record = Record(plan=row.plan)
        for entry in entries:
            self._first.setdefault(entry.tag, entry)
            if entry.tag not in _NO_FACTS:
                self._record.tell(entry, facts_of(entry))

    def made(self) -> Cleanup | None:
        started, ended = (self._first.get(tag) for tag in (_NO_FACTS[1], str(Tag.CLEANUP_FINISHED)))
        try:
            if ended is not None:
                line = self._ended(ended)
            elif started is not None:
                line = self._running(started)
            else:
                return replace(self._row, basis=Basis.ARCHIVED) if self._genuine.is_archived else None
        except _UNREADABLE:
            return None
        return line if line == self._row and line.found_at == line.started_at else replace(line, differs=True)

    def _ended(self, ended: Entry) -> Cleanup:
        told = self._record.of_plan
        facts, row = self._record.finished, self._row
        finished_at = read_moment(str(told["finished_at"]))
        rough = "finished_at" in self._record.rough and row.finished_at is not None
        return replace(
            self._asked(ended.host, facts),
            outcome=str(told.get("status", row.outcome)),
            reclaimed_bytes=int(str(told.get("reclaimed_bytes", row.reclaimed_bytes))),
            started_at=read_moment(facts["started_at"]) if "started_at" in facts else row.started_at,
            finished_at=row.finished_at if rough and _is_near(row.finished_at, finished_at) else finished_at,
        )

    def _running(self, started: Entry) -> Cleanup:
        entry = next(chain.streamed(self._session, col(EventRow.seq) == started.seq), None)
        facts = facts_of(entry) if entry is not None and self._genuine.has(entry) else {}
        began = facts.get("started_at")
        return replace(
            self._asked(started.host, facts),
            outcome=str(Status.RUNNING),
            reclaimed_bytes=self._freed_so_far(),
            # The releases before did not write it there; their row was compared by `verify`.
            started_at=self._row.started_at if began is None else read_moment(began),
            finished_at=None,
        )

    def _asked(self, host: str, facts: Facts) -> Cleanup:
        """Who asked for what where, and who approved it."""
        row, proposed = self._row, self._first.get(_NO_FACTS[0])
        requester = proposed.actor if proposed else facts.get("requester", {}).get("id", row.requested_by)
        approvers = tuple(str(person["id"]) for person in facts.get("approvers", ()))
        return replace(
            row,
            host=host,
            engine_id=str(facts.get("engine", {}).get("id", row.engine_id)),
            profile=str(facts.get("profile", row.profile)),
            requested_by=requester,
            approved_by=tuple(self._record.approvers) or approvers,
            predicted_bytes=int(facts.get("predicted", {}).get("high", row.predicted_bytes)),
        )

    def _freed_so_far(self) -> int:
        own = chain.streamed(
            self._session, col(EventRow.plan) == self._row.plan, col(EventRow.tag) == str(Tag.ITEM_ENDED)
        )
        return sum(int(facts_of(entry).get("bytes", 0)) for entry in own if self._genuine.has(entry))


def _is_near(row: datetime | None, event: datetime) -> bool:
    return row is not None and abs(event - row) <= ROUGHLY
