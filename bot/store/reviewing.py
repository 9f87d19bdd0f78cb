"""Reviewing cleanups: pages, newest first, and totals; found by words, each of which has its list by time.

A page costs what it shows: it walks the list of the rarest word that is asked for, from where the last page
ended, and looks each entry up under the other words. Only a name's beginning (``web*``) has to be sorted first.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from bot.core import audit_words
from bot.core.audit_filter import AuditFilter
from bot.core.lifecycle import PlanState, Status
from bot.core.review import NOTHING, Place, RecordedItem, Statistics, Tally, Totals
from bot.ports import Cleanup
from bot.store.columns import Moment, storable
from bot.store.models import ItemRow, PlanRow, VoteRow, WordRow
from bot.store.plans import load
from bot.store.sessions import now

BESIDE_US = timedelta(days=7)
"""How long processes of two releases may run on one database."""
MOST_LOST = 20
RARE = 3_000
"""Entries of a list that are counted to tell which one is short."""
_HIGHEST = "\U0010ffff"
_Column: TypeAlias = Any
"""A column of an alias, which SQLAlchemy types as the value that it holds."""


# --- written with a run -------------------------------------------------------------------------


def begin(session: Session, state: PlanState) -> None:
    """Make a cleanup that has just been claimed findable.

    And those that a process of an earlier release ran beside us, which writes no words and counts no bytes.
    """
    _write_words(session, state)
    lost = select(col(PlanRow.id)).where(
        col(PlanRow.started_at) >= now(session) - BESIDE_US,
        ~exists().where(
            col(WordRow.word) == audit_words.EVERY,
            col(WordRow.started_at) == col(PlanRow.started_at),
            col(WordRow.plan_id) == col(PlanRow.id),
        ),
    )
    for plan_id in session.scalars(lost.limit(MOST_LOST)).all():
        other = load(session, plan_id)
        if other is not None:
            _write_words(session, other)
            _count_freed(session, plan_id)


def _write_words(session: Session, state: PlanState) -> None:
    rows = [
        {"word": word, "started_at": state.started_at, "plan_id": state.plan.id, "host": state.plan.host}
        for word in sorted({storable(word) for word in audit_words.words_of(state)})
    ]
    own = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.execute(own(WordRow).on_conflict_do_nothing(), rows)


def end(session: Session, plan_id: str, status: Status) -> None:
    """Keep how a cleanup ended, and what it freed."""
    started = select(col(PlanRow.started_at)).where(col(PlanRow.id) == plan_id).scalar_subquery()
    session.execute(
        update(WordRow)
        .where(
            col(WordRow.word) == audit_words.outcome_word(Status.RUNNING),
            col(WordRow.started_at) == started,
            col(WordRow.plan_id) == plan_id,
        )
        .values(word=audit_words.outcome_word(status))
        .execution_options(synchronize_session=False)
    )
    _count_freed(session, plan_id)


def _count_freed(session: Session, plan_id: str) -> None:
    freed = select(func.coalesce(func.sum(col(ItemRow.bytes)), 0)).where(col(ItemRow.plan_id) == plan_id)
    session.execute(
        update(PlanRow)
        .where(col(PlanRow.id) == plan_id)
        .values(reclaimed_bytes=freed.scalar_subquery())
        .execution_options(synchronize_session=False)
    )


# --- what is meant ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Words:
    """Words of which a cleanup must have one."""

    words: tuple[str, ...]
    is_beginning: bool = False
    """Whether any word counts that begins like the only one here."""

    def of(self, row: _Column) -> ColumnElement[bool]:
        words, word = [storable(word) for word in self.words], col(row.word)
        if self.is_beginning:
            return and_(word >= words[0], word < words[0] + _HIGHEST)
        return word == words[0] if len(words) == 1 else word.in_(words)

    @property
    def several(self) -> bool:
        """Whether a cleanup may be in the list more than once."""
        return self.is_beginning or len(self.words) > 1


_ALL = _Words((audit_words.EVERY,))


def _asked(hosts: Sequence[str] | None, matching: AuditFilter) -> list[_Words]:
    asked = [
        _Words(tuple(map(word, given)))
        for word, given in (
            (audit_words.person_word, matching.people),
            (audit_words.outcome_word, matching.outcomes),
            (audit_words.profile_word, matching.profiles),
        )
        if given
    ]
    for text in matching.texts:
        word, is_beginning = audit_words.text_word(text)
        asked.append(_Words((word,), is_beginning=is_beginning))
    if hosts is not None and len(hosts) == 1:
        asked.append(_Words((audit_words.host_word(hosts[0]),)))
    return asked


def _rarest_first(session: Session, asked: list[_Words]) -> list[_Words]:
    if len(asked) < 2:  # noqa: PLR2004 - nothing to choose from
        return asked or [_ALL]

    lengths = session.execute(select(*(_length(words) for words in asked))).one()
    ranked = sorted(zip(lengths, asked, strict=True), key=lambda each: (each[0], each[1].several))
    return [words for _, words in ranked]


def _length(words: _Words) -> ColumnElement[int]:
    """How long the list is, as far as that is counted."""
    few = select(literal(1)).where(words.of(aliased(WordRow))).limit(RARE).subquery()
    return select(func.count()).select_from(few).scalar_subquery()


def _found(
    session: Session, hosts: Sequence[str] | None, matching: AuditFilter
) -> Select[datetime, str, str]:
    """Start, plan and host of all cleanups that are meant, each once, in no order."""
    first, *others = _rarest_first(session, _asked(hosts, matching))
    query = select(col(WordRow.started_at), col(WordRow.plan_id), col(WordRow.host)).where(first.of(WordRow))
    for words in others:
        other: _Column = aliased(WordRow)
        query = query.where(
            exists().where(
                other.started_at == col(WordRow.started_at),
                other.plan_id == col(WordRow.plan_id),
                words.of(other),
            )
        )
    if hosts is not None and len(hosts) != 1:
        query = query.where(col(WordRow.host).in_(hosts))
    if matching.since:
        query = query.where(col(WordRow.started_at) >= matching.since)
    if matching.until:
        query = query.where(col(WordRow.started_at) < matching.until)
    return query.distinct() if first.several else query


# --- pages --------------------------------------------------------------------------------------


def cleanups(
    session: Session,
    hosts: Sequence[str] | None,
    matching: AuditFilter,
    limit: int,
    beyond: Place | None,
) -> tuple[Cleanup, ...]:
    """One page, newest first."""
    newer = beyond is not None and beyond.newer
    query, key = _found(session, hosts, matching), (col(WordRow.started_at), col(WordRow.plan_id))
    if beyond:
        edge = tuple_(literal(beyond.started_at, Moment()), literal(storable(beyond.plan)))
        query = query.where(tuple_(*key) > edge if newer else tuple_(*key) < edge)
    query = query.order_by(*(part if newer else part.desc() for part in key))
    ids = [row[1] for row in session.execute(query.limit(max(limit, 0)))]
    lines = lines_of(session, ids)
    return tuple(lines[plan_id] for plan_id in (reversed(ids) if newer else ids) if plan_id in lines)


_LINE = (
    PlanRow.id, PlanRow.host, PlanRow.engine_id, PlanRow.profile, PlanRow.requester_id, PlanRow.status,
    PlanRow.predicted_bytes, PlanRow.reclaimed_bytes, PlanRow.started_at, PlanRow.finished_at,
)  # fmt: skip


def lines_of(session: Session, ids: Sequence[str]) -> dict[str, Cleanup]:
    """The lines of the list for these plans; without the plans themselves, which are long."""
    approvers: dict[str, list[str]] = {}
    votes = (
        select(col(VoteRow.plan_id), col(VoteRow.person_id))
        .where(col(VoteRow.plan_id).in_(ids), col(VoteRow.approve).is_(True))
        .order_by(col(VoteRow.version))
    )
    for plan_id, person in session.execute(votes):
        approvers.setdefault(plan_id, []).append(person)
    rows = session.execute(select(*_LINE).where(col(PlanRow.id).in_(ids))).all()  # type: ignore[call-overload] # ten columns
    so_far = _freed_so_far(session, [row.id for row in rows if row.finished_at is None])
    return {
        row.id: Cleanup(
            id=f"cleanup:{row.id}",
            plan=row.id,
            host=row.host,
            engine_id=row.engine_id,
            profile=row.profile,
            requested_by=row.requester_id,
            approved_by=tuple(approvers.get(row.id, ())),
            outcome=row.status,
            predicted_bytes=row.predicted_bytes,
            reclaimed_bytes=so_far.get(row.id, row.reclaimed_bytes),
            started_at=row.started_at,
            finished_at=row.finished_at,
        )
        for row in rows
    }


def _freed_so_far(session: Session, running: Sequence[str]) -> dict[str, int]:
    if not running:
        return {}
    freed = (
        select(col(ItemRow.plan_id), func.sum(col(ItemRow.bytes)))
        .where(col(ItemRow.plan_id).in_(running))
        .group_by(col(ItemRow.plan_id))
    )
    return {plan_id: int(total) for plan_id, total in session.execute(freed)}


# --- totals -------------------------------------------------------------------------------------


def totals(session: Session, hosts: Sequence[str] | None, matching: AuditFilter) -> Totals:
    """How many cleanups are meant and what they freed, by host; those that still run count as nothing yet."""
    if _asked(None, matching):
        found = _found(session, hosts, matching).subquery()
        query = select(found.c.host, func.count(), func.sum(col(PlanRow.reclaimed_bytes))).join(
            PlanRow, col(PlanRow.id) == found.c.plan_id
        )
        query = query.group_by(found.c.host)
    else:
        query = select(col(PlanRow.host), func.count(), func.sum(col(PlanRow.reclaimed_bytes)))
        query = query.where(*_plainly(hosts, matching)).group_by(col(PlanRow.host))
    rows = session.execute(query)
    return Totals(by_host=_ranked({host: Tally(count, int(freed or 0)) for host, count, freed in rows}))


def _plainly(hosts: Sequence[str] | None, matching: AuditFilter) -> Iterator[ColumnElement[bool]]:
    yield col(PlanRow.started_at).is_not(None)
    if hosts is not None:
        yield col(PlanRow.host).in_(hosts)
    if matching.since:
        yield col(PlanRow.started_at) >= matching.since
    if matching.until:
        yield col(PlanRow.started_at) < matching.until


def _ranked(tallies: dict[str, Tally]) -> dict[str, Tally]:
    return dict(sorted(tallies.items(), key=lambda each: (-each[1].bytes, -each[1].cleanups, each[0])))


def statistics(session: Session, hosts: Sequence[str] | None, matching: AuditFilter) -> Statistics:
    """The same, counted by everything that a cleanup has one of."""
    found = _found(session, hosts, matching).subquery()
    month = func.substr(found.c.started_at, 1, 7)
    parts = (found.c.host, col(PlanRow.profile), month, col(PlanRow.requester_id), col(PlanRow.status))
    counted = (
        select(*parts, func.count(), func.sum(col(PlanRow.reclaimed_bytes)))
        .join(found, col(PlanRow.id) == found.c.plan_id)
        .group_by(*parts)
    )
    by: tuple[dict[str, Tally], ...] = ({}, {}, {}, {}, {})
    for *names, count, freed in session.execute(counted):
        for tallies, name in zip(by, names, strict=True):
            tallies[name] = tallies.get(name, NOTHING) + Tally(count, int(freed or 0))
    by_host, by_profile, by_month, by_requester, by_outcome = by
    return Statistics(
        by_host=_ranked(by_host),
        by_profile=_ranked(by_profile),
        by_month=dict(sorted(by_month.items())),
        by_requester=_ranked(by_requester),
        by_outcome=_ranked(by_outcome),
    )


def hosts_of_cleanups(session: Session) -> frozenset[str]:
    """Every host that has ever been cleaned, registered or not."""
    return frozenset(
        session.scalars(select(col(PlanRow.host)).where(*_plainly(None, AuditFilter())).distinct())
    )


def recorded_items(session: Session, plan_ids: Sequence[str]) -> tuple[RecordedItem, ...]:
    """What became of every object of these plans, in their order."""
    rows = session.scalars(
        select(ItemRow)
        .where(col(ItemRow.plan_id).in_(plan_ids))
        .order_by(col(ItemRow.plan_id), col(ItemRow.position))
    )
    return tuple(
        RecordedItem(
            plan=row.plan_id,
            kind=row.kind,
            id=row.object_id,
            name=row.name,
            outcome=row.outcome,
            reason=row.reason,
            bytes=row.bytes,
        )
        for row in rows
    )
