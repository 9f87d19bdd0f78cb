"""Alerts: what each look changes is written whole, with its events; who tells of one is one process at a time.

Locks are taken in one order: how a host stands, its alerts, their message, and the end of the chain.
"""

import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import or_, update
from sqlmodel import Session, col, select

from bot.core.audit import alerts as facts
from bot.core.audit.events import Event
from bot.core.audit.written import Form
from bot.core.watch.pressure.alert import Alert, Kind, Outcome, Standing, Switch, alert_id
from bot.core.watch.pressure.notice import Notice
from bot.ports.watch.alerts import Board, Noticed
from bot.store.db.sessions import DatabaseNow, Sessions, now, update_count
from bot.store.events import chain
from bot.store.models import AlertNoticeRow, AlertRow, AlertStandingRow
from bot.store.watch.upserts import insert_of

_STANDING, _ALERT, _NOTICE = Form[Standing](Standing), Form[Alert](Alert), Form[Notice](Notice)


def look(sessions: Sessions, host: str, kind: Kind, decide: Callable[[Standing], Outcome]) -> Outcome:
    """What follows from a look; where all is well, as it was before, nothing is written."""
    before = sessions.reading(lambda session: standing(session, host, kind))
    outcome = decide(before)
    if before.rests and outcome.standing.rests and not outcome.changes:
        return outcome
    return sessions.writing(lambda session: _looked(session, host, kind, decide))


def standing(session: Session, host: str, kind: Kind) -> Standing:
    row = session.get(AlertStandingRow, (host, str(kind)))
    alert = session.get(AlertRow, row.alert) if row is not None and row.alert else None
    return _whole(session, host, kind, _standing(row, alert))


def _standing(row: AlertStandingRow | None, alert: AlertRow | None) -> Standing:
    """How a host stands; what another release wrote in a way that this one cannot read begins anew."""
    try:
        found = _STANDING.read(row.standing) if row is not None and row.standing else Standing()
    except ValueError:
        return Standing()
    return replace(found, alert=_alert(alert) if alert is not None and alert.is_open else None)


def _whole(session: Session, host: str, kind: Kind, found: Standing) -> Standing:
    """The same, with what its alerts tell where that was lost: no two alerts are one, and none is forgotten."""
    if session.get(AlertRow, alert_id(host, kind, found.count + 1)) is None:
        return found
    begins = alert_id(host, kind, 0).removesuffix("0")
    rows = session.exec(select(AlertRow).where(col(AlertRow.id).startswith(begins, autoescape=True))).all()
    numbered = {row.id.removeprefix(begins): row for row in rows}
    alerts = {int(number): _alert(row) for number, row in numbered.items() if number.isdecimal()}
    going_on = [alert for _, alert in sorted(alerts.items()) if alert is not None and alert.is_open]
    if not going_on:
        return replace(found, count=max(alerts), alert=None)
    alert = going_on[-1]
    switches = found.switches or {cause: Switch(on=True) for cause in alert.causes}
    engine = found.engine or alert.shows.engine
    return replace(found, count=max(alerts), alert=alert, switches=switches, engine=engine)


def _looked(session: Session, host: str, kind: Kind, decide: Callable[[Standing], Outcome]) -> Outcome:
    key = {"host": host, "kind": str(kind)}
    session.execute(
        insert_of(session)(AlertStandingRow).values(**key, standing="", alert="").on_conflict_do_nothing()
    )
    row = session.get_one(AlertStandingRow, (host, str(kind)), with_for_update=True, populate_existing=True)
    alert = session.get(AlertRow, row.alert, with_for_update=True) if row.alert else None
    outcome = decide(_whole(session, host, kind, _standing(row, alert)))
    after = outcome.standing
    row.standing = _STANDING.text(replace(after, alert=None))
    row.alert = after.alert.id if after.alert else ""
    session.add(row)
    written: dict[str, Alert] = {change.alert.id: change.alert for change in outcome.changes}
    if outcome.seen is not None:
        written[outcome.seen.id] = outcome.seen
    for each in written.values():
        _write(session, each)
    events = {facts.once(each) or f"alert {each.alert.id}/record {uuid.uuid4()}": facts.changed(each)
              for each in outcome.changes}  # fmt: skip
    chain.append(session, events)
    return outcome


def _write(session: Session, alert: Alert) -> None:
    """Keep an alert; the message about it is then behind, and one that ended untold needs none."""
    row = session.get(AlertRow, alert.id, with_for_update=True) or AlertRow(
        id=alert.id, host=alert.host, alert=""
    )
    row.alert, row.is_open = _ALERT.text(alert), alert.is_open
    row.done = not alert.is_open and not row.notice
    session.add(row)
    session.flush()
    _is_behind(session, row.notice)


def _is_behind(session: Session, notice: str) -> None:
    if notice:
        later = update(AlertNoticeRow).where(col(AlertNoticeRow.id) == notice)
        update_count(session, later.values(version=AlertNoticeRow.version + 1))


def board(session: Session) -> Board:
    """What there may be something to tell of."""
    rows = session.exec(
        select(AlertRow).where(col(AlertRow.done).is_(False)).order_by(col(AlertRow.id))
    ).all()
    notices = session.exec(
        select(AlertNoticeRow).where(col(AlertNoticeRow.done).is_(False)).order_by(col(AlertNoticeRow.id))
    ).all()
    found = {row.id: _alert(row) for row in rows}
    waiting = [found[row.id] for row in rows if not row.notice and row.is_open]
    of = {each.id: [found[row.id] for row in rows if row.notice == each.id] for each in notices}
    noticed = (_noticed(each, of[each.id]) for each in notices)
    return Board(
        waiting=_ordered([alert for alert in waiting if alert is not None]),
        noticed=tuple(each for each in noticed if each is not None),
    )


