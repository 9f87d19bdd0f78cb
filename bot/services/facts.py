"""What the audit events of a plan's life say: snapshots, copied in and never joined."""

from bot.core.audit import Event, Json, Tag
from bot.core.lifecycle import ItemState, Outcome, PlanState
from bot.core.plans import Frees, Person, Plan
from bot.core.usage import DiskUsage


def event(tag: Tag, plan: Plan, actor: Person | None = None, **facts: Json) -> Event:
    """An event about a plan; the actor's name is copied in beside the id."""
    if actor:
        facts["actor_name"] = actor.name
    return Event(tag=tag, plan=plan.id, host=plan.host, actor=actor.id if actor else "", facts=facts)


def proposed(plan: Plan) -> Event:
    draft = plan.draft
    return event(
        Tag.PLAN_PROPOSED,
        plan,
        plan.requester,
        profile=draft.profile,
        profile_words=plan.profile_words,
        policy=plan.policy,
        engine={"id": draft.engine.id, "name": draft.engine.name, "version": draft.engine.version,
                "api_version": draft.engine.api_version, "store": draft.engine.store},
        predicted=frees(draft.frees),
        items=[
            {"kind": item.kind, "id": item.id, "name": item.name, "references": list(item.references),
             "bytes": item.bytes, "rule": item.rule}
            for item in draft.items
        ],
        kept=len(draft.kept),
        usage=usage(plan.usage),
    )  # fmt: skip


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


def finished(state: PlanState, after: DiskUsage | None) -> Event:
    counts: dict[str, Json] = {str(outcome): len(state.with_outcome(outcome)) for outcome in Outcome}
    return event(
        Tag.CLEANUP_FINISHED,
        state.plan,
        outcomes=counts,
        predicted=frees(state.plan.draft.frees),
        reclaimed_bytes=state.reclaimed,
        before=usage(state.usage_before),
        after=usage(after),
    )


def item(state: ItemState) -> Json:
    """An item as the audit shows it."""
    return {
        "kind": state.item.kind,
        "id": state.item.id,
        "name": state.item.name,
        "outcome": state.outcome,
        "reason": state.reason,
        "bytes": state.bytes,
    }
