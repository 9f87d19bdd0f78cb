"""What people are told once: intents, each taken up by one process at a time."""

from datetime import timedelta

from sqlalchemy import delete, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, or_, select

from bot.core.audit.events import Event
from bot.core.rules.telling import Wish, Wished
from bot.ports import Taking
from bot.store.db.sessions import DatabaseNow, now, update_count
from bot.store.events import chain
from bot.store.models import NoticeRow, PersonRow


def begin(session: Session, name: str, event: Event) -> bool:
    """Write an intent with its event, once; whether there is still something to tell."""
    told = session.exec(select(NoticeRow.told_at).where(col(NoticeRow.name) == name)).all()
    if told:
        return told[0] is None
    if not chain.claim(session, event, name):  # another process was faster, or it is of a release before
        told = session.exec(select(NoticeRow.told_at).where(col(NoticeRow.name) == name)).all()
        return bool(told) and told[0] is None
    return _insert(session, name, owner="", lease=None)


def take(session: Session, name: str, owner: str, lease: timedelta) -> Taking:
    """Take a notice up, with its intent where there is none yet."""
    if _insert(session, name, owner=owner, lease=lease):
        return Taking.OURS
    row = session.exec(select(NoticeRow).where(col(NoticeRow.name) == name).with_for_update()).one()
    moment = now(session)
    if row.told_at is not None:
        return Taking.TOLD
    if row.lease_until is not None and row.lease_until > moment and row.owner != owner:
        return Taking.BUSY
    row.owner, row.lease_until = owner, moment + lease
    session.add(row)
    return Taking.OURS


def intend(session: Session, name: str) -> None:
    """Write an intent alone, where there is none."""
    _insert(session, name, owner="", lease=None)


def open_ones(session: Session) -> tuple[str, ...]:
    """What is still to be told, and that nobody is at."""
    free = or_(col(NoticeRow.lease_until).is_(None), col(NoticeRow.lease_until) <= DatabaseNow())
    order = (col(NoticeRow.begun_at), col(NoticeRow.name))
    rows = select(NoticeRow.name).where(col(NoticeRow.told_at).is_(None), free).order_by(*order)
    return tuple(session.exec(rows))


def told(session: Session, name: str) -> None:
    """Nobody tells it again, whoever was at it."""
    moment = now(session)
    if not _insert(session, name, owner="", lease=None, told=True):
        session.execute(
            update(NoticeRow)
            .where(col(NoticeRow.name) == name, col(NoticeRow.told_at).is_(None))
            .values(told_at=moment, lease_until=None)
            .execution_options(synchronize_session=False)
        )


def leave(session: Session, name: str, owner: str) -> None:
    """Let whoever comes next take it up at once."""
    update_count(
        session,
        update(NoticeRow)
        .where(col(NoticeRow.name) == name, col(NoticeRow.owner) == owner)
        .values(lease_until=None),
    )


def forget(session: Session, older: timedelta) -> None:
    """Forget what was told longer ago."""
    session.execute(
        delete(NoticeRow)
        .where(col(NoticeRow.told_at) < now(session) - older)
        .execution_options(synchronize_session=False)
    )


def wish(session: Session, person: str) -> Wished:
    """How a person wants to be told; as policies say where they never chose."""
    row = session.exec(select(PersonRow).where(col(PersonRow.id) == person)).one_or_none()
    return Wished(person=person) if row is None else _wished(row)


def wished(session: Session) -> tuple[Wished, ...]:
    """Everybody's who chose something else than what policies say."""
    rows = session.exec(select(PersonRow).order_by(col(PersonRow.id)))
    return tuple(one for one in map(_wished, rows) if one.wish is not Wish.POLICY)


def choose(session: Session, chosen: Wished) -> None:
    """Keep what a person chose."""
    session.merge(PersonRow(id=chosen.person, wish=str(chosen.wish), zone=chosen.zone))


def _wished(row: PersonRow) -> Wished:
    """What a row says; a wish of a newer release counts as none."""
    known = {str(one): one for one in Wish}
    return Wished(person=row.id, wish=known.get(row.wish, Wish.POLICY), zone=row.zone)


def _insert(session: Session, name: str, *, owner: str, lease: timedelta | None, told: bool = False) -> bool:
    """Write the intent where there is none; whether there was none."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    moment = now(session)
    new = {
        "name": name, "owner": owner, "begun_at": moment, "lease_until": moment + lease if lease else None,
        "told_at": moment if told else None,
    }  # fmt: skip
    made = session.execute(
        insert(NoticeRow).values(new).on_conflict_do_nothing().returning(col(NoticeRow.name))
    )
    return made.one_or_none() is not None
