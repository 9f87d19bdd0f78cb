"""Whole cleanups for the tests of whoever reads the audit."""

from dataclasses import replace

from bot.core.audit import facts
from bot.core.docker.inventory import Kind
from bot.core.life.states import MessageRef, Outcome, PlanState, Status
from bot.core.plan.plan import Item, Person
from bot.store.opening import Store
from tests.store.samples import ANNA, BEN, LEASE, approval, plan, the

CYD = Person(id="U0CYD", name="Cyd Ö.")
BYTES = 1_000


def image(*references: str, number: int = 1) -> Item:
    return Item(
        kind=Kind.IMAGE, id=f"sha256:{number:064x}", name=references[0], references=references, rule="r"
    )


def cleaned(
    store: Store,
    plan_id: str,
    *items: Item,
    host: str = "prod-3",
    profile: str = "routine",
    status: Status | None = Status.DONE,
    by: Person = ANNA,
    approver: Person = BEN,
) -> PlanState:
    """A cleanup that removed its objects, each of BYTES bytes; without a status it still runs."""
    made = plan(plan_id, host)
    draft = replace(made.draft, items=items or made.draft.items, profile=profile)
    made = replace(made, draft=draft, requester=by)
    store.plans.create(made, 1, MessageRef(channel="C0"), facts.proposed(made, {"name": "production"}))
    store.plans.change(plan_id, approval(approver))
    run = store.runs.claim(plan_id, "replica-1", LEASE)
    assert run is not None
    positions = range(len(draft.items))
    store.runs.start_items(run, positions)
    found = the(store, plan_id).items
    store.runs.end_items(run, [replace(one, outcome=Outcome.REMOVED, bytes=BYTES) for one in found])
    if status is None:
        return the(store, plan_id)
    return store.runs.finish(run, status, facts.finished(the(store, plan_id), None))
