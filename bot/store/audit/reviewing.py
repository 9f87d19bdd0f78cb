"""Reviewing cleanups: pages, newest first, found by words, each of which has its list by time.

A page costs what it shows: it walks the list of the rarest word that is asked for, from where the last page
ended, and looks each entry up under the other words. Only a name's beginning (``web*``) has to be sorted first.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    exists,
    func,
    literal,
    select,
    tuple_,
    type_coerce,
)
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from bot.core.audit import words as audit_words
from bot.core.audit.filters import EVERYTHING, AuditFilter
from bot.core.audit.review import Place
from bot.core.audit.words import Wanted
from bot.core.json import storable
from bot.ports import Cleanup
from bot.store.audit import records
from bot.store.db.columns import Moment, read_moment
from bot.store.models import ItemRow, PlanRow, VoteRow, WordRow

RARE = 3_000
"""Entries of a list that are counted to tell which one is short."""
_HIGHEST = "\U0010ffff"
_Column: TypeAlias = Any
"""A column of an alias, which SQLAlchemy types as the value that it holds."""


# --- what is meant ------------------------------------------------------------------------------


_ALL = Wanted((audit_words.EVERY,))


def asked(hosts: Sequence[str] | None, matching: AuditFilter) -> tuple[Wanted, ...]:
    """The words by which the cleanups are found; none where only hosts or moments say which."""
    one_host = (Wanted((audit_words.host_word(hosts[0]),)),) if hosts is not None and len(hosts) == 1 else ()
    return (*matching.wanted(), *one_host)


def began(at: _Column, matching: AuditFilter) -> Iterator[ColumnElement[bool]]:
    """What is asked about the moment at which a cleanup began."""
    if matching.since:
        yield at >= matching.since
    if matching.until:
        yield at < matching.until


def _rarest_first(session: Session, asked: Sequence[Wanted]) -> Sequence[Wanted]:
    if len(asked) < 2:  # noqa: PLR2004 - nothing to choose from
        return asked or [_ALL]

    lengths = session.execute(select(*(_length(wanted) for wanted in asked))).one()
    ranked = sorted(zip(lengths, asked, strict=True), key=lambda each: (each[0], _several(each[1])))
    return [wanted for _, wanted in ranked]


def _has(row: _Column, wanted: Wanted) -> ColumnElement[bool]:
    words, word = [storable(word) for word in wanted.words], col(row.word)
    if wanted.is_beginning:
        return and_(word >= words[0], word < words[0] + _HIGHEST)
    return word == words[0] if len(words) == 1 else word.in_(words)


def _several(wanted: Wanted) -> bool:
    """Whether a cleanup may be in the list more than once."""
    return wanted.is_beginning or len(wanted.words) > 1


def _length(wanted: Wanted) -> ColumnElement[int]:
    """How long the list is, as far as that is counted."""
    few = select(literal(1)).where(_has(aliased(WordRow), wanted)).limit(RARE).subquery()
    return select(func.count()).select_from(few).scalar_subquery()


def meant(session: Session, hosts: Sequence[str] | None, matching: AuditFilter) -> Select[str, str, str]:
    """Start, plan and host of all cleanups that are meant, each once, in no order."""
    first, *others = _rarest_first(session, asked(hosts, matching))
    start = type_coerce(WordRow.started_at, Text)  # as it stands there, since somebody may have changed it
    query = select(start, col(WordRow.plan_id), col(WordRow.host)).where(_has(WordRow, first))
    for wanted in others:
        other: _Column = aliased(WordRow)
        query = query.where(
            exists().where(
                other.started_at == col(WordRow.started_at),
                other.plan_id == col(WordRow.plan_id),
                _has(other, wanted),
            )
        )
    if hosts is not None and len(hosts) != 1:
        query = query.where(col(WordRow.host).in_(hosts))
    query = query.where(*began(col(WordRow.started_at), matching))
    return query.distinct() if _several(first) else query


# --- pages --------------------------------------------------------------------------------------


def cleanups(
    session: Session,
    *,
    hosts: Sequence[str] | None = None,
    matching: AuditFilter = EVERYTHING,
    limit: int = 20,
    beyond: Place | None = None,
) -> tuple[Cleanup, ...]:
    """One page, newest first."""
    newer = beyond is not None and beyond.newer
    query, key = meant(session, hosts, matching), (col(WordRow.started_at), col(WordRow.plan_id))
    query = query.order_by(*(part if newer else part.desc() for part in key))
    edge = tuple_(literal(beyond.started_at, Moment()), literal(storable(beyond.plan))) if beyond else None
    lines: dict[str, Cleanup] = {}
    while len(lines) < limit:
        wanted = limit - len(lines)
        page = query if edge is None else query.where(tuple_(*key) > edge if newer else tuple_(*key) < edge)
        found = session.execute(page.limit(wanted)).all()
        made = lines_of(session, {plan_id: started_at for started_at, plan_id, _ in found})
        for plan_id, line in made.items():
            # A word may have been put to another cleanup: who may not read that host shall not read it so.
            if hosts is None or line.host in hosts:
                lines.setdefault(plan_id, line)
        if len(found) < wanted:
            break
        edge = tuple_(literal(found[-1][0], Text()), literal(found[-1][1]))
    return tuple(reversed(lines.values()) if newer else lines.values())


_LINE = (
    PlanRow.id, PlanRow.host, PlanRow.engine_id, PlanRow.profile, PlanRow.requester_id, PlanRow.status,
    PlanRow.predicted_bytes, PlanRow.reclaimed_bytes, type_coerce(PlanRow.started_at, Text),
    type_coerce(PlanRow.finished_at, Text),
)  # fmt: skip


def lines_of(session: Session, found: Mapping[str, str]) -> dict[str, Cleanup]:
    """The lines of the list for these plans, which were found at these moments: by their events, in this order."""
    ids = list(found)
    approvers: dict[str, list[str]] = {}
    votes = (
        select(col(VoteRow.plan_id), col(VoteRow.person_id))
        .where(col(VoteRow.plan_id).in_(ids), col(VoteRow.approve).is_(True))
        .order_by(col(VoteRow.version))
    )
    for plan_id, person in session.execute(votes):
        approvers.setdefault(plan_id, []).append(person)
    rows = {row[0]: row for row in session.execute(select(*_LINE).where(col(PlanRow.id).in_(ids)))}  # type: ignore[call-overload] # ten columns
    so_far = _freed_so_far(session, [plan_id for plan_id, row in rows.items() if row[9] is None])
    by_rows = {
        plan_id: _row_line(plan_id, at, rows.get(plan_id), approvers.get(plan_id, ()), so_far.get(plan_id))
        for plan_id, at in found.items()
    }
    return records.lines(session, by_rows)


def _row_line(
    plan_id: str, found_at: str, row: Sequence[Any] | None, approvers: Sequence[str], so_far: int | None
) -> Cleanup:
    """The line as the rows have it; of what they do not say, or not so that it can be read, it is empty."""
    _, host, engine_id, profile, requester, status, predicted, freed, started, finished = row or _NO_ROW
    at = _read(found_at) or _NEVER
    return Cleanup(
        id=f"cleanup:{plan_id}",
        plan=plan_id,
        host=host,
        engine_id=engine_id,
        profile=profile,
        requested_by=requester,
        approved_by=tuple(approvers),
        outcome=status,
        predicted_bytes=predicted,
        reclaimed_bytes=freed if so_far is None else so_far,
        started_at=_read(started) or at,
        finished_at=_read(finished),
        found_at=at,
    )


_NO_ROW = ("", "", "", "", "", "", 0, 0, None, None)
_NEVER = datetime.min.replace(tzinfo=UTC)


def _read(text: str | None) -> datetime | None:
    """A moment; None for what somebody has put in the place of one."""
    try:
        return None if text is None else read_moment(text)
    except (ValueError, TypeError):
        return None


def _freed_so_far(session: Session, running: Sequence[str]) -> dict[str, int]:
    if not running:
        return {}
    freed = (
        select(col(ItemRow.plan_id), func.sum(col(ItemRow.bytes)))
        .where(col(ItemRow.plan_id).in_(running))
        .group_by(col(ItemRow.plan_id))
    )
    return {plan_id: int(total) for plan_id, total in session.execute(freed)}
