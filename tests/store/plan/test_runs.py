"""Runs: one process at a time, one cleanup a host, every write fenced, and any process may go on."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.metadata import version

import pytest

from bot.core.audit.events import Tag, time_text
from bot.core.audit.written import plan_digest
from bot.core.errors import LeaseLostError
from bot.core.life.states import Outcome, Status
from bot.ports import Run
from bot.store.opening import Store
from tests.store.samples import (
    ANNA,
    BEN,
    ENGINE,
    LEASE,
    USAGE,
    approved,
    at_once,
    event,
    propose,
    removed,
    running,
    tags,
    the,
)

FINISHED = event(Tag.CLEANUP_FINISHED)
PAST = timedelta(seconds=-1)

WRITES: dict[str, Callable[[Store, Run], object]] = {
    "renew": lambda store, run: store.runs.renew(run, LEASE),
    "release": lambda store, run: store.runs.release(run),
    "start_items": lambda store, run: store.runs.start_items(run, [0]),
    "end_items": lambda store, run: store.runs.end_items(run, [removed(store, 0)]),
    "set_usage": lambda store, run: store.runs.set_usage(run, before=USAGE),
    "finish": lambda store, run: store.runs.finish(run, Status.DONE, FINISHED),
}


def test_of_many_claims_at_once_one_wins(open_another: Callable[[], Store]) -> None:
    replicas = [open_another(), open_another()]
    approved(replicas[0])
    results = at_once([partial(replicas[n % 2].runs.claim, "p1", f"replica-{n}", LEASE) for n in range(24)])
    won = [result for result in results if isinstance(result, Run)]
    assert len(won) == 1
    assert results.count(None) == 23
    assert (won[0].plan_id, won[0].host, won[0].attempt) == ("p1", "prod-3", 1)
    assert tags(replicas[0]).count("deckhand:cleanup:started") == 1


def test_only_approved_plans_are_claimed(store: Store) -> None:
    propose(store)
    assert store.runs.claimable() == ()
    assert store.runs.claim("p1", "replica-1", LEASE) is None
    assert store.runs.claim("nobody", "replica-1", LEASE) is None


def test_a_claim_starts_the_run(store: Store) -> None:
    approved(store)
    assert store.runs.claimable() == ("p1",)
    assert store.runs.claim("p1", "replica-1", LEASE) is not None
    state = the(store)
    assert (state.status, state.version) == (Status.RUNNING, 3)
    assert state.started_at is not None
    assert abs(state.started_at - datetime.now(UTC)) < timedelta(seconds=10)
    assert store.runs.claimable() == ()


def test_the_event_of_the_start_holds_everything_that_the_cleanup_begins_with(store: Store) -> None:
    running(store, items=1)
    facts = store.audit.events("p1")[-1].event.facts
    state = the(store)
    item = state.items[0].item
    assert state.started_at is not None
    assert facts == {
        "started_at": time_text(state.started_at),
        "requester": {"id": ANNA.id, "name": "Anna"},
        "approvers": [{"id": BEN.id, "name": "Ben"}],
        "profile": "routine",
        "policy": "production",
        "plan_digest": plan_digest(the(store).plan),
        "engine": {
            "id": ENGINE.id,
            "name": "prod-3",
            "version": "28.0.1",
            "api_version": "1.48",
            "store": "overlay2",
            "data_root": "/var/lib/docker",
            "operating_system": "",
        },
        "permalink": None,
        "predicted": {"low": 10**9, "high": 3 * 10**10},
        "items": [
            {
                "kind": "image",
                "id": item.id,
                "name": "app:1",
                "references": list(item.references),
                "bytes": 5 * 10**9,
                "rule": "unused for 7 days",
            }
        ],
        "deckhand": version("deckhand"),
    }


def test_a_second_plan_waits_while_a_cleanup_runs_on_its_host(store: Store) -> None:
    first = running(store, "p1", "a")
    approved(store, "p2", "a")
    approved(store, "p3", "b")
    assert store.runs.claim("p2", "replica-2", LEASE) is None
    assert store.runs.claim("p3", "replica-2", LEASE) is not None
    store.runs.finish(first, Status.DONE, FINISHED)
    assert store.runs.claim("p2", "replica-2", LEASE) is not None


def test_of_many_plans_claimed_at_once_on_one_host_one_runs(open_another: Callable[[], Store]) -> None:
    replicas = [open_another(), open_another()]
    for n in range(12):
        approved(replicas[0], f"p{n}", "a", items=1)
    results = at_once([partial(replicas[n % 2].runs.claim, f"p{n}", "x", LEASE) for n in range(12)])
    assert len([result for result in results if isinstance(result, Run)]) == 1
    assert results.count(None) == 11
    assert replicas[0].chain.verify().broken is None


@pytest.mark.parametrize("write", WRITES)
def test_a_run_whose_lease_was_lost_writes_nothing_more(store: Store, write: str) -> None:
    approved(store)
    lost = store.runs.claim("p1", "replica-1", PAST)
    assert lost is not None
    assert store.runs.claimable() == ("p1",)
    assert store.runs.claim("p1", "replica-2", LEASE) == replace(lost, owner="replica-2", attempt=2)
    before, events = the(store), store.audit.events("p1")
    with pytest.raises(LeaseLostError, match="prod-3"):
        WRITES[write](store, lost)
    assert (the(store), store.audit.events("p1")) == (before, events)


def test_a_process_that_took_its_own_run_up_again_fences_its_older_attempt(store: Store) -> None:
    approved(store)
    older = store.runs.claim("p1", "replica-1", PAST)
    newer = store.runs.claim("p1", "replica-1", LEASE)
    assert older is not None
    assert newer is not None
    with pytest.raises(LeaseLostError):
        store.runs.renew(older, LEASE)
    store.runs.renew(newer, LEASE)


def test_a_finished_run_writes_nothing_more(store: Store) -> None:
    run = running(store)
    store.runs.finish(run, Status.DONE, FINISHED)
    for write in WRITES.values():
        with pytest.raises(LeaseLostError):
            write(store, run)


def test_a_renewed_lease_holds_and_a_released_one_is_free_at_once(store: Store) -> None:
    approved(store)
    run = store.runs.claim("p1", "replica-1", timedelta(seconds=0.3))
    assert run is not None
    store.runs.renew(run, LEASE)
    time.sleep(0.4)
    assert store.runs.claim("p1", "replica-2", LEASE) is None
    version_before = the(store).version
    store.runs.release(run)
    assert the(store).version == version_before
    assert store.runs.claimable() == ("p1",)
    assert store.runs.claim("p1", "replica-2", LEASE) is not None


def test_a_run_that_is_taken_up_goes_on_where_it_stood(store: Store) -> None:
    run = running(store)
    started = the(store).started_at
    store.runs.start_items(run, [0])
    store.runs.end_items(run, [removed(store, 0)])
    store.runs.start_items(run, [1])
    store.runs.release(run)
    taken_up = store.runs.claim("p1", "replica-2", LEASE)
    assert taken_up is not None
    assert the(store).started_at == started
    assert [each.outcome for each in the(store).items] == ["removed", "removing", "planned"]
    assert dict(store.audit.events("p1")[-1].event.facts) == {"attempt": 2}
    store.runs.start_items(taken_up, [1])
    store.runs.end_items(taken_up, [removed(store, 1)])
    assert tags(store)[2:] == [
        "deckhand:cleanup:started",
        "deckhand:item:removing",
        "deckhand:item:ended",
        "deckhand:item:removing",
        "deckhand:cleanup:taken_up",
        "deckhand:item:removing",
        "deckhand:item:ended",
    ]


def test_items_show_their_progress_and_their_events_hold_the_outcome(store: Store) -> None:
    run = running(store)
    before = the(store).version
    store.runs.start_items(run, [0, 2])
    assert [each.outcome for each in the(store).items] == ["removing", "planned", "removing"]
    assert the(store).version == before + 1
    kept = replace(the(store).items[2], outcome=Outcome.KEPT, reason="in use by web")
    store.runs.end_items(run, [removed(store, 0, reclaimed=10**12), kept])
    state = the(store)
    assert [(each.outcome, each.reason, each.bytes) for each in state.items] == [
        ("removed", "", 10**12),
        ("planned", "", 0),
        ("kept", "in use by web", 0),
    ]
    assert (state.version, state.reclaimed) == (before + 2, 10**12)
    assert dict(store.audit.events("p1")[-1].event.facts) == {
        "kind": "image",
        "id": kept.item.id,
        "name": "app:3",
        "outcome": "kept",
        "reason": "in use by web",
        "bytes": 0,
    }


def test_writing_the_same_twice_writes_it_once(store: Store) -> None:
    run = running(store)
    for _ in range(2):
        store.runs.start_items(run, [0, 1])
    ended = [removed(store, 0), removed(store, 1)]
    for _ in range(2):
        store.runs.end_items(run, ended)
    store.runs.end_items(run, [replace(ended[0], outcome=Outcome.FAILED, reason="late")])
    assert [each.outcome for each in the(store).items] == ["removed", "removed", "planned"]
    assert tags(store).count("deckhand:item:removing") == 2
    assert tags(store).count("deckhand:item:ended") == 2


def test_items_move_one_way_only(store: Store) -> None:
    run = running(store)
    store.runs.start_items(run, [0])
    store.runs.end_items(run, [removed(store, 0)])
    before = the(store)
    with pytest.raises(ValueError, match="is removed and cannot be removing"):
        store.runs.start_items(run, [1, 0])
    with pytest.raises(ValueError, match="is planned and cannot be removed"):
        store.runs.end_items(run, [removed(store, 1)])
    with pytest.raises(ValueError, match="cannot end as planned"):
        store.runs.end_items(run, [before.items[1]])
    with pytest.raises(ValueError, match="no item 9"):
        store.runs.start_items(run, [9])
    assert the(store) == before


def test_a_batch_of_thousands_is_one_transaction(store: Store) -> None:
    run = running(store, items=3000)
    store.runs.start_items(run, range(3000))
    store.runs.end_items(run, [replace(each, outcome=Outcome.REMOVED) for each in the(store).items])
    assert len(the(store).with_outcome(Outcome.REMOVED)) == 3000
    assert store.chain.verify().broken is None


def test_what_system_df_said_is_kept(store: Store) -> None:
    run = running(store)
    store.runs.set_usage(run, before=USAGE)
    after = replace(USAGE, rows=(replace(USAGE.rows[0], size=5),))
    store.runs.set_usage(run, after=after)
    assert (the(store).usage_before, the(store).usage_after) == (USAGE, after)


def test_the_end_of_a_run_is_written_with_its_event(store: Store) -> None:
    run = running(store)
    state = store.runs.finish(run, Status.STOPPED, FINISHED, "Anna pressed Stop")
    assert state == the(store)
    assert (state.status, state.reason) == (Status.STOPPED, "Anna pressed Stop")
    assert state.started_at is not None
    assert state.finished_at is not None
    assert state.finished_at >= state.started_at
    assert tags(store)[-1] == "deckhand:cleanup:finished"


@pytest.mark.parametrize("status", [Status.APPROVED, Status.RUNNING, Status.CANCELLED])
def test_a_run_ends_as_a_run_can(store: Store, status: Status) -> None:
    run = running(store)
    with pytest.raises(ValueError, match="cannot end as"):
        store.runs.finish(run, status, FINISHED)
    assert the(store).status is Status.RUNNING
