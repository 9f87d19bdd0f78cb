"""What each host showed when it was looked at the last time."""

from collections.abc import Collection, Mapping

from sqlmodel import Session, col, select

from bot.core.docker.usage import LastLook
from bot.core.json import storable
from bot.store.mapping import look_of, look_texts
from bot.store.models import LastLookRow
from bot.store.watch.upserts import insert_of


def remember(session: Session, host: str, look: LastLook) -> None:
    """Keep a look, unless a later one is kept already."""
    remember_all(session, {host: look})


def remember_all(session: Session, looks: Mapping[str, LastLook]) -> None:
    """The same for many hosts, in one order: two who keep the same never wait for each other."""
    rows = []
    for host, look in sorted(looks.items()):
        usage, disk = look_texts(look)
        rows.append({"host": host, "at": look.at, "usage": usage, "disk": disk})
    if not rows:
        return
    statement = insert_of(session)(LastLookRow)
    new = statement.excluded
    values = {"at": new.at, "usage": new.usage, "disk": new.disk}
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["host"], set_=values, where=col(LastLookRow.at) <= new.at
        ),
        rows,
    )


def last(session: Session, hosts: Collection[str]) -> Mapping[str, LastLook]:
    """The last looks at these hosts, by name."""
    names = [storable(host) for host in hosts]
    rows = session.exec(select(LastLookRow).where(col(LastLookRow.host).in_(names))).all()
    return {row.host: look_of(row) for row in rows}
