"""Progress waits its turn, for Slack and for the other cleanups; ends wait for neither."""

from dataclasses import replace
from datetime import timedelta

from bot.core.audit.events import Tag
from bot.core.life.states import MessageRef, Status
from bot.ports import Change, Run
from bot.services.work.budget import A_MINUTE
from bot.services.work.projecting import PROGRESS_EVERY
from tests.slack.place import shown
from tests.slack.plan.showing.shower import Shower, event
from tests.slack.states import proposed


def test_progress_waits_three_seconds_and_the_end_does_not(shower: Shower) -> None:
    shower.create()
    shower.show()
    shower.become(Status.APPROVED)
    run = shower.store.runs.claim("k7m2p9wxyz", "replica-1", timedelta(minutes=1))
    assert run is not None
    shower.show()
    assert "0 of 5 objects" in shower.text
    shower.store.runs.start_items(run, [0])
    shower.clock.pass_time(PROGRESS_EVERY - timedelta(seconds=1))
    shower.show()
    assert shower.updates() == 1
    shower.store.runs.finish(run, Status.STOPPED, event(Tag.CLEANUP_FINISHED))
    shower.show()
    assert shower.text.startswith("Cleanup stopped: ")
    assert shower.updates() == 2


def test_progress_is_shown_after_three_seconds(shower: Shower) -> None:
    shower.create()
    shower.become(Status.APPROVED)
    run = shower.store.runs.claim("k7m2p9wxyz", "replica-1", timedelta(minutes=1))
    assert run is not None
    shower.show()
    shower.store.runs.start_items(run, [0])
    shower.clock.pass_time(PROGRESS_EVERY)
    shower.show()
    (message,) = shower.workspace.messages()
    assert "Now: `job-17`" in shown(message)


def run_many(shower: Shower, count: int) -> list[Run]:
    """So many cleanups, each on a host of its own, whose beginning is shown."""
    runs = []
    for number in range(count):
        plan = replace(proposed().plan, id=f"plan{number}", host=f"host-{number}")
        plan = replace(plan, draft=replace(plan.draft, engine=replace(plan.draft.engine, id=f"E{number}")))
        shower.store.plans.create(
            plan, 1, MessageRef(channel="C0OPS"), replace(event(Tag.PLAN_PROPOSED), plan=plan.id)
        )
        approved = Change(status=Status.APPROVED, events=(replace(event(), plan=plan.id),), decided=True)
        shower.store.plans.change(plan.id, lambda _state, _now, approved=approved: approved)  # type: ignore[misc] # bound here
        run = shower.store.runs.claim(plan.id, "replica-1", timedelta(minutes=1))
        assert run is not None
        runs.append(run)
    shower.show()
    return runs


def test_the_progress_of_many_cleanups_shares_what_slack_takes_in_a_minute_and_their_ends_do_not_wait(
    shower: Shower,
) -> None:
    runs = run_many(shower, A_MINUTE + 3)
    shower.clock.pass_time(PROGRESS_EVERY)
    before = shower.updates()
    for run in runs:
        shower.store.runs.start_items(run, [0])
    for _ in range(4):
        shower.show()
    assert shower.updates() - before == A_MINUTE
    late = shower.store.messages.unshown()
    assert len(late) == 3
    shower.store.runs.finish(
        runs[0], Status.STOPPED, replace(event(Tag.CLEANUP_FINISHED), plan=runs[0].plan_id)
    )
    shower.show()
    assert shower.updates() - before == A_MINUTE + 1
    shower.clock.pass_time(timedelta(minutes=1))
    shower.show()
    assert shower.store.messages.unshown() == ()


def test_a_pause_that_slack_asks_for_holds_up_progress_and_no_end(shower: Shower) -> None:
    first, second, third = run_many(shower, 3)
    shower.clock.pass_time(PROGRESS_EVERY)
    before = shower.updates()
    for run in (first, second):
        shower.store.runs.start_items(run, [0])
    shower.workspace.fail_next("chat.update", status=429, retry_after=20)
    shower.show()
    assert shower.updates() == before
    shower.store.runs.finish(third, Status.STOPPED, replace(event(Tag.CLEANUP_FINISHED), plan=third.plan_id))
    shower.show()
    assert shower.updates() == before + 1
    shower.clock.pass_time(timedelta(seconds=19))
    shower.show()
    assert shower.updates() == before + 1
    shower.clock.pass_time(timedelta(seconds=1))
    shower.show()
    assert shower.store.messages.unshown() == ()
