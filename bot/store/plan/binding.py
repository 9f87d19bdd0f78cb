"""Binding: the rows of a plan held against its events, which nobody can change; what differs is closed, never run.

A proposal of the release before carries no digest: what it lists is held against the plan field by field, and the
first vote or start of this release adds the digest. Such plans end by themselves: a proposal holds until it expires,
an approval as long as its policy's ``start_within``.
"""

import logging
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import select, update
from sqlmodel import Session, col

from bot.core.audit import facts
from bot.core.audit.events import ChainedEvent, Event, Tag
from bot.core.audit.plans import Told, difference, told
from bot.core.audit.written import FACT, plan_digest
from bot.core.errors import PlanDiffersError
from bot.core.json import Json
from bot.core.life.states import ENDED, OPEN, Outcome, PlanState, Status
from bot.core.plan.plan import Plan
from bot.store.db.sessions import now
from bot.store.events import chain, genuine
from bot.store.models import ItemRow, PlanRow

LOG = logging.getLogger(__name__)

_OF_THE_MOMENT = frozenset({"actor_name", "policy_in_force", "deckhand", "protection_in_force"})
"""Facts of a proposal that do not follow from its plan."""
_BOUND = frozenset({"items", "engine", "expires_at"})
"""What a proposal without a digest has to tell; the first release left out the last, which matters while one waits."""
UNREADABLE = "its rows make no plan"
"""Why a plan is closed whose rows cannot even be read."""


def doubt(session: Session, row: PlanRow, items: Sequence[ItemRow], plan: Plan) -> str:
    """What the rows say of the list and whom it is for otherwise than the proposal; empty when nothing."""
    own = (row.id, row.host, row.engine_id, row.profile, row.requester_id)
    if own != (plan.id, plan.host, plan.draft.engine.id, plan.draft.profile, plan.requester.id):
        return "its row is for another plan than its list"
    objects = [(item.kind, item.object_id, item.name) for item in items]
    if objects != [(str(item.kind), item.id, item.name) for item in plan.draft.items]:
        return "its objects are not those of its list"
    proposal = genuine.event(session, f"{row.id}/version 1/0")
    if proposal is None or proposal.event.tag != Tag.PLAN_PROPOSED or proposal.event.plan != row.id:
        return "the audit has no proposal of it"
    waits = row.status == Status.PROPOSED
    return "" if _is_of(proposal, plan, waits=waits) else "its list is not the one that was proposed"


def _is_of(proposal: ChainedEvent, plan: Plan, *, waits: bool) -> bool:
    given = proposal.event.facts
    if FACT in given:
        return given[FACT] == plan_digest(plan)
    expected = facts.proposed(plan, {})
    listed = given.keys() - _OF_THE_MOMENT
    return (
        (_BOUND if waits else _BOUND - {"expires_at"}) <= listed
        and proposal.event.actor == expected.actor
        and all(_says(given[name], expected.facts.get(name)) for name in listed)
    )


def _says(told: Json, is_now: Json) -> bool:
    """Whether an event says what is; the first release told less of an engine."""
    if isinstance(told, dict) and isinstance(is_now, dict):
        return told.items() <= is_now.items()
    return told == is_now


def whole_doubt(session: Session, state: PlanState) -> str:
    """The same of all that steers: votes, approval, and how far a run has come."""
    return state.doubt or difference(state, said(session, state.plan.id)) or _gap(session, state.plan.id)


def _gap(session: Session, plan_id: str) -> str:
    """Whether something may have been taken from what the audit says since the plan was proposed."""
    proposal = genuine.event(session, f"{plan_id}/version 1/0")
    if proposal is not None and genuine.is_whole(session, proposal.seq):
        return ""
    return "the audit is not whole since it was proposed"


def said(session: Session, plan_id: str) -> Told:
    """What the audit says of a plan."""
    return told(genuine.events(session, plan_id))


