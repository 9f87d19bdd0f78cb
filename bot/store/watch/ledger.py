"""The ledgers of what Docker does not remember, per host and engine: images seen in use, and who mounted volumes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from bot.core.docker.inventory import Container, Mounting
from bot.core.docker.sightings import Place, Sighting, after_look, after_mounts
from bot.store.models import MountingRow, Row, SightingRow

_BATCH = 1_000
"""Rows a statement: SQLite takes 32,766 parameters at most."""
_NAMES = {SightingRow: "image_id", MountingRow: "volume"}
"""The column that names the object of a row."""
_Ledger = type[SightingRow] | type[MountingRow]
_PLACE = ("host", "engine_id", "machine", "data_root")


def look(
    session: Session, place: Place, present: Collection[str], used: Collection[str], at: datetime
) -> Mapping[str, Sighting]:
    """Write down one look at an engine's images, and forget those that are gone."""
    _adopt(session, SightingRow, place)
    rows = session.exec(select(SightingRow).where(at_place(SightingRow, place))).all()
    known = {row.image_id: Sighting(first_at=row.first_at, used_at=row.used_at) for row in rows}
    now_known = after_look(known, present, used, at)
    _replace(session, SightingRow, place, known, now_known)
    return now_known


def look_at_volumes(
    session: Session, place: Place, volumes: Collection[str], containers: Sequence[Container], at: datetime
) -> Mapping[str, Mounting]:
    """Write down one look at an engine's named volumes, and forget those that are gone."""
    _adopt(session, MountingRow, place)
    rows = session.exec(select(MountingRow).where(at_place(MountingRow, place))).all()
    known = {
        row.volume: Mounting(first_at=row.first_at, at=row.at, container=row.container, image=row.image)
        for row in rows
    }
    now_known = after_mounts(known, volumes, containers, at, place.engine.data_root)
    _replace(session, MountingRow, place, known, now_known)
    return now_known


def columns_of(place: Place) -> dict[str, str]:
    """What names a place in each of these tables."""
    engine = place.engine
    return dict(zip(_PLACE, (place.host, engine.id, engine.name, engine.data_root), strict=True))


def at_place(ledger: type[Row], place: Place) -> ColumnElement[bool]:
    """The rows of a place."""
    return and_(*(col(getattr(ledger, name)) == value for name, value in columns_of(place).items()))


def _adopt(session: Session, ledger: _Ledger, place: Place) -> None:
    """Take over what an earlier release wrote of this engine, which did not ask for the data root."""
    if place.engine.data_root:
        unrooted = Place(place.host, place.engine._replace(data_root=""))
        session.execute(
            update(ledger).where(at_place(ledger, unrooted)).values(data_root=place.engine.data_root),
            execution_options={"synchronize_session": False},
        )


def _replace(
    session: Session,
    ledger: _Ledger,
    place: Place,
    known: Mapping[str, Sighting] | Mapping[str, Mounting],
    now_known: Mapping[str, Sighting] | Mapping[str, Mounting],
) -> None:
    name = _NAMES[ledger]
    _forget(session, ledger, place, [each for each in known if each not in now_known])
    changed = {each: seen for each, seen in now_known.items() if known.get(each) != seen}
    _write(
        session, ledger, [{**columns_of(place), name: each, **asdict(seen)} for each, seen in changed.items()]
    )


def _forget(session: Session, ledger: _Ledger, place: Place, gone: list[str]) -> None:
    name = getattr(ledger, _NAMES[ledger])
    for start in range(0, len(gone), _BATCH):
        session.execute(delete(ledger).where(at_place(ledger, place), name.in_(gone[start : start + _BATCH])))


def _write(session: Session, ledger: _Ledger, values: list[dict[str, object]]) -> None:
    """Add or change rows; another replica's look at the same moment may have added them already."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    key = [*_PLACE, _NAMES[ledger]]
    for start in range(0, len(values), _BATCH):
        some = values[start : start + _BATCH]
        statement = insert(ledger).values(some)
        newer = {name: statement.excluded[name] for name in some[0] if name not in {*key, "first_at"}}
        session.execute(statement.on_conflict_do_update(index_elements=key, set_=newer))
