"""Restoring, as both databases keep it: asked for once at a time, claimed by one, fenced, and in the audit."""

from datetime import datetime, timedelta

import pytest

from bot.core.audit.events import Event, Tag
from bot.core.errors import LeaseLostError, RefusedError
from bot.core.life.restoring import ImageRestored, Restored, RestoreStatus, Restoring
from bot.core.life.states import PlanState
from bot.ports import RestoreRun
from bot.store.opening import Store
from tests.store.cleaned import cleaned
from tests.store.samples import BEN, LEASE, at_once, event, tags, the

IMAGE = ImageRestored(
    position=1, outcome=Restored.RESTORED, reason="app:1 was left: it names another image now"
)
RESULT = event(Tag.RESTORE_IMAGE, "a")


def when_free(state: PlanState, _now: datetime) -> Event:
    if state.restoring and state.restoring.status is not RestoreStatus.ENDED:
        raise RefusedError("already")
    return event(Tag.RESTORE_ASKED, "a", actor=BEN.id)


def asked(store: Store) -> Restoring:
    found = store.restores.ask("a", BEN, when_free).restoring
    assert found is not None
    return found


def claimed(store: Store, owner: str = "replica-1", lease: timedelta = LEASE) -> RestoreRun:
    run = store.restores.claim("a", owner, lease)
    assert run is not None
    return run


@pytest.fixture(autouse=True)
def cleanup(store: Store) -> PlanState:
    return cleaned(store, "a")


def test_a_restoring_is_part_of_its_plan_from_the_question_to_the_end(store: Store) -> None:
    assert the(store, "a").restoring is None
    first = asked(store)
    assert (first.number, first.status, first.asked_by) == (1, RestoreStatus.WAITING, BEN)
    assert store.restores.claimable() == ("a",)
    run = claimed(store)
    assert store.restores.claimable() == ()
    store.restores.record(run, IMAGE, RESULT)
    running = the(store, "a").restoring
    assert running is not None
    assert (running.status, running.images) == (RestoreStatus.RUNNING, (IMAGE,))
    ended = store.restores.end(run, event(Tag.RESTORE_ENDED, "a")).restoring
    assert ended is not None
    assert ended.ended_at is not None
    assert (ended.status, ended.images) == (RestoreStatus.ENDED, (IMAGE,))
    assert tags(store, "a")[-3:] == [
        "slack:restore:asked",
        "deckhand:restore:image",
        "deckhand:restore:ended",
    ]
    assert store.chain.verify().broken is None


def test_each_step_is_something_new_to_show(store: Store) -> None:
    versions = [the(store, "a").version]
    asked(store)
    versions.append(the(store, "a").version)
    run = claimed(store)
    store.restores.record(run, IMAGE, RESULT)
    versions.append(the(store, "a").version)
    versions.append(store.restores.end(run, event(Tag.RESTORE_ENDED, "a")).version)
    assert versions == sorted(set(versions))


def test_it_may_be_asked_for_again_when_it_has_ended_and_begins_anew(store: Store) -> None:
    asked(store)
    run = claimed(store)
    store.restores.record(run, IMAGE, RESULT)
    with pytest.raises(RefusedError):
        asked(store)
    store.restores.end(run, event(Tag.RESTORE_ENDED, "a"))
    again = asked(store)
    assert (again.number, again.status, again.images) == (2, RestoreStatus.WAITING, ())
    later = claimed(store)
    store.restores.record(later, IMAGE, RESULT)
    assert tags(store, "a").count("deckhand:restore:image") == 2


def test_of_many_clicks_one_asks_and_of_many_processes_one_claims(store: Store) -> None:
    results = at_once([lambda: asked(store)] * 8)
    assert sum(isinstance(result, Restoring) for result in results) == 1
    assert sum(isinstance(result, RefusedError) for result in results) == 7
    runs = at_once([lambda: store.restores.claim("a", "replica", LEASE)] * 8)
    assert sum(isinstance(run, RestoreRun) for run in runs) == 1
    assert tags(store, "a").count("slack:restore:asked") == 1


def test_what_was_taken_over_can_no_longer_be_written_by_who_lost_it(store: Store) -> None:
    asked(store)
    lost = claimed(store, lease=timedelta())
    assert store.restores.claimable() == ("a",)
    now = claimed(store, "replica-2")
    for write in (
        lambda: store.restores.renew(lost, LEASE),
        lambda: store.restores.record(lost, IMAGE, RESULT),
        lambda: store.restores.end(lost, event(Tag.RESTORE_ENDED, "a")),
    ):
        with pytest.raises(LeaseLostError):
            write()
    store.restores.renew(now, LEASE)
    store.restores.record(now, IMAGE, RESULT)
    store.restores.end(now, event(Tag.RESTORE_ENDED, "a"))
    assert store.restores.claim("a", "replica-3", LEASE) is None


def test_what_was_recorded_first_of_an_image_stands(store: Store) -> None:
    asked(store)
    run = claimed(store)
    store.restores.record(run, IMAGE, RESULT)
    store.restores.record(run, ImageRestored(position=1, outcome=Restored.PRESENT), RESULT)
    found = the(store, "a").restoring
    assert found is not None
    assert found.images == (IMAGE,)
    assert tags(store, "a").count("deckhand:restore:image") == 1


def test_what_decides_against_it_leaves_nothing_behind(store: Store) -> None:
    before = the(store, "a")

    def no(_state: PlanState, _now: datetime) -> Event:
        raise RefusedError("no right")

    with pytest.raises(RefusedError, match="no right"):
        store.restores.ask("a", BEN, no)
    with pytest.raises(RefusedError, match="There is no plan"):
        store.restores.ask("nowhere", BEN, no)
    assert the(store, "a") == before
    assert store.restores.claimable() == ()
