"""What the audit events of a plan's life say: snapshots, copied in and never joined."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version

from bot.core.audit.events import Event, Tag, time_text
from bot.core.audit.written import FACT, plan_digest
from bot.core.docker.inventory import EngineInfo
from bot.core.docker.usage import DiskUsage
from bot.core.json import Json
from bot.core.life.states import ItemState, Outcome, PlanState
from bot.core.plan.plan import Frees, Item, Person, Plan
from bot.core.rules.hosts import Host
from bot.core.rules.policy import Policy
from bot.core.rules.schedules import Schedule

_REFUSALS = {"stop": Tag.STOP_REFUSED, "restore": Tag.RESTORE_REFUSED}
_MEASURED = "what the disk behind the data root has more free than before; others write there too"
_NOT_READ = "the disk behind the data root could not be read"
_MOST_OF_AN_ID = 64
"""Characters of an id that is not one of ours."""


def event(tag: Tag, plan: Plan, actor: Person | None = None, **facts: Json) -> Event:
    """An event about a plan; the actor's name is copied in beside the id."""
    if actor:
        facts["actor_name"] = actor.name
    return Event(tag=tag, plan=plan.id, host=plan.host, actor=actor.id if actor else "", facts=facts)


def bound(tag: Tag, plan: Plan, actor: Person | None = None, **facts: Json) -> Event:
    """An event about a plan that names the very list that it is about."""
    return event(tag, plan, actor, **facts, **{FACT: plan_digest(plan)})


def moment(value: datetime | None) -> Json:
    return None if value is None else time_text(value)


def of_schedule(tag: Tag, schedule: Schedule, host: str = "", **facts: Json) -> Event:
    """An event about a schedule, on one of its hosts where one is named."""
    requester = schedule.requester
    return Event(tag=tag, host=host, actor=requester.id, facts={**facts, "actor_name": requester.name})


def refused(plan_id: str, host: str, person: Person, attempted: str, reason: str) -> Event:
    """A click about a plan that did not count; the plan may be one that nobody knows."""
    facts: dict[str, Json] = {"actor_name": person.name, "attempted": attempted, "reason": reason}
    tag = _REFUSALS.get(attempted, Tag.PLAN_REFUSED)
    return Event(tag=tag, plan=plan_id[:_MOST_OF_AN_ID], host=host, actor=person.id, facts=facts)


def deckhand() -> str:
    """The version of this Deckhand."""
    try:
        return version("deckhand")
    except PackageNotFoundError:
        return "unknown (not installed)"


def policy(value: Policy) -> Json:
    """All that a policy says; durations in seconds."""
    return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}


def in_force(host: Host) -> dict[str, Json]:
    """The policy of a host, and all that is protected there, by its own rules and by those for every host."""
    return {"policy_in_force": policy(host.policy), "protection_in_force": _plain(host.protection)}


def _plain(value: object) -> Json:
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    if is_dataclass(value):
        value = {one.name: getattr(value, one.name) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list | frozenset):
        return [_plain(each) for each in (sorted(value, key=str) if isinstance(value, frozenset) else value)]
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def permalink(state: PlanState) -> Json:
    """Where the plan's message stands in Slack; None while nobody knows."""
    return (state.message.permalink or None) if state.message else None


def person(value: Person) -> Json:
    return {"id": value.id, "name": value.name}


def engine(value: EngineInfo) -> Json:
    return {
        "id": value.id, "name": value.name, "version": value.version, "api_version": value.api_version,
        "store": value.store, "data_root": value.data_root, "operating_system": value.operating_system,
    }  # fmt: skip


def proposed(plan: Plan, in_force: Mapping[str, Json]) -> Event:
    """``in_force``: the rules that the plan was made under, as ``in_force`` has them."""
    draft = plan.draft
    return event(
        Tag.PLAN_PROPOSED,
        plan,
        plan.requester,
        profile=draft.profile,
        profile_words=plan.profile_words,
        arguments=draft.arguments,
        commands=list(plan.commands),
        notes=list(draft.notes),
        policy=plan.policy,
        **in_force,
        expires_at=time_text(plan.expires_at),
        engine=engine(draft.engine),
        predicted=frees(draft.frees),
        items=[listed(each) for each in draft.items],
        kept=len(draft.kept),
        kept_because=dict(Counter(kept.because for kept in draft.kept)),
        usage=usage(plan.usage),
        deckhand=deckhand(),
    )  # fmt: skip


def listed(item: Item) -> dict[str, Json]:
    """An object as a plan lists it."""
    return {
        "kind": str(item.kind), "id": item.id, "name": item.name, "references": list(item.references),
        "bytes": item.bytes, "rule": item.rule,
    }  # fmt: skip


def frees(value: Frees) -> Json:
    return {"low": value.low, "high": value.high, "exact": value.exact, "why": value.why}


def usage(value: DiskUsage | None) -> Json:
    """The four rows of ``system df``, sizes in bytes; None when it was not read."""
    if value is None:
        return None
    return [
        {"type": row.type, "total": row.total, "active": row.active, "size": row.size,
         "reclaimable": row.reclaimable, **({} if row.known else {"known": False})}
        for row in value.rows
    ]  # fmt: skip


def started(state: PlanState) -> Event:
    """Everything that a cleanup begins with, copied: the record must read alone, for ever."""
    plan, draft = state.plan, state.plan.draft
    return bound(
        Tag.CLEANUP_STARTED,
        plan,
        started_at=moment(state.started_at),
        requester=person(plan.requester),
        approvers=[person(each) for each in state.approvers],
        profile=draft.profile,
        policy=plan.policy,
        engine=engine(draft.engine),
        predicted={"low": draft.frees.low, "high": draft.frees.high},
        items=[listed(each) for each in draft.items],
        permalink=permalink(state),
        deckhand=deckhand(),
    )


def finished(state: PlanState, after: DiskUsage | None) -> Event:
    counts: dict[str, Json] = {str(outcome): len(state.with_outcome(outcome)) for outcome in Outcome}
    return event(
        Tag.CLEANUP_FINISHED,
        state.plan,
        requester=person(state.plan.requester),
        approvers=[person(each) for each in state.approvers],
        profile=state.plan.draft.profile,
        engine=engine(state.plan.draft.engine),
        outcomes=counts,
        attempts=state.attempt,
        reconciled=sum(item.reconciled for item in state.items),
        stopped_by=state.stop.person.id if state.stop else "",
        items=[{**item(each), "predicted_bytes": each.item.bytes} for each in state.items],
        predicted=frees(state.plan.draft.frees),
        reclaimed_bytes=state.reclaimed,
        measured_bytes=state.measured,
        measured_note=_NOT_READ if state.measured is None else _MEASURED,
        permalink=permalink(state),
        deckhand=deckhand(),
        before=usage(state.usage_before),
        after=usage(after),
    )


def item(state: ItemState) -> dict[str, Json]:
    """An item as the audit shows it."""
    return {**named(state.item), **outcome(state), "reconciled": state.reconciled}


def named(item: Item) -> dict[str, Json]:
    return {"kind": str(item.kind), "id": item.id, "name": item.name}


def outcome(state: ItemState) -> dict[str, Json]:
    """What became of an item; that it was looked at again is said where it was."""
    known: dict[str, Json] = {"outcome": str(state.outcome), "reason": state.reason, "bytes": state.bytes}
    return {**known, "reconciled": True} if state.reconciled else known
