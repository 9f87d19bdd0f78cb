"""Whoever can write to the database, and not drop its triggers, gets nothing run that was not proposed and approved."""

import logging
from collections.abc import Callable

import pytest

from bot.core.audit.events import Tag
from bot.core.errors import PlanDiffersError
from bot.core.life.states import Status
from bot.core.plan.plan import Person
from bot.ports import Change
from bot.store.opening import Store
from tests.store.plan.changing import (
    IN_PLACE,
    LONG_AGO,
    MEDDLING,
    SNAPSHOTS,
    VOTE,
    Sql,
    closed_loudly,
    snapshot,
)
from tests.store.samples import (
    LEASE,
    approval,
    approved,
    event,
    propose,
    tags,
    the,
)


@pytest.mark.parametrize("change", SNAPSHOTS)
def test_a_plan_that_was_changed_is_closed_at_the_next_vote(
    change: Callable[[dict[str, object]], None],
    store: Store,
    attack: Sql,
    caplog: pytest.LogCaptureFixture,
) -> None:
    propose(store)
    attack(IN_PLACE, to=snapshot(store, change))
    with (
        caplog.at_level(logging.ERROR),
        pytest.raises(PlanDiffersError, match="changed this plan in Deckhand's"),
    ):
        store.plans.change("p1", approval())
    assert "plan p1 is closed" in caplog.text
    closed_loudly(store)


@pytest.mark.parametrize("change", SNAPSHOTS)
def test_a_plan_that_was_changed_after_its_approval_is_never_run(
    change: Callable[[dict[str, object]], None], store: Store, attack: Sql
) -> None:
    approved(store)
    attack(IN_PLACE, to=snapshot(store, change))
    assert store.runs.claim("p1", "replica-1", LEASE) is None
    closed_loudly(store)
    assert str(Tag.CLEANUP_STARTED) not in tags(store)


@pytest.mark.parametrize("statement", MEDDLING.values(), ids=MEDDLING)
def test_rows_that_are_not_those_of_the_list_run_nothing(statement: str, store: Store, attack: Sql) -> None:
    approved(store)
    attack(statement)
    assert store.runs.claim("p1", "replica-1", LEASE) is None
    closed_loudly(store)


def test_an_approval_that_nobody_gave_runs_nothing(store: Store, attack: Sql) -> None:
    propose(store)
    attack(VOTE, yes=True)
    attack("UPDATE plan SET status = 'approved', version = 2, decided_at = created_at")
    assert store.runs.claimable() == ("p1",)
    assert store.runs.claim("p1", "replica-1", LEASE) is None
    closed_loudly(store)


def test_a_vote_that_nobody_gave_counts_for_no_quorum(store: Store, attack: Sql) -> None:
    propose(store)
    attack(VOTE, yes=True)
    with pytest.raises(PlanDiffersError, match="its approvals are not those that were given"):
        store.plans.change("p1", approval(Person(id="U0CYD")))
    closed_loudly(store)


def test_another_approver_in_the_rows_runs_nothing(store: Store, attack: Sql) -> None:
    approved(store)
    attack("UPDATE vote SET person_id = 'U0EVE'")
    assert store.runs.claim("p1", "replica-1", LEASE) is None
    closed_loudly(store)


def test_a_run_that_was_never_started_is_not_taken_up(store: Store, attack: Sql) -> None:
    propose(store)
    attack("UPDATE plan SET status = 'running', attempt = 1")
    attack(LONG_AGO)
    assert store.runs.claim("p1", "replica-1", LEASE) is None
    closed_loudly(store)


@pytest.mark.parametrize("ended", [Status.REJECTED, Status.EXPIRED])
def test_a_plan_that_ended_does_not_come_back(ended: Status, store: Store, attack: Sql) -> None:
    propose(store)
    tag = Tag.PLAN_REJECTED if ended is Status.REJECTED else Tag.PLAN_EXPIRED
    store.plans.change("p1", lambda _state, _now: Change(status=ended, events=(event(tag),)))
    attack("UPDATE plan SET status = 'approved'")
    assert store.runs.claim("p1", "replica-1", LEASE) is None
    closed_loudly(store, ended)


def test_an_approval_that_is_too_old_is_not_made_younger(store: Store, attack: Sql) -> None:
    approved(store)
    attack("UPDATE plan SET decided_at = '2099-01-01T00:00:00.000000Z'")
    assert store.runs.claim("p1", "replica-1", LEASE) is None
    closed_loudly(store)


def test_a_channel_that_gives_rights_is_not_put_into_a_plan(store: Store, attack: Sql) -> None:
    approved(store)
    attack("UPDATE plan SET message_channel = 'C0OPS'")
    assert store.runs.claim("p1", "replica-1", LEASE) is None
    closed_loudly(store)


def test_a_plan_without_a_proposal_in_the_audit_is_never_run(store: Store, attack: Sql) -> None:
    approved(store)
    copied = (
        "id, status, version, host, profile, engine_id, requester_id, requester_name, quorum, predicted_bytes"
    )
    rest = "created_at, expires_at, changed_at, decided_at"
    attack(
        f"INSERT INTO plan ({copied}, snapshot, {rest}, shown_version, reason, message_channel, message_ts, owner, attempt) "  # noqa: S608, E501 - ours
        f"SELECT 'p0'{copied[2:]}, :to, {rest}, 0, '', '', '', '', 0 FROM plan WHERE id = 'p1'",
        to=snapshot(store, lambda value: value.update(id="p0", host="prod-3")),
    )
    attack(
        "INSERT INTO plan_item (plan_id, position, kind, object_id, name, outcome, reason, bytes) "
        "SELECT 'p0', position, kind, object_id, name, outcome, reason, bytes FROM plan_item"
    )
    attack("UPDATE plan SET status = 'cancelled' WHERE id = 'p1'")
    assert store.runs.claimable() == ("p0",)
    assert store.runs.claim("p0", "replica-1", LEASE) is None
    assert the(store, "p0").status is Status.CANCELLED
    assert tags(store, "p0") == [str(Tag.PLAN_DIFFERS), str(Tag.PLAN_CANCELLED)]
