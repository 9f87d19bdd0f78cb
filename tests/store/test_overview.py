"""What a Home asks the database for: the plans that go on, those that have ended, and what stands in the way."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.event import listen, remove

from bot.core.audit.events import Tag
from bot.core.docker.usage import DiskSpace, LastLook
from bot.core.life.states import PlanState, Status, Vote
from bot.ports import Change
from bot.store.opening import Store
from tests.store.plan.test_waiting_and_withdrawing import first_vote
from tests.store.samples import (
    ANNA,
    BEN,
    CHANNEL,
    USAGE,
    approved,
    event,
    plan,
    propose,
    running,
    to,
)  # fmt: skip

HOUR = timedelta(hours=1)


def finish(store: Store, plan_id: str, host: str) -> None:
    run = running(store, plan_id, host)
    store.runs.finish(run, Status.DONE, event(Tag.CLEANUP_FINISHED, plan_id, host))


def test_what_goes_on_is_every_plan_that_has_not_ended_and_whose_time_is_not_up(store: Store) -> None:
    created = event(Tag.PLAN_PROPOSED)
    store.plans.create(plan("late", "a", lasts=2 * HOUR), 1, CHANNEL, created)
    store.plans.create(plan("soon", "b", lasts=HOUR), 1, CHANNEL, created)
    store.plans.create(plan("over", "c", lasts=-HOUR), 1, CHANNEL, created)
    approved(store, "yes", "d")
    run = running(store, "runs", "e")
    store.runs.park(run, "nobody knows why")
    finish(store, "done", "f")
    propose(store, "no", "g")
    store.plans.change("no", to(Status.CANCELLED))
    found = {one.id: (one.host, one.status, one.needs_attention) for one in store.plans.going_on()}
    assert found == {
        "yes": ("d", Status.APPROVED, False),
        "runs": ("e", Status.RUNNING, True),
        "soon": ("b", Status.PROPOSED, False),
        "late": ("a", Status.PROPOSED, False),
    }
    assert [one.id for one in store.plans.going_on() if one.status is Status.PROPOSED] == ["soon", "late"]


def test_what_goes_on_says_who_asked_and_who_has_approved(store: Store) -> None:
    propose(store)
    assert [(one.requester_id, one.approver_ids) for one in store.plans.going_on()] == [
        (ANNA.id, frozenset())
    ]
    store.plans.change("p1", first_vote)
    assert [one.approver_ids for one in store.plans.going_on()] == [{BEN.id}]


def test_a_rejection_is_nobodys_approval(store: Store) -> None:
    propose(store)

    def against(state: PlanState, now: datetime) -> Change:
        vote = Vote(person=BEN, approve=False, at=now)
        return Change(status=state.status, events=(event(Tag.PLAN_VOTED),), vote=vote)

    store.plans.change("p1", against)
    assert [one.approver_ids for one in store.plans.going_on()] == [frozenset()]


def test_the_plans_of_a_requester_that_have_ended_are_told_the_newest_first(store: Store) -> None:
    for plan_id in ("p1", "p2", "p3", "p4"):
        propose(store, plan_id)
    for plan_id in ("p3", "p1", "p2"):
        store.plans.change(plan_id, to(Status.CANCELLED))
    assert store.plans.ended(ANNA.id, 10) == ("p3", "p2", "p1")
    assert store.plans.ended(ANNA.id, 2) == ("p3", "p2")
    assert store.plans.ended(BEN.id, 10) == ()


def test_the_latest_cleanup_of_each_host_is_the_one_that_began_last(store: Store) -> None:
    finish(store, "p1", "a")
    finish(store, "p2", "a")
    running(store, "p3", "b")
    propose(store, "p4", "c")
    found = store.audit.latest_cleanups(["a", "b", "c", "nobody"])
    assert {host: (one.plan, one.outcome) for host, one in found.items()} == {
        "a": ("p2", "done"), "b": ("p3", "running"),
    }  # fmt: skip
    assert store.audit.latest_cleanups([]) == {}


def test_what_is_in_a_schedules_way_is_told_with_its_moment_until_it_is_over(store: Store) -> None:
    before = datetime.now(UTC) - timedelta(seconds=5)
    store.timers.note("nightly", "a", "unreachable")
    store.timers.note("weekly", "a", "refused")
    store.timers.note("nightly", "b", "unreachable")
    store.timers.note("nightly", "b", "")
    found = store.timers.troubles(["a", "b", "c"])
    assert {host: (one.schedule, one.what) for host, one in found.items()} == {"a": ("weekly", "refused")}
    assert found["a"].at > before
    assert store.timers.troubles(["b"]) == {}


def test_what_an_earlier_release_noted_has_no_moment_and_is_not_told(store: Store) -> None:
    store.timers.note("nightly", "a", "unreachable")
    assert list(store.timers.troubles(["a"])) == ["a"]
    with store.sessions._db.begin() as connection:
        connection.exec_driver_sql("UPDATE schedule_host SET at = NULL")
    assert store.timers.troubles(["a"]) == {}


def queries(store: Store, call: Callable[[], object]) -> list[tuple[str, Any]]:
    """What a call asks the database, with the values."""
    asked: list[tuple[str, Any]] = []

    def keep(_connection: object, _cursor: object, sql: str, values: object, *_: object) -> None:
        asked.append((sql, values))

    listen(store.sessions._db, "before_cursor_execute", keep)
    try:
        call()
    finally:
        remove(store.sessions._db, "before_cursor_execute", keep)
    return [each for each in asked if each[0].lstrip().startswith("SELECT")]


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_nothing_that_a_home_asks_reads_every_plan(store: Store) -> None:
    approved(store)
    calls: list[Callable[[], object]] = [
        store.plans.going_on,
        lambda: store.plans.ended(ANNA.id, 3),
        lambda: store.audit.latest_cleanups(["prod-3", "a"]),
        lambda: store.audit.cleanups(hosts=["prod-3", "a"], limit=6),
        store.audit.head,
    ]
    for call in calls:
        asked = queries(store, call)
        assert asked
        for sql, values in asked:
            with store.sessions._db.connect() as connection:
                steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values).all()
            assert not [step for step in steps if str(step[-1]).startswith("SCAN plan")], (sql, steps)


def test_the_looks_at_many_hosts_are_kept_at_once_and_a_later_one_stays(store: Store) -> None:
    at = datetime.now(UTC)
    disk = DiskSpace(size=100, free=40)
    earlier, later = LastLook(at=at - HOUR, usage=USAGE), LastLook(at=at, usage=USAGE, disk=disk)
    store.ledger.remember_look("a", later)
    store.ledger.remember_looks({"b": earlier, "a": earlier})
    assert store.ledger.last_looks(["a", "b", "c"]) == {"a": later, "b": earlier}
    store.ledger.remember_looks({"b": later})
    store.ledger.remember_looks({})
    assert store.ledger.last_looks(["b"]) == {"b": later}
