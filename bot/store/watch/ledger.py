"""The ledgers of what Docker does not remember, per engine: images seen in use, and who mounted named volumes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from bot.core.docker.inventory import Container, Mounting
from bot.core.docker.sightings import Sighting, after_look, after_mounts
from bot.store.models import MountingRow, SightingRow

_BATCH = 1_000
"""Rows a statement: SQLite takes 32,766 parameters at most."""
_NAMES = {SightingRow: "image_id", MountingRow: "volume"}
"""The column that names the object of a row."""
_Ledger = type[SightingRow] | type[MountingRow]


def look(
    session: Session, engine_id: str, present: Collection[str], used: Collection[str], at: datetime
) -> Mapping[str, Sighting]:
    """Write down one look at an engine's images, and forget those that are gone."""
    rows = session.exec(select(SightingRow).where(col(SightingRow.engine_id) == engine_id)).all()
    known = {row.image_id: Sighting(first_at=row.first_at, used_at=row.used_at) for row in rows}
    now_known = after_look(known, present, used, at)
    _replace(session, SightingRow, engine_id, known, now_known)
    return now_known


def look_at_volumes(
    session: Session, engine_id: str, volumes: Collection[str], containers: Sequence[Container], at: datetime
) -> Mapping[str, Mounting]:
    """Write down one look at an engine's named volumes, and forget those that are gone."""
    rows = session.exec(select(MountingRow).where(col(MountingRow.engine_id) == engine_id)).all()
    known = {
        row.volume: Mounting(first_at=row.first_at, at=row.at, container=row.container, image=row.image)
        for row in rows
    }
    now_known = after_mounts(known, volumes, containers, at)
    _replace(session, MountingRow, engine_id, known, now_known)
    return now_known


def _replace(
    session: Session,
    ledger: _Ledger,
    engine_id: str,
    known: Mapping[str, Sighting] | Mapping[str, Mounting],
    now_known: Mapping[str, Sighting] | Mapping[str, Mounting],
) -> None:
    name = _NAMES[ledger]
    _forget(session, ledger, engine_id, [each for each in known if each not in now_known])
    changed = {each: seen for each, seen in now_known.items() if known.get(each) != seen}
    _write(
        session,
        ledger,
        [{"engine_id": engine_id, name: each, **asdict(seen)} for each, seen in changed.items()],
    )


def _forget(session: Session, ledger: _Ledger, engine_id: str, gone: list[str]) -> None:
    name = getattr(ledger, _NAMES[ledger])
    for start in range(0, len(gone), _BATCH):
        session.execute(
            delete(ledger).where(col(ledger.engine_id) == engine_id, name.in_(gone[start : start + _BATCH]))
        )


def _write(session: Session, ledger: _Ledger, values: list[dict[str, object]]) -> None:
    """Add or change rows; another replica's look at the same moment may have added them already."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    for start in range(0, len(values), _BATCH):
        some = values[start : start + _BATCH]
        statement = insert(ledger).values(some)
        newer = {
            key: statement.excluded[key]
            for key in some[0]
            if key not in {"engine_id", _NAMES[ledger], "first_at"}
        }
        session.execute(
            statement.on_conflict_do_update(index_elements=["engine_id", _NAMES[ledger]], set_=newer)
        )
