"""Which engine each host is: the one that was seen there first, or that somebody accepted since."""

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from bot.core.audit.events import Event, Tag
from bot.core.docker.inventory import EngineInfo
from bot.core.docker.sightings import KnownEngine, is_known
from bot.core.json import Json
from bot.store.db.sessions import now
from bot.store.events import chain
from bot.store.models import HostEngineRow


def known(session: Session) -> Mapping[str, KnownEngine]:
    """The engine of every host that was ever planned on."""
    return {row.host: _known(row) for row in session.exec(select(HostEngineRow)).all()}


def engine_of(session: Session, host: str) -> KnownEngine | None:
    row = session.get(HostEngineRow, host)
    return None if row is None else _known(row)


def first_seen(session: Session, host: str, engine: EngineInfo) -> KnownEngine:
    """Remember the engine of a host that has none yet; of several processes at once the first decides."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    wanted = _columns(session, host, engine)
    added = session.execute(
        insert(HostEngineRow).values(wanted).on_conflict_do_nothing().returning(col(HostEngineRow.host))
    ).all()
    found = _known(session.exec(select(HostEngineRow).where(col(HostEngineRow.host) == host)).one())
    if added:
        event = Event(tag=Tag.HOST_SEEN, host=host, facts={"engine": _facts(found)})
        chain.append(session, {f"host/{host}/seen {uuid.uuid4()}": event})
    return found


def rooted(session: Session, host: str, engine: EngineInfo) -> KnownEngine | None:
    """Complete what an earlier release remembered of this very engine: it did not ask for the data root."""
    row = session.get(HostEngineRow, host, with_for_update=True)
    if row is None or not is_known(_known(row), engine):
        return None if row is None else _known(row)
    row.data_root = row.data_root or engine.data_root
    session.add(row)
    return _known(row)


def accept(session: Session, host: str, engine: EngineInfo, actor: str) -> None:
    """Let the host be another engine from now on; the audit says who said so."""
    old = session.get(HostEngineRow, host, with_for_update=True)
    before = None if old is None else _facts(_known(old))
    row = session.merge(HostEngineRow(**_columns(session, host, engine)))
    session.flush()
    facts: dict[str, Json] = {"engine": _facts(_known(row)), "before": before}
    event = Event(tag=Tag.HOST_ACCEPTED, host=host, actor=actor, facts=facts)
    chain.append(session, {f"host/{host}/accepted {uuid.uuid4()}": event})


def _columns(session: Session, host: str, engine: EngineInfo) -> dict[str, Any]:
    return {
        "host": host, "engine_id": engine.id, "name": engine.name, "version": engine.version,
        "store": engine.store, "first_at": now(session), "data_root": engine.data_root,
    }  # fmt: skip


def _known(row: HostEngineRow) -> KnownEngine:
    return KnownEngine(
        id=row.engine_id,
        name=row.name,
        version=row.version,
        store=row.store,
        first_at=row.first_at,
        data_root=row.data_root,
    )


def _facts(engine: KnownEngine) -> Json:
    return {
        "id": engine.id, "name": engine.name, "version": engine.version, "store": engine.store,
        "data_root": engine.data_root,
    }  # fmt: skip
