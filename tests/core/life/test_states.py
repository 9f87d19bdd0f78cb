"""The life of a plan: which state may follow which, and how a run ends."""

from itertools import product

import pytest

from bot.core.docker.inventory import Inventory, Kind
from bot.core.life.states import (
    CLEANUP_OUTCOMES,
    ENDED,
    OPEN,
    ItemState,
    Outcome,
    PlanState,
    Status,
    Vote,
    item_may_become,
    may_become,
    outcome_of_run,
)
from bot.core.plan.plan import Person
from tests.core.things import ENGINE, NOW, item, planned
from tests.support.plans import plan_of

LEGAL = {
    ("proposed", "approved"), ("proposed", "rejected"), ("proposed", "expired"), ("proposed", "cancelled"),
    ("proposed", "superseded"), ("approved", "running"), ("approved", "cancelled"), ("running", "done"),
    ("running", "partial"), ("running", "stopped"), ("running", "failed"),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after"), list(product(Status, Status)))
def test_only_the_transitions_of_the_design_are_legal(before: Status, after: Status) -> None:
    assert may_become(before, after) is ((before, after) in LEGAL)


LEGAL_OF_ITEMS = {
    ("planned", "removing"), ("planned", "failed"), ("removing", "removed"), ("removing", "gone"),
    ("removing", "kept"), ("removing", "failed"),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after"), list(product(Outcome, Outcome)))
def test_an_item_ends_as_removed_only_after_its_intent(before: Outcome, after: Outcome) -> None:
    assert item_may_become(before, after) is ((before, after) in LEGAL_OF_ITEMS)


def test_a_plan_has_ended_exactly_where_nothing_can_follow() -> None:
    assert {status for status in Status if not any(may_become(status, after) for after in Status)} == ENDED
    assert Status.PROPOSED not in ENDED


def test_every_way_to_end_a_run_is_an_outcome_of_a_cleanup() -> None:
    assert {status for status in Status if may_become(Status.RUNNING, status)} == CLEANUP_OUTCOMES


def test_every_state_can_be_reached_from_the_first() -> None:
    reached, edge = {Status.PROPOSED}, {Status.PROPOSED}
    while edge:
        edge = {after for before in edge for after in Status if may_become(before, after)} - reached
        reached |= edge
    assert reached == set(Status)


def states(*outcomes: Outcome) -> tuple[ItemState, ...]:
    return tuple(
        ItemState(position=n, item=item(Kind.IMAGE, str(n)), outcome=outcome, bytes=10**n)
        for n, outcome in enumerate(outcomes)
    )


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [
        ((), Status.DONE),
        ((Outcome.REMOVED,), Status.DONE),
        ((Outcome.REMOVED, Outcome.GONE), Status.DONE),
        ((Outcome.KEPT,), Status.PARTIAL),
        ((Outcome.FAILED,), Status.PARTIAL),
        ((Outcome.REMOVED, Outcome.GONE, Outcome.KEPT), Status.PARTIAL),
        ((Outcome.FAILED, Outcome.REMOVED), Status.PARTIAL),
    ],
)
def test_a_run_is_done_when_nothing_was_kept_and_nothing_failed(
    outcomes: tuple[Outcome, ...], status: Status
) -> None:
    assert outcome_of_run(states(*outcomes)) is status


def plan_state(items: tuple[ItemState, ...] = (), votes: tuple[Vote, ...] = ()) -> PlanState:
    plan = plan_of(planned("dangling", Inventory(engine=ENGINE, taken_at=NOW)), Person(id="U1"))
    return PlanState(plan=plan, status=Status.RUNNING, version=1, quorum=1, votes=votes, items=items)


def test_items_are_found_by_outcome_and_their_bytes_add_up() -> None:
    state = plan_state(states(Outcome.REMOVED, Outcome.KEPT, Outcome.PLANNED, Outcome.REMOVING))
    assert [found.position for found in state.with_outcome(*OPEN)] == [2, 3]
    assert [found.position for found in state.with_outcome(Outcome.REMOVED)] == [0]
    assert state.with_outcome() == ()
    assert state.reclaimed == 1111
    assert plan_state().reclaimed == 0


def test_only_those_who_voted_for_it_are_its_approvers() -> None:
    yes, no = Person(id="U1", name="Ada"), Person(id="U2")
    state = plan_state(votes=(Vote(person=no, approve=False, at=NOW), Vote(person=yes, approve=True, at=NOW)))
    assert state.approvers == (yes,)
