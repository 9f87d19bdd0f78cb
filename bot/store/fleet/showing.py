"""Messages of fleets: which are behind, who brings one up to date, and where it stands."""

from datetime import timedelta

from sqlalchemy import ColumnElement, and_, func, or_, update
from sqlmodel import Session, col, select

from bot.core.audit.events import ChainedEvent, Tag
from bot.core.audit.fleets import event
from bot.core.life.fleets import FleetState
from bot.core.life.states import MessageRef
from bot.store.db.sessions import DatabaseNow, now, update_count
from bot.store.events import chain
from bot.store.events.in_chain import InChain
from bot.store.models import FleetRow, PlanRow


def _behind() -> ColumnElement[bool]:
    """Whether a message shows less than there is: of a fleet that has ended, nothing comes after its end."""
    versions = select(func.coalesce(func.sum(col(PlanRow.version)), 0)).where(
        col(PlanRow.fleet) == col(FleetRow.id)
    )
    of_plans = and_(col(FleetRow.ended).is_(False), col(FleetRow.shown_plans) < versions.scalar_subquery())
    return or_(col(FleetRow.shown_version) < col(FleetRow.version), of_plans)


def unshown(session: Session) -> tuple[str, ...]:
    """Ids of the fleets whose message is behind, the oldest first."""
    query = select(FleetRow.id).where(_behind()).order_by(col(FleetRow.created_at), col(FleetRow.id))
    return tuple(session.exec(query))


def begin_showing(session: Session, fleet_id: str, lease: timedelta) -> bool:
    """Keep the others from bringing the same message up to date; False when another is at it."""
    free = or_(col(FleetRow.showing_until).is_(None), col(FleetRow.showing_until) <= DatabaseNow())
    statement = update(FleetRow).where(col(FleetRow.id) == fleet_id, _behind(), free)
    return update_count(session, statement.values(showing_until=now(session) + lease)) == 1


def leave_unshown(session: Session, fleet_id: str) -> None:
    """The message could not be brought up to date: whoever comes next may try."""
    update_count(session, update(FleetRow).where(col(FleetRow.id) == fleet_id).values(showing_until=None))


def untold(session: Session, fleet_id: str) -> tuple[ChainedEvent, ...]:
    """The events of a fleet since ``told``, oldest first."""
    seq = session.exec(select(FleetRow.told_seq).where(col(FleetRow.id) == fleet_id)).one_or_none()
    if seq is None:
        return ()
    entries, _strange = InChain(session).split(chain.of_plan_since(session, fleet_id, seq, ()))
    return tuple(chain.link(entry, fleet_id) for entry in entries)


def told(session: Session, fleet_id: str, seq: int) -> None:
    """Remember that everything up to this event was told; it never goes back."""
    behind = (col(FleetRow.id) == fleet_id, col(FleetRow.told_seq) < seq)
    update_count(session, update(FleetRow).where(*behind).values(told_seq=seq))


def shown(session: Session, state: FleetState, message: MessageRef) -> None:
    """Keep where the message stands and what it shows; that it was posted is an event."""
    fleet_id = state.fleet.id
    before = session.exec(select(FleetRow.message_ts).where(col(FleetRow.id) == fleet_id)).one_or_none()
    values: dict[str, object] = {
        "shown_version": state.version, "shown_plans": state.plans_version, "showing_until": None,
        "message_channel": message.channel, "message_ts": message.ts, "message_permalink": message.permalink,
    }  # fmt: skip
    update_count(session, update(FleetRow).where(col(FleetRow.id) == fleet_id).values(values))
    if message.ts != before:
        posted = event(
            Tag.FLEET_POSTED, state.fleet, channel=message.channel, ts=message.ts,
            permalink=message.permalink or None,
        )  # fmt: skip
        chain.append(session, {f"{fleet_id}/fleet posted {message.channel} {message.ts}": posted})
