"""Rows changed beside a run: what the audit says comes from who did it, and what steers from the audit."""

from datetime import timedelta

import pytest

from bot.core.audit import facts
from bot.core.audit.events import Tag
from bot.core.errors import PlanDiffersError
from bot.core.json import Json
from bot.core.life.states import ItemState, Outcome, Status
from bot.ports import Change
from bot.store.opening import Store
from tests.store.plan.changing import LONG_AGO, Sql, closed_loudly
from tests.store.samples import BEN, LEASE, approval, approved, event, propose, removed, running, tags, the

NO_PLANS = {
    "no JSON": "UPDATE plan SET snapshot = 'x'",
    "another thing": """UPDATE plan SET snapshot = '{"draft": []}'""",
    "no moment": "UPDATE plan SET decided_at = 'soon'",
    "no such names": "UPDATE plan_item SET untagging = '{'",
}


@pytest.mark.parametrize("statement", NO_PLANS.values(), ids=NO_PLANS)
def test_a_plan_whose_rows_make_no_plan_is_closed_when_it_is_to_start(
    statement: str, store: Store, attack: Sql
) -> None:
    approved(store)
    attack(statement)
    assert store.runs.claim("p1", "replica-1", LEASE) is None
    _closed(store, Status.CANCELLED)


@pytest.mark.parametrize("statement", NO_PLANS.values(), ids=NO_PLANS)
def test_so_it_is_by_whoever_looks_at_it(statement: str, store: Store, attack: Sql) -> None:
    propose(store)
    attack(statement)
    with pytest.raises(PlanDiffersError, match="Somebody changed this plan"):
        store.plans.get("p1")
    _closed(store, Status.CANCELLED)
    with pytest.raises(PlanDiffersError, match="Somebody changed this plan"):
        store.plans.get("p1")
    assert tags(store).count(Tag.PLAN_DIFFERS) == 1


def test_and_by_whoever_decides_about_it(store: Store, attack: Sql) -> None:
    propose(store)
    attack(NO_PLANS["no JSON"])
    with pytest.raises(PlanDiffersError, match="Somebody changed this plan"):
        store.plans.change("p1", approval())
    _closed(store, Status.CANCELLED)


def test_a_run_whose_rows_make_no_plan_is_closed_when_it_is_taken_up(store: Store, attack: Sql) -> None:
    running(store)
    attack(LONG_AGO)
    attack(NO_PLANS["no JSON"])
    assert store.runs.claim("p1", "replica-2", LEASE) is None
    _closed(store, Status.FAILED)


def _closed(store: Store, status: Status) -> None:
    recorded = store.audit.recorded("p1")
    assert recorded is not None
    assert recorded.state.status is status
    assert "Somebody changed this plan in Deckhand's database" in recorded.state.reason
    assert tags(store).count(Tag.PLAN_DIFFERS) == 1
    assert store.runs.claimable() == ()


def test_an_approval_without_its_moment_is_none(store: Store, attack: Sql) -> None:
    """By its moment it is told how long it holds."""
    approved(store)
    attack("UPDATE plan SET decided_at = NULL")
    assert store.runs.claim("p1", "replica-1", LEASE) is None
    closed_loudly(store)


@pytest.mark.parametrize("tag", [Tag.CLEANUP_RESUMED, Tag.CLEANUP_STOP_ASKED])
def test_a_run_that_waits_for_a_person_goes_on_by_a_person_alone(tag: Tag, store: Store, attack: Sql) -> None:
    run = running(store)
    store.runs.park(run, "the host went away")
    stop = BEN if tag is Tag.CLEANUP_STOP_ASKED else None
    store.plans.change(
        "p1",
        lambda _state, _now: Change(status=Status.RUNNING, events=(event(tag),), stop=stop, resume=True),
    )
    again = store.runs.claim("p1", "replica-2", LEASE)
    assert again is not None
    store.runs.park(again, "it went away once more")
    attack("UPDATE plan SET attention = ''")
    attack(LONG_AGO)
    assert store.runs.claim("p1", "replica-2", LEASE) is None
    closed_loudly(store, Status.FAILED)


# --- what an object's end says ------------------------------------------------------------------

IN_THE_MIDDLE = {
    "another object": "UPDATE plan_item SET object_id = 'sha256:ffff', name = 'harmless' WHERE position = 0",
    "kept": "UPDATE plan_item SET outcome = 'kept', reason = 'in use' WHERE position = 0",
    "failed": "UPDATE plan_item SET outcome = 'failed', reason = 'in use', bytes = 0",
}


@pytest.mark.parametrize("statement", IN_THE_MIDDLE.values(), ids=IN_THE_MIDDLE)
def test_the_audit_tells_what_was_removed_whatever_its_row_says_by_then(
    statement: str, store: Store, attack: Sql
) -> None:
    run = running(store)
    ended = removed(store, 0)
    store.runs.start_items(run, [0])
    attack(statement)
    store.runs.end_items(run, [ended])
    store.runs.end_items(run, [ended])  # whoever did not hear that it was written says it once more
    assert _ends(store) == [
        {
            "kind": "image",
            "id": ended.item.id,
            "name": "app:1",
            "outcome": "removed",
            "reason": "",
            "bytes": 7,
        }
    ]
    recorded = store.audit.recorded("p1")
    assert recorded is not None
    assert (recorded.state.items[0].item.name, recorded.state.items[0].outcome) == ("app:1", Outcome.REMOVED)


def test_an_end_that_the_audit_has_stands_also_in_a_later_attempt(store: Store, attack: Sql) -> None:
    run = running(store)
    ended = removed(store, 0)
    store.runs.start_items(run, [0])
    store.runs.end_items(run, [ended])
    attack(LONG_AGO)
    again = store.runs.claim("p1", "replica-2", LEASE)
    assert again is not None
    store.runs.end_items(again, [_failed(ended)])
    assert [each["outcome"] for each in _ends(store)] == ["removed"]


def _failed(state: ItemState) -> ItemState:
    return ItemState(position=state.position, item=state.item, outcome=Outcome.FAILED, reason="away")


def _ends(store: Store) -> list[dict[str, Json]]:
    return [dict(each.event.facts) for each in store.audit.events("p1") if each.event.tag == Tag.ITEM_ENDED]


def test_the_end_of_a_run_says_when_it_began_by_the_audit(store: Store, attack: Sql) -> None:
    run = running(store)
    began = the(store).started_at
    assert began is not None
    attack("UPDATE plan SET started_at = '2001-01-01T00:00:00.000000Z', reason = 'Ben said so'")
    recorded = store.audit.recorded("p1")
    assert recorded is not None
    store.runs.finish(run, Status.FAILED, facts.finished(recorded.state, None))
    said = store.audit.events("p1")[-1].event.facts
    assert said["started_at"] == facts.moment(began)
    assert isinstance(said["duration_ms"], int)
    assert said["duration_ms"] < timedelta(hours=1).total_seconds() * 1000
    assert said["reason"] == ""


def test_rows_of_one_plan_that_make_no_plan_hold_up_no_other(store: Store, attack: Sql) -> None:
    """A start looks after cleanups that are found by no word yet."""
    run = running(store, "p0")
    store.runs.finish(run, Status.DONE, event(Tag.CLEANUP_FINISHED, "p0"))
    attack("DELETE FROM cleanup_word")
    attack("UPDATE plan SET snapshot = 'x'")
    approved(store, "p1", "prod-4")
    assert store.runs.claim("p1", "replica-1", LEASE) is not None
