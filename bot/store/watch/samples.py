"""What hosts showed over time: taken up by one process at a time, kept in little room, and thinned as it grows old."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row as Tuple
from sqlalchemy import bindparam, delete, func, update
from sqlmodel import Session, col, select

from bot.core.audit.written import Form
from bot.core.docker.usage import BUILD_CACHE, CONTAINERS, IMAGES, VOLUMES
from bot.core.json import storable
from bot.core.watch.forecast import Forecast
from bot.core.watch.samples import Figures, Sample
from bot.core.watch.thinning import EACH, MINUTES_OF_DAY, STEPS, Kept, Step, steps, superfluous
from bot.ports.watch.samples import Taken
from bot.store.db.sessions import now
from bot.store.models import SampleRow, SeriesRow, WatchedHostRow
from bot.store.watch.upserts import insert_of

MIB = 1 << 20
_MOST = (1 << 31) - 1
_MOST_INODES = (1 << 63) - 1
LONGEST_GAP = timedelta(days=7)
_COLUMNS = {IMAGES: "images", CONTAINERS: "containers", VOLUMES: "volumes", BUILD_CACHE: "cache"}
_KEY = ["step", "series", "at"]
_TABLE = SampleRow.__table__  # type: ignore[attr-defined] # SQLAlchemy's, which SQLModel does not declare
_FORECAST = Form[Forecast](Forecast)


def take(session: Session, slots: Mapping[str, datetime], owner: str, lease: timedelta) -> Taken:
    """Take up what is due and free; another process sees that until it is over, or the lease is."""
    insert = insert_of(session)
    new = [{"host": host, "owner": "", "forecast": ""} for host in sorted(slots)]
    session.execute(insert(WatchedHostRow).on_conflict_do_nothing(), new)
    names = {storable(host): host for host in slots}
    wanted = select(WatchedHostRow).where(col(WatchedHostRow.host).in_(names))
    rows = session.exec(wanted.order_by(col(WatchedHostRow.host)).with_for_update()).all()
    moment, mine, held = now(session), dict[str, datetime | None](), set[str]()
    for row in rows:
        host = names[row.host]
        if row.lease_until is not None and moment < row.lease_until <= moment + lease:
            held.add(host)
        elif row.lease_until is not None or row.slot is None or not slots[host] <= row.slot <= moment:
            row.slot, row.owner, row.lease_until = slots[host], owner, moment + lease
            session.add(row)
            mine[host] = row.volumes_at
    return Taken(mine=mine, held=frozenset(held))


def keep(session: Session, host: str, owner: str, engine: str, *samples: Sample) -> None:
    """Write samples down; what they make old is thinned once a day."""
    row, newest = _over(session, host, owner), _minute(samples[-1].at)
    series = _series(session, host, engine, _minute(samples[0].at))
    row.series = series.id
    row.volumes_at = next((each.at for each in reversed(samples) if VOLUMES in each.kinds), row.volumes_at)
    session.add(row)
    statement = insert_of(session)(SampleRow)
    new = {each.name: statement.excluded[each.name] for each in _TABLE.c if each.name not in _KEY}
    session.execute(
        statement.on_conflict_do_update(index_elements=_KEY, set_=new),
        [{"step": EACH, "series": series.id, **_values(each)} for each in samples],
    )
    if newest - series.thinned >= MINUTES_OF_DAY:
        for step in steps(newest):
            _thin(session, series, step)
        series.thinned = newest
        session.add(series)


def leave(session: Session, host: str, owner: str) -> None:
    session.add(_over(session, host, owner))


def history(session: Session, host: str, since: datetime | None = None) -> Sequence[Sample]:
    """The samples of the present history, the oldest first."""
    row = session.get(WatchedHostRow, host)
    if row is None or row.series is None:
        return ()
    mine = (_TABLE.c.step.in_(STEPS), _TABLE.c.series == row.series)
    wanted = _TABLE.select().where(*mine).order_by(_TABLE.c.at)
    if since is not None:
        wanted = wanted.where(_TABLE.c.at >= _minute(since))
    return tuple(_sample(each) for each in session.connection().execute(wanted))


def foretell(session: Session, host: str, forecast: Forecast) -> None:
    row = session.get(WatchedHostRow, host, with_for_update=True)
    if row is not None:
        row.forecast = _FORECAST.text(forecast)
        session.add(row)


def forecasts(session: Session, hosts: Collection[str]) -> Mapping[str, Forecast]:
    """What was kept; without what another release wrote in a way that this one cannot read."""
    names = {storable(host): host for host in hosts}
    wanted = select(WatchedHostRow.host, WatchedHostRow.forecast).where(
        col(WatchedHostRow.host).in_(names), col(WatchedHostRow.forecast) != ""
    )
    found = {}
    for host, text in session.exec(wanted):
        try:
            found[names[host]] = _FORECAST.read(text)
        except ValueError:
            continue
    return found


def _over(session: Session, host: str, owner: str) -> WatchedHostRow:
    """The host's row, let go of where this process holds it."""
    row = session.get(WatchedHostRow, host, with_for_update=True) or WatchedHostRow(host=host)
    if row.owner == owner:
        row.lease_until = None
    return row