def _alert(row: AlertRow) -> Alert | None:
    """None for what another release wrote in a way that this one cannot read: it is told by that one."""
    try:
        return _ALERT.read(row.alert)
    except ValueError:
        return None


def _ordered(alerts: Collection[Alert]) -> tuple[Alert, ...]:
    return tuple(sorted(alerts, key=lambda each: (each.opened_at, each.id)))


def _noticed(row: AlertNoticeRow, alerts: Sequence[Alert | None]) -> Noticed | None:
    """A message; None where it, or one of its alerts, cannot be read: it would tell of less than there is."""
    known = [alert for alert in alerts if alert is not None]
    if len(known) < len(alerts):
        return None
    try:
        notice = _NOTICE.read(row.notice)
    except ValueError:
        return None
    return Noticed(notice=notice, alerts=_ordered(known), behind=row.shown_version < row.version)


def gather(session: Session, notice: Notice, alerts: Collection[str]) -> bool:
    """Put alerts under a message."""
    wanted = select(AlertRow).where(
        col(AlertRow.id).in_(alerts), col(AlertRow.notice) == "", col(AlertRow.is_open).is_(True)
    )
    rows = session.exec(wanted.order_by(col(AlertRow.id)).with_for_update()).all()
    row = session.get(AlertNoticeRow, notice.id, with_for_update=True)
    if not rows or (row is not None and row.done):
        return False
    if row is None:
        session.add(AlertNoticeRow(id=notice.id, notice=_NOTICE.text(notice)))
        session.flush()
    for each in rows:
        each.notice = notice.id
        session.add(each)
    _is_behind(session, notice.id)
    return True


def begin(session: Session, notice: str, owner: str, lease: timedelta) -> Noticed | None:
    """Take up a message."""
    free = or_(col(AlertNoticeRow.lease_until).is_(None), col(AlertNoticeRow.lease_until) <= DatabaseNow(),
               col(AlertNoticeRow.owner) == owner)  # fmt: skip
    taken = update(AlertNoticeRow).where(
        col(AlertNoticeRow.id) == notice, col(AlertNoticeRow.done).is_(False), free
    )
    if not update_count(session, taken.values(owner=owner, lease_until=now(session) + lease)):
        return None
    return noticed(session, notice)


def noticed(session: Session, notice: str) -> Noticed | None:
    row = session.get(AlertNoticeRow, notice, populate_existing=True)
    if row is None:
        return None
    rows = session.exec(select(AlertRow).where(col(AlertRow.notice) == notice)).all()
    return _noticed(row, [_alert(each) for each in rows])


def trying(session: Session, notice: str) -> None:
    row = session.get_one(AlertNoticeRow, notice, with_for_update=True)
    row.notice = _NOTICE.text(replace(_NOTICE.read(row.notice), tried=True))
    session.add(row)


def told(
    session: Session, before: Noticed, notice: Notice, event: Event | None = None, *, is_shown: bool = False
) -> None:
    """Keep what was told; once all was, nothing is left to do."""
    mine = select(AlertRow).where(col(AlertRow.notice) == notice.id).order_by(col(AlertRow.id))
    rows = session.exec(mine.with_for_update()).all()
    row = session.get_one(AlertNoticeRow, notice.id, with_for_update=True, populate_existing=True)
    if is_shown and _same([_alert(each) for each in rows], before.alerts):
        row.shown_version = row.version
    if any(each.is_open for each in rows):
        notice = replace(notice, over_at=None)  # another one has joined meanwhile
    row.notice = _NOTICE.text(notice)
    row.done = notice.over_at is not None and row.shown_version == row.version
    session.add(row)
    for each in rows if row.done else ():
        each.done = True
        session.add(each)
    if event is not None:
        session.flush()
        chain.append(session, {f"alerts {notice.id}/record {uuid.uuid4()}": event})


def _same(alerts: Collection[Alert | None], shown: Sequence[Alert]) -> bool:
    known = [alert for alert in alerts if alert is not None]
    return len(known) == len(alerts) and _ordered(known) == tuple(shown)


def leave(session: Session, notice: str, owner: str) -> None:
    held = update(AlertNoticeRow).where(col(AlertNoticeRow.id) == notice, col(AlertNoticeRow.owner) == owner)
    update_count(session, held.values(lease_until=None))


def act(
    session: Session, notice: str, alerts: Collection[str], change: Callable[[Alert], Alert],
    tell: Callable[[Alert], Event],
) -> tuple[Alert, ...]:  # fmt: skip
    """Change open alerts as somebody wants it."""
    wanted = select(AlertRow).where(
        col(AlertRow.id).in_(alerts), col(AlertRow.notice) == notice, col(AlertRow.is_open).is_(True)
    )
    rows = session.exec(wanted.order_by(col(AlertRow.id)).with_for_update()).all()
    changed = []
    for row in rows:
        found = _alert(row)
        if found is None:
            continue
        alert = change(found)
        row.alert = _ALERT.text(alert)
        session.add(row)
        changed.append(alert)
    session.flush()
    _is_behind(session, notice if changed else "")
    chain.append(session, {f"alert {each.id}/record {uuid.uuid4()}": tell(each) for each in changed})
    return tuple(changed)


def open_on(session: Session, host: str) -> tuple[tuple[str, Alert], ...]:
    wanted = select(AlertRow).where(
        col(AlertRow.host) == host, col(AlertRow.is_open).is_(True), col(AlertRow.done).is_(False)
    )
    rows = session.exec(wanted.order_by(col(AlertRow.id)))
    return tuple((row.notice, alert) for row in rows if (alert := _alert(row)) is not None)