def refuse(session: Session, plan_id: str, why: str) -> PlanDiffersError:
    """Close a plan whose rows differ from its events; the error for whoever wanted something of it.

    What became of it is told from the events alone: its rows are somebody's else by now, and may be no plan at all.
    """
    row = session.execute(
        select(col(PlanRow.status), col(PlanRow.version), col(PlanRow.host)).where(col(PlanRow.id) == plan_id)
    ).one()
    by_events, proposal = said(session, plan_id), genuine.event(session, f"{plan_id}/version 1/0")
    host = proposal.event.host if proposal else str(row.host)
    running = by_events.status is Status.RUNNING
    reason = (
        f"Somebody changed this plan in Deckhand's database: {why}. Nothing {'more ' if running else ''}is removed. "
        "Let whoever runs Deckhand look into it (deckhand audit verify), and ask for a new plan."
    )
    if row.status in ENDED and by_events.status == row.status:
        return PlanDiffersError(reason)
    LOG.error("%s: plan %s is closed. %s", host, plan_id, reason)
    row_said: dict[str, Json] = {
        "reason": reason,
        "noted": reason,
        "row": str(row.status),
        "audit": str(by_events.status or ""),
    }
    differs = Event(tag=Tag.PLAN_DIFFERS, plan=plan_id, host=host, facts=row_said)
    _close(session, differs, by_events, row.version + 1)
    return PlanDiffersError(reason)


def _close(session: Session, differs: Event, by_events: Told, version: int) -> None:
    plan_id, host, reason = differs.plan, differs.host, str(differs.facts["reason"])
    before = by_events.status
    after = Status.FAILED if before is Status.RUNNING else before if before in ENDED else Status.CANCELLED
    moment = now(session)
    values: dict[str, object] = {
        "status": str(after), "version": version, "changed_at": moment, "reason": reason, "attention": "",
        "lease_until": None,
    }  # fmt: skip
    if after is Status.FAILED:
        values["finished_at"] = moment
        _close_items(session, plan_id)
    session.execute(
        update(PlanRow)
        .where(col(PlanRow.id) == plan_id)
        .values(values)
        .execution_options(synchronize_session=False)
    )
    events = [differs]
    if after is Status.CANCELLED:
        events.append(Event(tag=Tag.PLAN_CANCELLED, plan=plan_id, host=host, facts={"reason": reason}))
    if after is Status.FAILED:
        events += _ends(session, plan_id, host, by_events, reason)
    # A version that somebody set back would name what has happened already.
    once = uuid.uuid4()
    chain.append(session, {f"{plan_id}/differs {once}/{n}": event for n, event in enumerate(events)})


def _close_items(session: Session, plan_id: str) -> None:
    session.execute(
        update(ItemRow)
        .where(col(ItemRow.plan_id) == plan_id, col(ItemRow.outcome).in_([str(each) for each in OPEN]))
        .values(outcome=str(Outcome.FAILED), reason=_NOT_TRIED)
        .execution_options(synchronize_session=False)
    )


_NOT_TRIED = "not tried: the plan was changed in the database"
_LEFT = "left in the middle, since the plan was changed in the database: look at the host"


def _ends(session: Session, plan_id: str, host: str, by_events: Told, reason: str) -> Iterator[Event]:
    """The end of a run, told from what it began with and what became of its objects."""
    began = genuine.event(session, f"{plan_id}/attempt 1/{Tag.CLEANUP_STARTED}")
    start: Mapping[str, Json] = began.event.facts if began else {}
    items: list[Json] = []
    outcomes, freed = Counter[str](), 0
    for one in _mappings(start.get("items")):
        key = (str(one.get("kind")), str(one.get("id")))
        ended = by_events.ended.get(key)
        if ended is None:
            why = _LEFT if key in by_events.outcomes else _NOT_TRIED
            ended = {"kind": key[0], "id": key[1], "name": one.get("name")}
            ended |= {"outcome": str(Outcome.FAILED), "reason": why, "bytes": 0}
            yield Event(tag=Tag.ITEM_ENDED, plan=plan_id, host=host, facts=ended)
        bytes_ = ended.get("bytes")
        freed += bytes_ if isinstance(bytes_, int) else 0
        outcomes[str(ended.get("outcome"))] += 1
        items.append({"reconciled": False, **ended, "predicted_bytes": one.get("bytes")})
    copied = {name: start[name] for name in _COPIED if name in start}
    said_at_the_end: dict[str, Json] = {
        "outcome": str(Status.FAILED), "outcomes": {str(each): outcomes[str(each)] for each in Outcome},
        "attempts": by_events.attempt, "items": items, "reclaimed_bytes": freed, "reason": reason,
        "deckhand": facts.deckhand(),
    }  # fmt: skip
    yield Event(tag=Tag.CLEANUP_FINISHED, plan=plan_id, host=host, facts={**copied, **said_at_the_end})


_COPIED = ("requester", "approvers", "profile", "engine", "predicted", "permalink")


def _mappings(value: Json) -> list[dict[str, Json]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
