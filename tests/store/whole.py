"""A whole life of a plan, with the events that the services write: proposed, approved, run, and restored."""

from dataclasses import replace
from datetime import datetime

from bot.core.audit import facts
from bot.core.audit.events import Event, Tag
from bot.core.docker.usage import DiskUsage, UsageRow
from bot.core.life.restoring import ImageRestored, Restored
from bot.core.life.states import Outcome, PlanState, Status, Vote
from bot.ports import Change
from bot.store.opening import Store
from tests.store.samples import BEN, CHANNEL, LEASE, USAGE, plan, the

BEFORE = replace(USAGE, free=10**11)
AFTER = DiskUsage(
    rows=(UsageRow(type="Images", total=3, active=2, size=10**11, reclaimable=0),), free=9 * 10**11
)


def approve(state: PlanState, now: datetime) -> Change:
    voted = facts.event(Tag.PLAN_VOTED, state.plan, BEN, approve=True, reason="")
    approved = facts.event(Tag.PLAN_APPROVED, state.plan, BEN, approvers=[BEN.id], starts_at=None)
    vote = Vote(person=BEN, approve=True, at=now)
    return Change(status=Status.APPROVED, events=(voted, approved), vote=vote, decided=True)


def whole_life(store: Store, plan_id: str = "p1", host: str = "prod-3") -> PlanState:
    """A cleanup of three images, one of them kept, which somebody has had restored since."""
    made = plan(plan_id, host)
    store.plans.create(made, 1, CHANNEL, facts.proposed(made, {"name": "production"}))
    store.messages.shown(plan_id, 1, replace(CHANNEL, ts="1.2", permalink="https://slack.test/1"))
    store.plans.change(plan_id, approve)
    run = store.runs.claim(plan_id, "replica-1", LEASE)
    assert run is not None
    store.runs.set_usage(run, before=BEFORE)
    store.runs.start_items(run, [0, 1, 2])
    store.runs.untag_item(run, 0, ["app:1"])
    first, second, third = the(store, plan_id).items
    store.runs.end_items(run, [replace(first, outcome=Outcome.REMOVED, bytes=10**9)])
    store.runs.end_items(run, [replace(second, outcome=Outcome.KEPT, reason="came into use")])
    store.runs.end_items(run, [replace(third, outcome=Outcome.REMOVED, bytes=5, reconciled=True)])
    store.runs.set_usage(run, after=AFTER)
    finished = facts.finished(the(store, plan_id), AFTER)
    store.runs.finish(run, Status.PARTIAL, finished, "one object was kept")
    restore(store, plan_id)
    return the(store, plan_id)


def restore(store: Store, plan_id: str) -> None:
    state = the(store, plan_id)
    store.restores.ask(
        plan_id,
        BEN,
        lambda _state, _now: facts.event(Tag.RESTORE_ASKED, state.plan, BEN, policy="production"),
    )
    run = store.restores.claim(plan_id, "replica-1", LEASE)
    assert run is not None
    image = ImageRestored(position=0, outcome=Restored.FAILED, reason="the registry said no")
    item = state.items[0].item
    said = facts.event(
        Tag.RESTORE_IMAGE,
        state.plan,
        id=item.id,
        name=item.name,
        outcome=str(image.outcome),
        reason=image.reason,
    )
    store.restores.record(run, image, said)
    store.restores.end(run, Event(tag=Tag.RESTORE_ENDED, plan=plan_id, host=state.plan.host))
