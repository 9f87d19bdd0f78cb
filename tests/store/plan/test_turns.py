"""Turns: which plan of a host is next, who waits for whom, and what a release leaves to a newer one."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from bot.core.audit.events import Tag
from bot.core.errors import NewerReleaseError, RefusedError
from bot.core.life.states import ATTEMPTS_IN_VAIN, Outcome, PlanState, Status
from bot.ports import Change, Run
from bot.store.opening import Store
from tests.store.samples import (
    ANNA,
    BEN,
    CHANNEL,
    LEASE,
    approval,
    approved,
    event,
    plan,
    propose,
    removed,
    running,
    tags,
    the,
    to,
)

FINISHED = event(Tag.CLEANUP_FINISHED)
PAST = timedelta(seconds=-1)


def stop(state: PlanState, _now: object) -> Change:
    return Change(
        status=Status.RUNNING,
        events=(event(Tag.CLEANUP_STOP_ASKED),),
        stop=ANNA,
        resume=bool(state.attention),
    )


def resume(_state: PlanState, _now: object) -> Change:
    return Change(status=Status.RUNNING, events=(event(Tag.CLEANUP_RESUMED),), resume=True)


def starting(after: timedelta) -> Callable[[PlanState, datetime], Change]:
    """Let an approved plan start that much later than now."""

    def wait(_state: PlanState, now: datetime) -> Change:
        return Change(status=Status.APPROVED, events=(event(Tag.PLAN_WAITS),), starts_at=now + after)

    return wait


def test_only_the_plan_whose_turn_it_is_can_be_claimed(store: Store) -> None:
    for plan_id in ("first", "second", "third"):
        approved(store, plan_id, "a")
    approved(store, "elsewhere", "b")
    assert store.runs.claimable() == ("first", "elsewhere")
    assert store.runs.claim("second", "replica-1", LEASE) is None
    run = store.runs.claim("first", "replica-1", LEASE)
    assert run is not None
    assert store.runs.claimable() == ("elsewhere",)
    store.runs.finish(run, Status.DONE, FINISHED)
    assert set(store.runs.claimable()) == {"elsewhere", "second"}


def test_a_plan_waits_for_the_one_right_ahead_of_it(store: Store) -> None:
    for plan_id in ("first", "second", "third"):
        approved(store, plan_id, "a")
    waits = [the(store, plan_id).waits_for for plan_id in ("first", "second", "third")]
    assert waits == ["", "first", "second"]
    assert store.runs.claim("first", "replica-1", LEASE) is not None
    assert the(store, "second").waits_for == "first"
    assert the(store, "first").waits_for == ""


def test_when_a_waiting_plan_is_cancelled_the_next_one_tells_for_whom_it_waits_now(store: Store) -> None:
    for plan_id in ("first", "second", "third", "fourth"):
        approved(store, plan_id, "a")
    versions = {plan_id: the(store, plan_id).version for plan_id in ("first", "third", "fourth")}
    store.plans.change("second", to(Status.CANCELLED))
    assert the(store, "third").waits_for == "first"
    grown = {plan_id for plan_id, before in versions.items() if the(store, plan_id).version > before}
    assert grown == {"third"}


def test_a_plan_that_waits_for_its_window_lets_later_ones_go_first(store: Store) -> None:
    approved(store, "early", "a")
    approved(store, "late", "a")
    store.plans.change("early", starting(timedelta(hours=1)))
    assert store.runs.claimable() == ("late",)
    assert the(store, "late").waits_for == ""
    assert store.runs.claim("early", "replica-1", LEASE) is None
    store.plans.change("early", starting(timedelta(hours=-1)))
    assert store.runs.claimable() == ("early",)
    assert the(store, "late").waits_for == "early"


# --- stop, attention ----------------------------------------------------------------------------


def test_a_run_that_was_asked_to_stop_begins_no_other_item(store: Store) -> None:
    run = running(store)
    assert store.runs.start_items(run, [0])
    state = store.plans.change("p1", stop)
    assert state.stop is not None
    assert (state.status, state.stop.person) == (Status.RUNNING, ANNA)
    store.runs.end_items(run, [removed(store, 0)])
    assert not store.runs.start_items(run, [1])
    assert [item.outcome for item in the(store).items] == ["removed", "planned", "planned"]
    assert tags(store).count("deckhand:item:removing") == 1
    assert store.runs.finish(run, Status.STOPPED, FINISHED).stop == state.stop


def test_a_parked_run_is_taken_up_by_nobody_until_somebody_says_so(store: Store) -> None:
    run = running(store)
    approved(store, "p2")
    store.runs.park(run, "prod-3: nothing answers")
    state = the(store)
    assert (state.status, state.attention) == (Status.RUNNING, "prod-3: nothing answers")
    assert tags(store)[-1] == "deckhand:cleanup:parked"
    assert store.runs.claimable() == ()
    assert store.runs.claim("p1", "replica-2", LEASE) is None
    assert store.runs.claim("p2", "replica-2", LEASE) is None, "its host stays taken"
    store.plans.change("p1", resume)
    assert the(store).attention == ""
    assert store.runs.claimable() == ("p1",)
    again = store.runs.claim("p1", "replica-2", LEASE)
    assert again is not None
    assert again.attempt == 2


def taken_up(store: Store, times: int) -> list[Run | None]:
    return [store.runs.claim("p1", f"replica-{number}", PAST) for number in range(times)]


def test_a_run_that_is_taken_up_in_vain_again_and_again_is_parked(store: Store) -> None:
    approved(store)
    *claims, last = taken_up(store, ATTEMPTS_IN_VAIN + 1)
    assert None not in claims
    assert last is None
    assert f"taken up {ATTEMPTS_IN_VAIN} times in a row" in the(store).attention
    assert tags(store).count("deckhand:cleanup:parked") == 1
    assert store.runs.claimable() == ()
    store.plans.change("p1", resume)
    assert None not in taken_up(store, ATTEMPTS_IN_VAIN)
    assert taken_up(store, 1) == [None]
    assert tags(store).count("deckhand:cleanup:parked") == 2


def test_a_run_that_gets_on_is_never_parked(store: Store) -> None:
    approved(store, items=3 * ATTEMPTS_IN_VAIN)
    for position in range(3 * ATTEMPTS_IN_VAIN):
        run = store.runs.claim("p1", "replica-1", PAST)
        assert run is not None
        store.runs.start_items(run, [position])
        store.runs.end_items(run, [removed(store, position)])
    assert the(store).attention == ""


def test_a_run_that_is_let_go_in_order_is_never_parked(store: Store) -> None:
    approved(store)
    for _ in range(2 * ATTEMPTS_IN_VAIN):
        run = store.runs.claim("p1", "replica-1", LEASE)
        assert run is not None
        store.runs.release(run)


@pytest.mark.parametrize("status", [Status.PROPOSED, Status.APPROVED])
def test_what_does_not_run_is_neither_asked_to_stop_nor_resumed(store: Store, status: Status) -> None:
    propose(store)
    if status is Status.APPROVED:
        store.plans.change("p1", approval())
    before = the(store)
    for wanted in (stop, resume):
        with pytest.raises(ValueError, match="by a decision"):
            store.plans.change("p1", wanted)
    assert the(store) == before


# --- the names of an image ----------------------------------------------------------------------


def test_names_that_are_about_to_be_taken_off_are_written_down_first(store: Store) -> None:
    run = running(store)
    with pytest.raises(ValueError, match="is planned"):
        store.runs.untag_item(run, 0, ["app:1"])
    store.runs.start_items(run, [0])
    store.runs.untag_item(run, 0, ["app:1"])
    store.runs.untag_item(run, 0, ["app:1", "app:2"])
    assert the(store).items[0].untagging == ("app:1", "app:2")
    assert the(store).items[0].outcome is Outcome.REMOVING
    link = store.audit.events("p1")[-1]
    assert (link.event.tag, link.event.facts["references"]) == (Tag.ITEM_UNTAGGING, ["app:1"])
    assert store.chain.verify().broken is None


# --- one plan instead of another ----------------------------------------------------------------


def test_a_plan_takes_the_place_of_those_that_are_still_proposed(store: Store) -> None:
    propose(store, "old")
    propose(store, "older")
    approved(store, "decided")
    new, newer = plan("new"), event(Tag.PLAN_PROPOSED, "new")
    for _ in range(2):
        store.plans.create(new, 1, CHANNEL, newer, instead_of=("old", "older", "decided", "nobody"))
    assert [the(store, each).status for each in ("old", "older", "decided", "new")] == [
        Status.SUPERSEDED, Status.SUPERSEDED, Status.APPROVED, Status.PROPOSED,
    ]  # fmt: skip
    for each in ("old", "older"):
        link = store.audit.events(each)[-1]
        assert (link.event.tag, link.event.facts["by"], link.event.host) == (
            Tag.PLAN_SUPERSEDED, "new", "prod-3",
        )  # fmt: skip
        assert tags(store, each).count("deckhand:plan:superseded") == 1
    with pytest.raises(RefusedError):
        store.plans.change("old", approval())
    assert store.runs.claimable() == ("decided",)


# --- one message, several processes -------------------------------------------------------------


def test_one_process_at_a_time_shows_a_plan(store: Store) -> None:
    propose(store)
    assert store.messages.begin_showing("p1", LEASE)
    assert not store.messages.begin_showing("p1", LEASE)
    store.messages.leave_unshown("p1")
    assert store.messages.begin_showing("p1", timedelta(seconds=0.2))
    time.sleep(0.3)
    assert store.messages.begin_showing("p1", LEASE), "the one before died over it"
    store.messages.shown("p1", 1, CHANNEL)
    assert not store.messages.begin_showing("p1", LEASE), "there is nothing to show"
    store.plans.change("p1", approval(BEN))
    assert store.messages.begin_showing("p1", LEASE)


# --- releases side by side ----------------------------------------------------------------------

NEWER = {
    "a format": "UPDATE plan SET format = 3 WHERE id = 'p1'",
    "a status": "UPDATE plan SET status = 'pondering' WHERE id = 'p1'",
}


@pytest.mark.parametrize("newer", NEWER)
def test_what_a_newer_release_wrote_is_left_to_it(
    store: Store, sql: Callable[[str], None], newer: str
) -> None:
    approved(store)
    approved(store, "p2")
    sql(NEWER[newer])
    assert store.runs.claimable() == ("p2",)
    assert store.runs.claim("p1", "replica-1", LEASE) is None
    assert store.messages.unshown() == ("p2",)
    with pytest.raises(NewerReleaseError, match="newer release"):
        store.plans.get("p1")
    with pytest.raises(NewerReleaseError):
        store.plans.change("p1", to(Status.CANCELLED))
    assert store.runs.claim("p2", "replica-1", LEASE) is not None
    assert len(store.audit.cleanups()) == 1


def test_a_run_of_a_newer_release_is_not_taken_up_and_keeps_its_host(
    store: Store, sql: Callable[[str], None]
) -> None:
    running(store)
    approved(store, "p2")
    sql("UPDATE plan SET format = 3, lease_until = '2020-01-01T00:00:00.000000Z' WHERE id = 'p1'")
    assert store.runs.claimable() == ()
    assert store.runs.claim("p2", "replica-1", LEASE) is None


def test_an_expired_proposal_of_a_newer_release_is_not_due_here(
    store: Store, sql: Callable[[str], None]
) -> None:
    propose(store)
    sql("UPDATE plan SET expires_at = '2020-01-01T00:00:00.000000Z'")
    assert store.plans.due() == ("p1",)
    sql("UPDATE plan SET format = 3")
    assert store.plans.due() == ()


def test_an_outcome_that_only_a_newer_release_knows_is_not_guessed(
    store: Store, sql: Callable[[str], None]
) -> None:
    running(store)
    sql("UPDATE plan_item SET outcome = 'moved' WHERE position = 0")
    with pytest.raises(NewerReleaseError):
        store.plans.get("p1")
