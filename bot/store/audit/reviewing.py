"""Reviewing cleanups: pages, newest first, found by words, each of which has its list by time.

A page costs what it shows: it walks the list of the rarest word that is asked for, from where the last page
ended, and looks each entry up under the other words. Only a name's beginning (``web*``) has to be sorted first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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


def asked(hosts: Sequence[str] | None, matching: AuditFilter) -> list[_Words]:
    wanted = [
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
        wanted.append(_Words((word,), is_beginning=is_beginning))
    if hosts is not None and len(hosts) == 1:
        wanted.append(_Words((audit_words.host_word(hosts[0]),)))
    return wanted


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


def meant(session: Session, hosts: Sequence[str] | None, matching: AuditFilter) -> Select[str, str, str]:
    """Start, plan and host of all cleanups that are meant, each once, in no order."""
    first, *others = _rarest_first(session, asked(hosts, matching))
    began = type_coerce(WordRow.started_at, Text)  # as it stands there, since somebody may have changed it
    query = select(began, col(WordRow.plan_id), col(WordRow.host)).where(first.of(WordRow))
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
