"""The rows of fleets beside their events: what each says otherwise. The events are right."""

import json
from collections.abc import Iterator

from sqlalchemy import select
from sqlmodel import Session, col

from bot.core.audit.events import ChainedEvent, Tag
from bot.core.audit.rows.values import NO_EVENT, NO_ROW, Difference
from bot.core.audit.written import FLEET, FLEET_FACT, fleet_digest
from bot.core.json import Json
from bot.store.events import genuine
from bot.store.events.holding import HELD
from bot.store.events.in_chain import InChain
from bot.store.models import EventRow, FleetRow


def differences(session: Session, chain: InChain) -> Iterator[Difference]:
    """What the rows of fleets say otherwise than the audit, or without it."""
    rows = {row.id: row for row in session.scalars(select(FleetRow)).all()}
    proposed = select(col(EventRow.plan)).where(col(EventRow.tag) == str(Tag.FLEET_PROPOSED))
    for fleet_id in sorted(rows.keys() | set(session.scalars(proposed))):
        row, events = rows.get(fleet_id), list(genuine.events(session, fleet_id))
        if any(link.event.tag == Tag.FLEET_PROPOSED for link in events):
            yield from _row(fleet_id, row, events)
        elif row is not None and not chain.was_archived({"created_at": row.created_at.isoformat()}):
            yield Difference(table="fleet", key=fleet_id, why=NO_EVENT)


def _row(fleet_id: str, row: FleetRow | None, events: list[ChainedEvent]) -> Iterator[Difference]:
    if row is None:
        yield Difference(table="fleet", key=fleet_id, why=NO_ROW)
        return
    listed, held, ended, excused = "", "", False, set[str]()
    for link in events:
        facts = link.event.facts
        if link.event.tag == Tag.FLEET_PROPOSED:
            listed = str(facts.get(FLEET_FACT))
        if HELD in facts:
            held = str(facts[HELD])
        if link.event.tag == Tag.FLEET_WENT_ON and isinstance(plans := facts.get("plans"), list):
            excused.update(map(str, plans))
        ended = ended or link.event.tag == Tag.FLEET_ENDED
    said: dict[str, Json] = {"snapshot": listed, "held": held, "ended": ended, "excused": [*sorted(excused)]}
    found: dict[str, Json] = {
        "snapshot": _digest(row.snapshot), "held": row.held, "ended": row.ended, "excused": _listed(row.excused),
    }  # fmt: skip
    for column, value in said.items():
        if found[column] != value:
            yield Difference(table="fleet", key=fleet_id, column=column, row=found[column], events=value)


def _digest(snapshot: str) -> str | None:
    try:
        return fleet_digest(FLEET.read(snapshot))
    except (ValueError, TypeError):
        return None


def _listed(text: str) -> Json:
    try:
        return [*sorted(map(str, json.loads(text)))]
    except (ValueError, TypeError):
        return text
