"""What cleanups add up to, counted from an index of their rows; `verify` compares what it counts with the events."""

from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session, col

from bot.core.audit.filters import EVERYTHING, AuditFilter
from bot.core.audit.review import NOTHING, Statistics, Tally, Totals
from bot.store.audit.reviewing import asked, began, meant
from bot.store.models import PlanRow


def totals(
    session: Session, *, hosts: Sequence[str] | None = None, matching: AuditFilter = EVERYTHING
) -> Totals:
    """How many cleanups are meant and what they freed, by host; those that still run count as nothing yet."""
    if asked(None, matching):
        found = meant(session, hosts, matching).subquery()
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
    yield from began(col(PlanRow.started_at), matching)


def _ranked(tallies: dict[str, Tally]) -> dict[str, Tally]:
    return dict(sorted(tallies.items(), key=lambda each: (-each[1].bytes, -each[1].cleanups, each[0])))


def statistics(
    session: Session, *, hosts: Sequence[str] | None = None, matching: AuditFilter = EVERYTHING
) -> Statistics:
    """The same, counted by everything that a cleanup has one of."""
    found = meant(session, hosts, matching).subquery()
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