def _series(session: Session, host: str, engine: str, at: int) -> SeriesRow:
    """The history that a sample goes on with, or a new one."""
    latest = session.exec(
        select(SeriesRow)
        .where(col(SeriesRow.host) == host, col(SeriesRow.engine) == engine)
        .order_by(col(SeriesRow.id).desc())
        .limit(1)
    ).one_or_none()
    if latest is not None:
        newest = select(func.max(SampleRow.at)).where(
            col(SampleRow.step) == EACH, col(SampleRow.series) == latest.id
        )
        last = session.exec(
            newest
        ).one()  # its first sample was written with it, and its last one is never old
        if 0 <= at - last <= LONGEST_GAP.total_seconds() // 60:
            return latest
    series = SeriesRow(host=host, engine=engine, thinned=at)
    session.add(series)
    session.flush()
    return series


def _thin(session: Session, series: SeriesRow, step: Step) -> None:
    """Put the few that stay under their new step, and delete all others.

    All rows of a step go from where they were: PostgreSQL takes back the pages of an index that hold nothing any more,
    and never those that hold a little.
    """
    old = (_TABLE.c.step == step.of, _TABLE.c.series == series.id, _TABLE.c.at < step.before)
    sizes = sum((func.coalesce(_TABLE.c[f"{name}_size"], 0) for name in _COLUMNS.values()), start=0)
    wanted = _TABLE.select().with_only_columns(_TABLE.c.at, _TABLE.c.free, sizes).where(*old)
    rows = session.connection().execute(wanted.order_by(_TABLE.c.at)).all()
    gone = [{"minute": at} for at in superfluous((Kept(*row) for row in rows), step.into)]
    if gone:
        session.connection().execute(delete(_TABLE).where(*old, _TABLE.c.at == bindparam("minute")), gone)
    session.connection().execute(update(_TABLE).where(*old).values(step=step.into))


def _values(sample: Sample) -> dict[str, Any]:
    values: dict[str, Any] = {
        "at": _minute(sample.at),
        "inodes": _whole(sample.inodes, 1, _MOST_INODES),
        "free_inodes": _whole(sample.free_inodes, 1, _MOST_INODES),
        "size": _whole(sample.size, MIB),
        "free": _whole(sample.free, MIB),
        "took": _whole(round(sample.took * 1000), 1),
    }
    for kind, name in _COLUMNS.items():
        figures = sample.kinds.get(kind)
        values[name] = _whole(figures.count if figures else None, 1)
        values[f"{name}_size"] = _whole(figures.size if figures else None, MIB)
        values[f"{name}_reclaimable"] = _whole(figures.reclaimable if figures else None, MIB)
    return values


def _whole(value: int | None, unit: int, most: int = _MOST) -> int | None:
    """In whole units, and no more than the column holds."""
    return None if value is None else max(-most, min(most, round(value / unit) if unit > 1 else value))


def _sample(row: Tuple[Any]) -> Sample:
    named = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
    kinds = {
        kind: Figures(
            count=named[name], size=named[f"{name}_size"] * MIB,
            reclaimable=named[f"{name}_reclaimable"] * MIB,
        )
        for kind, name in _COLUMNS.items()
        if named[name] is not None
    }  # fmt: skip
    return Sample(
        at=datetime.fromtimestamp(named["at"] * 60, UTC), kinds=kinds, size=_bytes(named["size"]),
        free=_bytes(named["free"]), inodes=named["inodes"], free_inodes=named["free_inodes"],
        took=named["took"] / 1000,
    )  # fmt: skip


def _bytes(mib: int | None) -> int | None:
    return None if mib is None else mib * MIB


def _minute(moment: datetime) -> int:
    return int(moment.timestamp() // 60)
