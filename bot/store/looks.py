"""What each host showed when it was looked at the last time."""

from collections.abc import Collection, Mapping

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from bot.core.usage import LastLook
from bot.store.columns import storable
from bot.store.mapping import look_of, look_texts
from bot.store.models import LastLookRow


def remember(session: Session, host: str, look: LastLook) -> None:
    """Keep a look, unless a later one is kept already."""
    usage, disk = look_texts(look)
    values = {"at": look.at, "usage": usage, "disk": disk}
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.execute(
        insert(LastLookRow)
        .values(host=host, **values)
        .on_conflict_do_update(index_elements=["host"], set_=values, where=col(LastLookRow.at) <= look.at)
    )


def last(session: Session, hosts: Collection[str]) -> Mapping[str, LastLook]:
    """The last looks at these hosts, by name."""
    names = [storable(host) for host in hosts]
    rows = session.exec(select(LastLookRow).where(col(LastLookRow.host).in_(names))).all()
    return {row.host: look_of(row) for row in rows}
