"""Plans, decisions and runs for the tests of the store."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from bot.core.audit.events import Event, Tag
from bot.core.docker.inventory import EngineInfo, Kind
from bot.core.docker.usage import DiskUsage, UsageRow
from bot.core.errors import RefusedError
from bot.core.life.states import ItemState, MessageRef, Outcome, PlanState, Status, Vote
from bot.core.plan.plan import Frees, Item, Kept, Person, Plan
from bot.ports import Change, Run
from bot.store.opening import Store
from tests.support.plans import draft_of, plan_of

T = TypeVar("T")

LEASE = timedelta(seconds=60)
SECRET = "s3cret-pass"  # noqa: S105 - of a server that takes any
CHANNEL = MessageRef(channel="C0DISK")
ANNA, BEN = Person(id="U0ANNA", name="Anna"), Person(id="U0BEN", name="Ben")
USAGE = DiskUsage(rows=(UsageRow(type="Images", total=9, active=2, size=10**12, reclaimable=7 * 10**11),))
ENGINE = EngineInfo(
    id="7TDM:AAAA",
    name="prod-3",
    version="28.0.1",
    api_version="1.48",
    store="overlay2",
    data_root="/var/lib/docker",
)


def item(number: int, name: str = "") -> Item:
    return Item(
        kind=Kind.IMAGE,
        id=f"sha256:{number:064x}",
        name=name or f"app:{number}",
        references=(f"app:{number}", f"registry.example/app@sha256:{number:064x}"),
        bytes=number * 5 * 10**9,
        rule="unused for 7 days",
        created_at=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
    )


def plan(
    plan_id: str = "p1",
    host: str = "prod-3",
    items: int = 3,
    lasts: timedelta = LEASE,
    engine: EngineInfo | None = None,
) -> Plan:
    """A plan of a host, on an engine of its own unless it says another."""
    made = datetime.now(UTC)
    draft = draft_of(
        [item(number) for number in range(1, items + 1)],
        engine or replace(ENGINE, name=host),
        made,
        frees=Frees(low=10**9, high=3 * 10**10, exact=False, why="shared layers"),
        kept=(
            Kept(kind=Kind.VOLUME, id="db", name="db", rule="named volumes stay", because="named"),
            Kept(kind=Kind.CONTAINER, id="c1", name="web", rule="running", because="in use"),
        ),
    )
    draft = replace(draft, layers={"sha256:aa": 12, "sha256:bb": 10**10})
    return plan_of(draft, ANNA, plan_id=plan_id, host=host, lasts=lasts, usage=USAGE)


def event(tag: Tag, plan_id: str = "p1", host: str = "prod-3", actor: str = "") -> Event:
    return Event(tag=tag, plan=plan_id, host=host, actor=actor)


def propose(store: Store, plan_id: str = "p1", host: str = "prod-3", items: int = 3) -> PlanState:
    proposed = event(Tag.PLAN_PROPOSED, plan_id, host, ANNA.id)
    return store.plans.create(plan(plan_id, host, items), 1, CHANNEL, proposed)


def approval(person: Person = BEN) -> Callable[[PlanState, datetime], Change]:
    """What a service decides at a click on Approve, for a quorum of one."""

    def decide(state: PlanState, now: datetime) -> Change:
        if state.status is not Status.PROPOSED:
            raise RefusedError(f"already {state.status}")
        vote = Vote(person=person, approve=True, at=now)
        approved = replace(
            event(Tag.PLAN_APPROVED, state.plan.id, state.plan.host, person.id),
            facts={"approvers": [person.id]},
        )
        return Change(status=Status.APPROVED, events=(approved,), vote=vote, decided=True)

    return decide


def to(status: Status) -> Callable[[PlanState, datetime], Change]:
    """A change to a status, asked for whatever the plan's own."""
    tag = {
        Status.APPROVED: Tag.PLAN_WAITS, Status.REJECTED: Tag.PLAN_REJECTED, Status.EXPIRED: Tag.PLAN_EXPIRED,
        Status.SUPERSEDED: Tag.PLAN_SUPERSEDED,
    }.get(status, Tag.PLAN_CANCELLED)  # fmt: skip
    return lambda state, _now: Change(status=status, events=(event(tag, state.plan.id, state.plan.host),))


def approved(store: Store, plan_id: str = "p1", host: str = "prod-3", items: int = 3) -> PlanState:
    propose(store, plan_id, host, items)
    return store.plans.change(plan_id, approval())


def running(store: Store, plan_id: str = "p1", host: str = "prod-3", items: int = 3) -> Run:
    approved(store, plan_id, host, items)
    run = store.runs.claim(plan_id, "replica-1", LEASE)
    assert run is not None
    return run


def the(store: Store, plan_id: str = "p1") -> PlanState:
    state = store.plans.get(plan_id)
    assert state is not None
    return state


def tags(store: Store, plan_id: str = "p1") -> list[str]:
    return [str(link.event.tag) for link in store.audit.events(plan_id)]


def removed(store: Store, position: int, reclaimed: int = 7) -> ItemState:
    found = the(store).items[position]
    return ItemState(position=position, item=found.item, outcome=Outcome.REMOVED, bytes=reclaimed)


def at_once(calls: list[Callable[[], T]]) -> list[T | BaseException]:
    """What each call returned or raised, all of them made at the same time."""

    def attempt(call: Callable[[], T]) -> T | BaseException:
        try:
            return call()
        except Exception as error:  # noqa: BLE001 - the test looks at each
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(attempt, calls))


def changes(store: Store) -> list[Callable[[], object]]:
    """Calls that write, one of each sort; of a store with an approved plan p1."""
    proposed = event(Tag.PLAN_PROPOSED, "p2")
    return [
        lambda: store.plans.create(plan("p2"), 1, CHANNEL, proposed),
        lambda: store.runs.claim("p1", "replica-1", LEASE),
        lambda: store.trail.record(proposed),
        lambda: store.messages.shown("p1", 1, CHANNEL),
    ]


TRIGGERS = {
    "event": ("event_refuses_update", "event_refuses_delete", "event_refuses_replace", "event_stays_keyed"),
    "chain_head": ("chain_head_moves_on", "chain_head_refuses_delete", "chain_head_refuses_replace"),
}
POSTGRESQL_TRIGGERS = {
    "event": ("event_refuses_change", "event_refuses_delete", "event_stays_keyed"),
    "chain_head": ("chain_head_moves_on", "chain_head_stays"),
}


def drop_triggers(url: str, sql: Callable[[str], None]) -> None:
    """What whoever owns the database can always do."""
    if url.startswith("sqlite"):
        for name in (*TRIGGERS["event"], *TRIGGERS["chain_head"]):
            sql(f"DROP TRIGGER {name}")
    else:
        for table, names in POSTGRESQL_TRIGGERS.items():
            for name in names:
                sql(f"DROP TRIGGER {name} ON {table}")
