"""What services of a host's engine ran, for those who want to go back to it."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import delete, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from bot.core.docker.services import Ran, Service, ServiceKind, in_order, remembered
from bot.core.docker.sightings import Place
from bot.store.models import RanRow
from bot.store.watch.ledger import at_place, columns_of

_BATCH = 500
_KEY = ["host", "engine_id", "machine", "data_root", "kind", "service", "image_id"]


def look(
    session: Session,
    place: Place,
    seen: Mapping[tuple[Service, str], datetime],
    present: Collection[str],
    at: datetime,
) -> Ran:
    """Write down what each service ran, and forget what is of no use any more; the latest first."""
    known = _known(session, place)
    now_known = remembered(known, seen, frozenset(present), at)
    gone = [key for key in known if key not in now_known]
    for start in range(0, len(gone), _BATCH):
        some = [(str(service.kind), service.name, image) for service, image in gone[start : start + _BATCH]]
        named = tuple_(col(RanRow.kind), col(RanRow.service), col(RanRow.image_id))
        session.execute(delete(RanRow).where(at_place(RanRow, place), named.in_(some)))
    note(session, place, {key: moment for key, moment in now_known.items() if known.get(key) != moment})
    return in_order(now_known)


def note(session: Session, place: Place, seen: Mapping[tuple[Service, str], datetime]) -> None:
    """Write down what services ran, and forget nothing."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    rows = [
        {**columns_of(place), "kind": str(service.kind), "service": service.name, "image_id": image, "at": at}
        for (service, image), at in sorted(seen.items())
    ]
    for start in range(0, len(rows), _BATCH):
        statement = insert(RanRow).values(rows[start : start + _BATCH])
        new = statement.excluded.at
        session.execute(
            statement.on_conflict_do_update(index_elements=_KEY, set_={"at": new}, where=col(RanRow.at) < new)
        )


def _known(session: Session, place: Place) -> Mapping[tuple[Service, str], datetime]:
    rows = session.exec(select(RanRow).where(at_place(RanRow, place))).all()
    return {(Service(ServiceKind(row.kind), row.service), row.image_id): row.at for row in rows}
