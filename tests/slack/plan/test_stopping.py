"""Stop over Socket Mode: the button in the message, who may press it, and what the message says then."""

from collections.abc import Callable
from threading import Event

import pytest

from bot.core.audit.events import Tag
from bot.core.life.states import ItemState, Status
from bot.services.run.removal import Removal
from bot.slack.action_ids import APPROVE, STOP, TAKE_UP
from tests.slack.place import ANN, BOB, CYD, Place, buttons, deciding, eventually, shown

Start = Callable[[str], Place]

STOPPERS = '[policies.default]\nlook = ["*"]\nrequest = ["*"]\napprove = ["U0BOB"]\nstop = ["U0CYD"]\n'
PATIENCE = 20.0


class Gate:
    """Holds a cleanup before an item, until it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, before: int) -> None:
        self.reached, self.go = Event(), Event()
        remove, seen = Removal.remove, []

        def held(removal: Removal, state: ItemState) -> ItemState:
            seen.append(state)
            if len(seen) == before:
                self.reached.set()
                assert self.go.wait(PATIENCE)
            return remove(removal, state)

        monkeypatch.setattr(Removal, "remove", held)


def test_a_running_cleanup_is_stopped_by_whom_the_policy_names(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch, before=1)
    place = start(STOPPERS)
    plan = place.propose(ANN)
    plan_id = buttons(plan)[APPROVE]
    place.approve(BOB, plan)
    assert gate.reached.wait(PATIENCE)
    running = place.message("Cleanup running")
    assert buttons(running) == {STOP: plan_id}
    assert place.workspace.click(BOB, plan.ts, STOP).ok
    assert place.told(BOB) == (
        "You may not stop cleanups on prod-3: its policy “default” gives “stop” to <@U0CYD>."
    )
    assert [event.actor for event in place.events(plan_id, Tag.STOP_REFUSED)] == [BOB]
    assert place.workspace.click(CYD, plan.ts, STOP).ok
    eventually(lambda: place.plan(plan_id).stop)
    gate.go.set()
    ended = place.message("Cleanup stopped")
    assert (ended.ts, deciding(ended)) == (plan.ts, set())
    assert "Stopped by <@U0CYD>. 1 object of the plan stayed untouched." in shown(ended)
    assert len(place.images()) == 2, "the one that it was at has gone, the other has not"
    assert place.told_privately() == {BOB}


def test_a_plan_that_waits_says_for_whom_and_can_be_cancelled(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch, before=1)
    place = start(STOPPERS)
    first = place.propose(ANN)
    place.workspace.command(CYD, "/docker-prune", "prod-3 everything")
    second = place.message("Asked for by cyd")
    place.approve(BOB, first)
    assert gate.reached.wait(PATIENCE)
    place.approve(BOB, second)
    waiting = place.message(f"`{buttons(first)[APPROVE]}` comes first on prod-3.")
    assert waiting.ts == second.ts
    assert place.workspace.click(CYD, second.ts, STOP).ok
    cancelled = place.message("Cancelled plan")
    assert (cancelled.ts, deciding(cancelled)) == (second.ts, set())
    assert "cyd stopped it before it began" in shown(cancelled)
    gate.go.set()
    assert place.message("Cleanup done").ts == first.ts


def test_a_cleanup_that_stands_still_is_taken_up_again_by_whoever_may_approve(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.services.run.patience.HOST_WAITS", (0.01,))
    gate = Gate(monkeypatch, before=1)
    place = start(STOPPERS)
    plan = place.propose(ANN)
    plan_id = buttons(plan)[APPROVE]
    place.approve(BOB, plan)
    assert gate.reached.wait(PATIENCE)
    place.engine.stop()
    gate.go.set()
    parked = place.message("Cleanup needs attention")
    assert parked.ts == plan.ts
    assert buttons(parked) == {TAKE_UP: plan_id, STOP: plan_id}
    assert "Nobody goes on with this cleanup by itself" in shown(parked)
    place.engine.start()
    assert place.workspace.click(CYD, plan.ts, TAKE_UP).ok
    assert place.told(CYD).startswith("You may not decide about cleanups on prod-3")
    assert place.plan(plan_id).status is Status.RUNNING
    assert place.workspace.click(BOB, plan.ts, TAKE_UP).ok
    ended = place.message("Cleanup done")
    assert ended.ts == plan.ts
    assert "Taken up again 1 time" in shown(ended)
    assert place.images() == {"web:1"}
    assert [event.actor for event in place.events(plan_id, Tag.CLEANUP_RESUMED)] == [BOB]
