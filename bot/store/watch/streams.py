"""Who holds the stream of a host's events, and what it told."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from bot.core.audit.events import time_text
from bot.core.docker.services import Service, Use
from bot.core.docker.sightings import Place, Stream
from bot.store.db.sessions import now
from bot.store.models import EventStreamRow, SightingRow
from bot.store.watch import ran
from bot.store.watch.ledger import at_place


def hold(session: Session, place: Place, owner: str, lease: timedelta) -> Stream | None:
    """Take or keep the stream of a host; None while another process holds it."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    new = {"host": place.host, "owner": "", "lease_until": None, "engine": place.engine.key, "since": ""}
    session.execute(insert(EventStreamRow).values(new).on_conflict_do_nothing())
    row = session.exec(_row(place.host)).one()
    moment = now(session)
    if row.owner != owner and row.lease_until is not None and row.lease_until > moment:
        return None
    if row.engine != place.engine.key:  # another engine's clock says nothing
        row.engine, row.since = place.engine.key, ""
    row.owner, row.lease_until = owner, moment + lease
    session.add(row)
    return Stream(since=datetime.fromisoformat(row.since) if row.since else None)


def note(session: Session, place: Place, owner: str, uses: Sequence[Use], until: datetime) -> bool:
    """Remember what was told; False, and nothing is, when another holds the stream by now."""
    row = session.exec(_row(place.host)).one_or_none()
    if row is None or row.owner != owner or row.engine != place.engine.key:
        return False
    row.since = time_text(until)
    session.add(row)
    last: dict[str, datetime] = {}
    services: dict[tuple[Service, str], datetime] = {}
    for use in uses:
        last[use.image_id] = max(use.at, last.get(use.image_id, use.at))
        if use.service and use.started:
            key = (use.service, use.image_id)
            services[key] = max(use.at, services.get(key, use.at))
    for image_id, at in sorted(last.items()):
        earlier = or_(col(SightingRow.used_at).is_(None), col(SightingRow.used_at) < at)
        session.execute(
            update(SightingRow)
            .where(at_place(SightingRow, place), col(SightingRow.image_id) == image_id, earlier)
            .values(used_at=at)
            .execution_options(synchronize_session=False)
        )
    ran.note(session, place, services)
    return True


def release(session: Session, host: str, owner: str) -> None:
    session.execute(
        update(EventStreamRow)
        .where(col(EventStreamRow.host) == host, col(EventStreamRow.owner) == owner)
        .values(lease_until=None)
        .execution_options(synchronize_session=False)
    )


def _row(host: str) -> SelectOfScalar[EventStreamRow]:
    return select(EventStreamRow).where(col(EventStreamRow.host) == host).with_for_update()
