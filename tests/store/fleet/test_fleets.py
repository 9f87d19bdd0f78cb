"""Fleets in the database: made, changed and let go together with their plans, by rows that the audit says are so."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

import pytest

from bot.core.audit import fleets as told
from bot.core.audit.events import Tag
from bot.core.audit.written import plan_digest
from bot.core.errors import RefusedError
from bot.core.life.fleets import Fleet, FleetState, member_of
from bot.core.life.rollout import next_step
from bot.core.life.states import PlanState, Status
from bot.ports import Change, FleetChange, NewPlan
from bot.services.fleets.rollout import Rollout
from bot.store.opening import Store
from tests.store.samples import (
    ANNA,
    BEN,
    CHANNEL,
    LEASE,
    approval,
    approved,
    at_once,
    event,
    plan,
    tags,
    the,
    to,
)

HOSTS = ("web-1", "web-2", "web-3", "web-4")


def propose(store: Store, hosts: Collection[str] = HOSTS) -> FleetState:
    plans = [plan(f"p-{host}", host) for host in hosts]
    fleet = Fleet(
        id="f1", selection="web-*", request="routine", requester=ANNA, created_at=plans[0].created_at,
        members=tuple(member_of(one.host, one.id, one.draft) for one in plans),
    )  # fmt: skip
    new = [
        NewPlan(plan=one, quorum=1, event=event(Tag.PLAN_PROPOSED, one.id, one.host, ANNA.id))
        for one in plans
    ]
    return store.fleets.create(fleet, new, CHANNEL, told.proposed)


def then(tag: Tag, held: str | None = None) -> Callable[..., FleetChange]:
    def write(state: FleetState, counted: Collection[str], refused: Mapping[str, str]) -> FleetChange:
        return FleetChange(events=(told.clicked(tag, state, BEN, counted, refused, {}),), held=held)

    return write


def approve(store: Store, hosts: Collection[str] = HOSTS) -> FleetState:
    each = {f"p-{host}": approval() for host in hosts}
    return store.fleets.change_each("f1", each, then(Tag.FLEET_VOTED))


def step(store: Store) -> FleetState:
    Rollout(fleets=store.fleets, changed=lambda: None)()
    state = store.fleets.get("f1")
    assert state is not None
    return state


def test_a_fleet_is_made_with_its_plans_and_binds_their_digests(store: Store) -> None:
    state = propose(store)
    assert [one.host for one in state.standings] == list(HOSTS)
    assert {one.status for one in state.standings} == {Status.PROPOSED}
    assert not state.doubt
    assert [one.digest for one in state.fleet.members] == [
        plan_digest(the(store, f"p-{h}").plan) for h in HOSTS
    ]
    (proposed,) = [link.event for link in store.audit.events("f1")]
    assert proposed.tag == Tag.FLEET_PROPOSED
    listed = proposed.facts["plans"]
    assert isinstance(listed, list)
    digests = [one["plan_digest"] for one in listed if isinstance(one, dict)]
    assert digests == [one.digest for one in state.fleet.members]
    assert store.fleets.create(state.fleet, [], CHANNEL, told.proposed) == state, (
        "a second time changes nothing"
    )
    assert {the(store, f"p-{host}").fleet for host in HOSTS} == {"f1"}


def test_an_approved_plan_of_a_fleet_begins_with_its_wave_and_not_before(store: Store) -> None:
    propose(store)
    state = approve(store)
    assert {one.status for one in state.standings} == {Status.APPROVED}
    assert store.runs.claimable() == ()
    assert store.runs.claim("p-web-1", "replica-1", LEASE) is None
    state = step(store)
    assert state.begun == 1
    assert store.runs.claimable() == ("p-web-1",)
    assert store.runs.claim("p-web-2", "replica-1", LEASE) is None
    assert tags(store, "p-web-1")[-1] == Tag.PLAN_RELEASED
    assert step(store) == state, "nothing more is to be done"


def test_an_approved_plan_alone_waits_for_no_unbegun_plan_of_a_fleet(store: Store) -> None:
    propose(store)
    approve(store)
    approved(store, "p1", "web-4")
    assert store.runs.claimable() == ("p1",)


def test_a_held_rollout_lets_nothing_begin_whatever_wave_it_is_of(
    store: Store, attack: Callable[..., None]
) -> None:
    propose(store)
    approve(store)
    step(store)
    held = told.held(step(store), "somebody said so", ["p-web-1"])
    store.fleets.change("f1", lambda _state, _now: FleetChange(events=(held,), held="somebody said so"))
    assert store.runs.claimable() == ()
    assert store.runs.claim("p-web-1", "replica-1", LEASE) is None
    attack("UPDATE fleet SET held = ''")
    assert store.runs.claim("p-web-1", "replica-1", LEASE) is None, "the audit says that it is held"
    went_on = told.event(Tag.FLEET_WENT_ON, step(store).fleet, BEN)
    store.fleets.change("f1", lambda _state, _now: FleetChange(events=(went_on,), held=""))
    assert store.runs.claimable() == ("p-web-1",)


def test_what_counts_on_one_plan_only_is_written_there_and_told_of_the_others(store: Store) -> None:
    propose(store)
    store.plans.change("p-web-2", to(Status.REJECTED))

    def no(_state: PlanState, _now: datetime) -> Change:
        raise RefusedError("not you")

    each = {"p-web-1": approval(), "p-web-2": approval(), "p-web-3": no}
    state = store.fleets.change_each("f1", each, then(Tag.FLEET_VOTED))
    found = [one.status for one in state.standings]
    assert found == [Status.APPROVED, Status.REJECTED, Status.PROPOSED, Status.PROPOSED]
    voted = store.audit.events("f1")[-1].event
    assert voted.facts["plans"] == [{"host": "web-1", "plan": "p-web-1"}]
    assert voted.facts["refused"] == [
        {"host": "web-2", "plan": "p-web-2", "reason": "already rejected"},
        {"host": "web-3", "plan": "p-web-3", "reason": "not you"},
    ]
    with pytest.raises(RefusedError, match="not you"):
        store.fleets.change_each("f1", {"p-web-3": no, "p-web-4": no}, then(Tag.FLEET_VOTED))
    assert the(store, "p-web-4").version == 1


def test_two_who_click_at_once_are_counted_once_on_each_host(store: Store) -> None:
    propose(store)
    answers = at_once([lambda: approve(store)] * 4)
    assert sum(isinstance(answer, FleetState) for answer in answers) == 1
    assert all(isinstance(answer, RefusedError | FleetState) for answer in answers), answers
    for host in HOSTS:
        assert tags(store, f"p-{host}").count(Tag.PLAN_APPROVED) == 1


def test_of_processes_that_step_at_once_one_begins_the_wave(store: Store) -> None:
    propose(store)
    approve(store)
    rollout = Rollout(fleets=store.fleets, changed=lambda: None)
    assert at_once([rollout] * 6) == [None] * 6
    waves = [link.event for link in store.audit.events("f1") if link.event.tag == Tag.FLEET_WAVE]
    assert [wave.facts["plans"] for wave in waves] == [[{"host": "web-1", "plan": "p-web-1"}]]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE plan SET wave = 1 WHERE id = 'p-web-2'",
        "UPDATE plan SET fleet = '' WHERE id = 'p-web-2'",
    ],
)
def test_a_row_that_says_its_wave_has_begun_or_that_it_has_none_lets_nothing_run(
    store: Store, attack: Callable[..., None], change: str
) -> None:
    propose(store)
    approve(store)
    attack(change)
    assert store.runs.claim("p-web-2", "replica-1", LEASE) is None
    assert Tag.PLAN_DIFFERS in tags(store, "p-web-2")
    assert the(store, "p-web-2").status is Status.CANCELLED


def test_a_fleet_whose_list_was_changed_is_neither_decided_nor_rolled_out(
    store: Store, attack: Callable[..., None]
) -> None:
    propose(store)
    approve(store, ["web-1"])
    attack("UPDATE fleet SET snapshot = replace(snapshot, :was, :now)", was='"first":1', now='"first":9')
    with pytest.raises(RefusedError, match="changed this fleet plan in Deckhand's database"):
        approve(store)
    state = step(store)
    assert state.doubt
    assert next_step(state) is None
    assert store.runs.claimable() == ()


def test_whether_the_next_wave_begins_is_read_from_the_audit(
    store: Store, attack: Callable[..., None]
) -> None:
    """Rows that say that a host has ended well are believed by nobody."""
    propose(store)
    approve(store)
    step(store)
    attack("UPDATE plan SET status = 'done' WHERE id = 'p-web-1'")
    attack("UPDATE plan_item SET outcome = 'removed' WHERE plan_id = 'p-web-1'")
    assert step(store).begun == 1
    assert store.runs.claimable() == ()


def test_the_rows_of_a_fleets_plans_are_what_the_chain_says(
    store: Store, attack: Callable[..., None]
) -> None:
    propose(store)
    approve(store)
    step(store)
    assert store.chain.compare().differences == ()
    attack("UPDATE plan SET wave = 3 WHERE id = 'p-web-3'")
    (found,) = store.chain.compare().differences
    assert str(found) == "plan p-web-3: wave is 3, and by the events it is 0"


def test_that_somebody_is_made_to_have_said_go_on_is_named(store: Store, attack: Callable[..., None]) -> None:
    propose(store)
    attack("UPDATE fleet SET excused = :them", them='["p-web-1"]')
    (found,) = store.chain.compare().differences
    assert (found.table, found.key, found.column) == ("fleet", "f1", "excused")


def test_a_row_that_makes_no_fleet_keeps_no_other_fleet_from_going_on(
    store: Store, attack: Callable[..., None]
) -> None:
    propose(store)
    attack("UPDATE plan SET status = 'of another release' WHERE id = 'p-web-1'")
    with pytest.raises(RefusedError, match="its rows make no fleet"):
        store.fleets.get("f1")
    Rollout(fleets=store.fleets, changed=lambda: None)()


def test_a_release_before_leaves_the_plans_of_fleets_alone(store: Store, attack: Callable[..., None]) -> None:
    propose(store)
    found = store.sessions.reading(lambda session: session.connection().exec_driver_sql(
        "SELECT DISTINCT format FROM plan"
    ).scalars().all())  # fmt: skip
    assert found == [2]
    approved(store, "p1", "alone")
    attack("UPDATE plan SET format = 3 WHERE id = 'p1'")
    assert "p1" not in store.runs.claimable(), "as this release does with those of a newer one"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE fleet SET held = ''", 'held is "", and by the events it is "web-1: no"'),
        ("UPDATE fleet SET ended = true", "ended is true, and by the events it is false"),
        ("DELETE FROM fleet", "the row is missing"),
        ("UPDATE fleet SET snapshot = '{}'", 'snapshot is null, and by the events it is "sha256:'),
    ],
)
def test_a_row_of_a_fleet_that_says_otherwise_than_the_audit_is_named(
    store: Store, attack: Callable[..., None], change: str, said: str
) -> None:
    propose(store)
    approve(store)
    held = told.held(step(store), "web-1: no", ["p-web-1"])
    store.fleets.change("f1", lambda _state, _now: FleetChange(events=(held,), held="web-1: no"))
    assert store.chain.compare().differences == ()
    attack(change)
    assert said in " ".join(map(str, store.chain.compare().differences))
