"""Plans: what goes in comes out, one decision wins, and only legal changes are written."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from types import MappingProxyType

import pytest

from bot.core.audit.events import Tag, time_text
from bot.core.errors import RefusedError
from bot.core.life.states import CLEANUP_OUTCOMES, MessageRef, Outcome, PlanState, Status, Vote
from bot.core.plan.plan import Person, Plan
from bot.ports import Change
from bot.store.opening import Store
from tests.store.samples import (
    ANNA,
    BEN,
    CHANNEL,
    approval,
    approved,
    at_once,
    event,
    plan,
    propose,
    running,
    tags,
    the,
    to,
)


def timed_as(stored: Plan, given: Plan) -> Plan:
    """What was given, with the moments that the database gave it."""
    return replace(given, created_at=stored.created_at, expires_at=stored.expires_at)


HOSTILE = "a'b\"c;--\\ \0 🐳 \ud83d \udc33 \u202e\n"


def test_the_store_is_the_port(store: Store) -> None:
    port: Store = store
    assert port.plans.get("nobody") is None


def test_a_rich_plan_comes_back_as_it_went_in(store: Store) -> None:
    given = plan()
    state = store.plans.create(given, 2, CHANNEL, event(Tag.PLAN_PROPOSED))
    assert state == store.plans.get("p1")
    assert state.plan == timed_as(state.plan, given)
    assert (state.status, state.version, state.quorum, state.message) == (Status.PROPOSED, 1, 2, CHANNEL)
    assert [(each.position, each.item, each.outcome) for each in state.items] == [
        (position, item, Outcome.PLANNED) for position, item in enumerate(given.draft.items)
    ]


def test_a_plan_without_items_and_with_read_only_layers_comes_back_too(store: Store) -> None:
    given = plan(items=0)
    given = replace(given, draft=replace(given.draft, layers=MappingProxyType({"sha256:aa": 1})))
    stored = store.plans.create(given, 1, CHANNEL, event(Tag.PLAN_PROPOSED)).plan
    assert stored == timed_as(stored, given)


def test_a_plan_written_twice_is_one_plan(store: Store) -> None:
    given = plan()
    first = store.plans.create(given, 1, CHANNEL, event(Tag.PLAN_PROPOSED))
    assert store.plans.create(given, 1, CHANNEL, event(Tag.PLAN_PROPOSED)) == first
    assert tags(store) == ["slack:plan:proposed"]


def test_another_plan_under_the_same_id_is_refused(store: Store) -> None:
    propose(store)
    with pytest.raises(ValueError, match="p1 exists"):
        propose(store, host="other")
    assert the(store).plan.host == "prod-3"


def test_hostile_text_is_written_and_what_cannot_be_held_is_replaced_visibly(store: Store) -> None:
    given = plan()
    item = replace(given.draft.items[0], name=HOSTILE)
    given = replace(
        given,
        id=f"p{HOSTILE}",
        requester=Person(id="U1", name=HOSTILE),
        draft=replace(given.draft, items=(item,), profile=HOSTILE),
    )
    proposed = replace(event(Tag.PLAN_PROPOSED), plan=given.id, facts={HOSTILE: [HOSTILE, {"x": HOSTILE}]})
    state = store.plans.create(given, 1, MessageRef(channel=HOSTILE), proposed)
    assert state.items[0].item.name == "a'b\"c;--\\ ␀ 🐳 � � \u202e\n"

    def reject(seen: PlanState, now: datetime) -> Change:
        vote = Vote(person=Person(id=HOSTILE, name=HOSTILE), approve=False, at=now, reason=HOSTILE)
        refused = replace(event(Tag.PLAN_REJECTED, actor=HOSTILE), plan=seen.plan.id)
        return Change(status=Status.REJECTED, events=(refused,), vote=vote, reason=HOSTILE)

    assert store.plans.change(given.id, reject).reason == state.items[0].item.name
    assert len(store.audit.events(given.id)) == 2
    assert store.chain.verify().broken is None


def test_an_id_that_nobody_can_have_names_no_plan(store: Store) -> None:
    assert store.plans.get("\0\ud800") is None
    with pytest.raises(RefusedError, match="no plan"):
        store.plans.change("\0\ud800", approval())


def test_of_fifty_decisions_at_once_one_wins_and_the_others_are_told(
    open_another: Callable[[], Store],
) -> None:
    replicas = [open_another(), open_another()]
    propose(replicas[0])
    people = [Person(id=f"U{n}") for n in range(50)]
    results = at_once(
        [partial(replicas[n % 2].plans.change, "p1", approval(person)) for n, person in enumerate(people)]
    )
    won = [result for result in results if isinstance(result, PlanState)]
    lost = [result for result in results if isinstance(result, BaseException)]
    assert len(won) == 1
    assert {(type(error), str(error)) for error in lost} == {(RefusedError, "already approved")}
    assert the(replicas[0]) == won[0]
    assert (won[0].version, len(won[0].votes)) == (2, 1)
    assert tags(replicas[0]) == ["slack:plan:proposed", "slack:plan:approved"]


def test_a_vote_below_the_quorum_keeps_the_status_and_is_a_change(store: Store) -> None:
    propose(store)

    def vote(person: Person, *, approve: bool) -> Callable[[PlanState, datetime], Change]:
        return lambda _state, now: Change(
            status=Status.PROPOSED,
            events=(
                replace(
                    event(Tag.PLAN_VOTED, actor=person.id), facts={"approve": approve, "reason": "why not"}
                ),
            ),
            vote=Vote(person=person, approve=approve, at=now, reason="why not"),
        )

    store.plans.change("p1", vote(BEN, approve=True))
    store.plans.change("p1", vote(ANNA, approve=True))
    state = store.plans.change("p1", vote(BEN, approve=False))
    assert (state.status, state.version) == (Status.PROPOSED, 4)
    assert [(each.person, each.approve) for each in state.votes] == [(ANNA, True), (BEN, False)]
    assert state.approvers == (ANNA,)
    assert len(tags(store)) == 4


def test_the_moment_of_the_decision_is_kept_and_it_is_the_databases(store: Store) -> None:
    propose(store)
    seen: list[datetime] = []

    def decide(state: PlanState, now: datetime) -> Change:
        seen.append(now)
        return approval()(state, now)

    state = store.plans.change("p1", decide)
    assert state.decided_at == seen[0]
    assert abs(seen[0] - datetime.now(UTC)) < timedelta(seconds=10)
    assert state.votes[0].at == seen[0]


@pytest.mark.parametrize("status", [Status.PROPOSED, Status.DONE, Status.RUNNING, Status.REJECTED])
def test_an_illegal_transition_is_refused_and_nothing_is_written(store: Store, status: Status) -> None:
    before = approved(store)
    with pytest.raises(ValueError, match="cannot become"):
        store.plans.change("p1", to(status))
    assert the(store) == before
    assert len(tags(store)) == 2


@pytest.mark.parametrize("status", sorted(CLEANUP_OUTCOMES))
def test_a_run_ends_through_its_claim_only(store: Store, status: Status) -> None:
    running(store)
    with pytest.raises(ValueError, match="cannot become"):
        store.plans.change("p1", to(status))


def test_what_the_decision_raises_is_passed_on_and_nothing_is_written(store: Store) -> None:
    before = propose(store)

    def refuse(_state: PlanState, _now: datetime) -> Change:
        raise RefusedError("not yours")

    with pytest.raises(RefusedError, match="not yours"):
        store.plans.change("p1", refuse)
    assert the(store) == before


def test_an_event_that_cannot_be_written_takes_the_change_with_it(store: Store) -> None:
    before = propose(store)
    broken = replace(event(Tag.PLAN_CANCELLED), facts={"seconds": 0.5})  # type: ignore[dict-item] # on purpose
    with pytest.raises(TypeError, match="whole numbers"):
        store.plans.change("p1", lambda _state, _now: Change(status=Status.CANCELLED, events=(broken,)))
    assert the(store) == before


def test_plans_are_due_by_the_databases_clock(store: Store) -> None:
    for plan_id, lasts in (("late", -1), ("later", -60), ("in time", 60)):
        store.plans.create(
            plan(plan_id, lasts=timedelta(seconds=lasts)), 1, CHANNEL, event(Tag.PLAN_PROPOSED, plan_id)
        )
    assert store.plans.due() == ("later", "late")
    store.plans.change("late", to(Status.EXPIRED))
    assert store.plans.due() == ("later",)


@pytest.mark.parametrize("wrong", [timedelta(minutes=-32), timedelta(hours=5)])
def test_a_plan_lasts_as_long_as_it_should_by_the_databases_clock_whatever_its_makers_says(
    store: Store, wrong: timedelta
) -> None:
    given, before = plan(lasts=timedelta(minutes=30)), store.ledger.now()
    given = replace(given, created_at=given.created_at + wrong, expires_at=given.expires_at + wrong)
    stored = store.plans.create(given, 1, CHANNEL, event(Tag.PLAN_PROPOSED)).plan
    assert before <= stored.created_at <= store.ledger.now()
    assert stored.expires_at - stored.created_at == timedelta(minutes=30)
    assert store.plans.get("p1") == store.plans.create(given, 1, CHANNEL, event(Tag.PLAN_PROPOSED))
    assert store.plans.due() == ()
    (proposed,) = store.audit.events("p1")
    assert proposed.event.facts["expires_at"] == time_text(stored.expires_at)
    assert store.plans.change("p1", approval()).status is Status.APPROVED


def test_a_message_is_unshown_until_it_shows_the_newest_version(store: Store) -> None:
    propose(store, "p1", "a")
    propose(store, "p2", "b")
    assert store.messages.unshown() == ("p1", "p2")
    posted = MessageRef(channel="C0DISK", ts="1700000000.000100")
    store.messages.shown("p1", 1, posted)
    assert store.messages.unshown() == ("p2",)
    assert the(store).message == posted
    store.plans.change("p1", approval())
    assert store.messages.unshown() == ("p2", "p1")
    store.messages.shown("p1", 2, posted)
    store.messages.shown("p2", 1, posted)
    assert store.messages.unshown() == ()
    assert the(store).version == 2


def test_a_message_of_no_plan_is_refused(store: Store) -> None:
    with pytest.raises(RefusedError):
        store.messages.shown("nobody", 1, CHANNEL)


def test_cleanups_are_listed_newest_first_and_by_host(store: Store) -> None:
    propose(store, "never run", "c")
    run = running(store, "p1", "a")
    running(store, "p2", "b")
    first = the(store).items[0]
    store.runs.start_items(run, [first.position])
    store.runs.end_items(run, [replace(first, outcome=Outcome.REMOVED, bytes=70)])
    ended = store.runs.finish(run, Status.PARTIAL, event(Tag.CLEANUP_FINISHED, host="a"))
    newest, oldest = store.audit.cleanups()
    assert (newest.plan, newest.outcome, newest.finished_at) == ("p2", "running", None)
    assert (oldest.id, oldest.plan, oldest.host, oldest.profile) == ("cleanup:p1", "p1", "a", "routine")
    assert (oldest.requested_by, oldest.approved_by, oldest.engine_id) == (ANNA.id, (BEN.id,), "7TDM:AAAA")
    assert (oldest.outcome, oldest.predicted_bytes, oldest.reclaimed_bytes) == ("partial", 3 * 10**10, 70)
    assert (oldest.started_at, oldest.finished_at) == (ended.started_at, ended.finished_at)
    assert [each.plan for each in store.audit.cleanups(hosts=["a", "c"])] == ["p1"]
    assert store.audit.cleanups(hosts=[]) == ()
    assert [each.plan for each in store.audit.cleanups(limit=1)] == ["p2"]
