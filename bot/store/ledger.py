"""The ledger of images seen in use, per engine: one row for each image that is there."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from bot.core.sightings import Sighting, after_look
from bot.store.models import SightingRow

_BATCH = 1_000
"""Rows a statement: SQLite takes 32,766 parameters at most."""


def look(
    session: Session, engine_id: str, present: Collection[str], used: Collection[str], at: datetime
) -> Mapping[str, Sighting]:
    """Write down one look at an engine, and forget the images that are gone."""
    rows = session.exec(select(SightingRow).where(col(SightingRow.engine_id) == engine_id)).all()
    known = {row.image_id: Sighting(first_at=row.first_at, used_at=row.used_at) for row in rows}
    now_known = after_look(known, present, used, at)
    _forget(session, engine_id, [image_id for image_id in known if image_id not in now_known])
    _write(
        session,
        [
            {"engine_id": engine_id, "image_id": image_id, "first_at": seen.first_at, "used_at": seen.used_at}
            for image_id, seen in now_known.items()
            if known.get(image_id) != seen
        ],
    )
    return now_known


def _forget(session: Session, engine_id: str, gone: list[str]) -> None:
    for start in range(0, len(gone), _BATCH):
        session.execute(
            delete(SightingRow).where(
                col(SightingRow.engine_id) == engine_id,
                col(SightingRow.image_id).in_(gone[start : start + _BATCH]),
            )
        )


def _write(session: Session, values: list[dict[str, object]]) -> None:
    """Add or change rows; another replica's look at the same moment may have added them already."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    for start in range(0, len(values), _BATCH):
        statement = insert(SightingRow).values(values[start : start + _BATCH])
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["engine_id", "image_id"], set_={"used_at": statement.excluded.used_at}
            )
        )
