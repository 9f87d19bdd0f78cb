"""What of a plan's events has been written into its thread."""

from sqlalchemy import update
from sqlmodel import Session, col, select

from bot.core.audit.events import ChainedEvent, Tag
from bot.store.audit.chain import link, of_plan_since
from bot.store.audit.in_chain import InChain
from bot.store.models import PlanRow
from bot.store.plan.plans import update_count

_SINGLE_OBJECTS = (Tag.ITEM_REMOVING, Tag.ITEM_UNTAGGING, Tag.ITEM_ENDED, Tag.RESTORE_IMAGE)


def untold(session: Session, plan_id: str) -> tuple[ChainedEvent, ...]:
    """The events of a plan since ``told``, oldest first; not those of single objects, of which there are many."""
    seq = session.exec(select(PlanRow.told_seq).where(col(PlanRow.id) == plan_id)).one_or_none()
    if seq is None:
        return ()
    entries, _strange = InChain(session).split(of_plan_since(session, plan_id, seq, _SINGLE_OBJECTS))
    return tuple(link(entry, plan_id) for entry in entries)


def told(session: Session, plan_id: str, seq: int) -> None:
    """Remember that everything up to this event was told; it never goes back."""
    update_count(
        session,
        update(PlanRow).where(col(PlanRow.id) == plan_id, col(PlanRow.told_seq) < seq).values(told_seq=seq),
    )
