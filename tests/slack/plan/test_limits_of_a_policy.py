"""What a policy allows, seen from Slack: profiles, sizes, hours, channels, and plans that it approves itself."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from bot.core.audit.events import Tag
from bot.core.life.states import Status
from bot.slack.action_ids import APPROVE, STOP
from tests.slack.place import ANN, BOB, CYD, OPEN_TO_ALL, Place, buttons, deciding, offered, shown

Start = Callable[[str], Place]

ALL_IMAGES, IN_USE = {"old:1", "older:1", "web:1"}, {"web:1"}


def hours(first: int, last: int) -> str:
    """A window of every day, so many hours from now, in UTC."""
    now = datetime.now(UTC)
    return f'windows = ["{now + timedelta(hours=first):%H:%M}-{now + timedelta(hours=last):%H:%M}"]\n'


def test_a_profile_that_the_policy_does_not_allow_is_neither_offered_nor_planned(start: Start) -> None:
    place = start(OPEN_TO_ALL + 'profiles = ["dangling", "routine"]\n')
    place.workspace.command(ANN, "/docker-df", "prod-3")
    assert offered(place.message("can go now")) == ["routine"]
    answer = "prod-3: policy “default” does not allow “{}” here; what it allows: dangling, routine."
    for count, (words, name) in enumerate([("everything", "everything"), ("image=old:1", "picked")], start=1):
        place.workspace.command(ANN, "/docker-prune", f"prod-3 {words}")
        assert place.told(ANN, count) == answer.format(name)
    place.propose(ANN, "routine")


def test_volumes_are_refused_before_the_host_is_asked(start: Start) -> None:
    place = start(OPEN_TO_ALL + 'volumes = "never"\n')
    place.engine.stop()
    place.workspace.command(ANN, "/docker-prune", "prod-3 volumes")
    assert place.told(ANN) == "prod-3: policy “default” lets no cleanup take volumes here."


def test_what_a_policy_protects_is_kept_on_its_hosts(start: Start) -> None:
    place = start(OPEN_TO_ALL + '[policies.default.protect]\nimages = ["older"]\n')
    assert "Frees 700MB in 1 object." in place.propose(ANN).text


def test_a_plan_that_is_too_large_is_refused_with_how_to_narrow_it(start: Start) -> None:
    place = start(OPEN_TO_ALL + 'max_bytes = "800MB"\n')
    place.workspace.command(ANN, "/docker-prune", "prod-3 everything")
    assert place.told(ANN) == (
        "“everything” would free 1GB in 2 objects, and policy “default” allows no cleanup of more than 800MB. "
        "Narrow it: until=240h (only what is older), only=images (one kind at a time), not=NAME, keep=5."
    )
    assert place.store.messages.unshown() == ()
    place.propose(ANN, "everything not=older")


def test_a_large_plan_takes_the_higher_quorum_and_a_small_one_does_not(start: Start) -> None:
    place = start(OPEN_TO_ALL + "max_objects = 1\nquorum_above = 2\n")
    large = place.propose(ANN)
    assert "0 of 2" in shown(large)
    place.approve(BOB, large)
    place.message("1 of 2: <@U0BOB>")
    assert place.images() == ALL_IMAGES
    place.approve(CYD, large)
    place.message("Cleanup done")
    assert place.images() == IN_USE


def test_a_right_that_a_channel_gives_is_given_there_and_nowhere_else(start: Start) -> None:
    place = start(
        '[policies.default]\nlook = ["C0OPS"]\nrequest = ["C0OPS"]\napprove = ["C0OPS"]\naudit = ["*"]\n'
    )
    for command, text in (("/docker-df", "prod-3"), ("/docker-prune", "prod-3 everything")):
        place.workspace.command(ANN, command, text, channel=ANN)
    place.workspace.wait_for(lambda: len(place.private(ANN)) == 2)
    assert all(
        said.startswith("No host named “prod-3” is registered, or you may not look at it here.")
        for said in place.private(ANN)
    )
    plan = place.propose(ANN)
    place.approve(BOB, plan)
    place.message("Cleanup done")
    assert place.images() == IN_USE


def test_an_approved_plan_waits_for_its_window_and_says_when(start: Start) -> None:
    place = start(OPEN_TO_ALL + hours(2, 3))
    plan = place.propose(ANN)
    place.approve(BOB, plan)
    waiting = place.message("Approved cleanup: ")
    assert (waiting.ts, set(buttons(waiting))) == (plan.ts, {STOP})
    assert "Approved by <@U0BOB>. It starts <!date^" in shown(waiting)
    assert "when a window of policy “default” opens." in shown(waiting)
    state = place.plan(buttons(plan)[APPROVE])
    assert state.status is Status.APPROVED
    assert state.starts_at is not None
    assert state.starts_at > datetime.now(UTC) + timedelta(hours=1)
    assert place.images() == ALL_IMAGES


def test_an_approval_for_a_window_that_is_too_far_away_is_refused(start: Start) -> None:
    place = start(OPEN_TO_ALL + 'start_within = "1h"\ntime_zone = "Europe/Berlin"\n' + hours(4, 5))
    plan = place.propose(ANN)
    place.approve(BOB, plan)
    sentence = place.told(BOB)
    assert sentence.startswith("Policy “default” lets cleanups run ")
    assert (
        "(Europe/Berlin): too long from now for an approval to hold. Ask for a fresh plan nearer" in sentence
    )
    assert place.refusals(buttons(plan)[APPROVE]) == [(BOB, sentence)]
    assert place.plan(buttons(plan)[APPROVE]).approvers == ()


def test_inside_its_window_a_plan_starts_at_once(start: Start) -> None:
    place = start(OPEN_TO_ALL + hours(-1, 2))
    place.approve(BOB, place.propose(ANN))
    place.message("Cleanup done")


def test_a_policy_approves_by_itself_what_it_names_and_stands_as_the_approver(start: Start) -> None:
    place = start(OPEN_TO_ALL + 'quorum = 2\nauto_approve = ["everything"]\n')
    place.workspace.command(ANN, "/docker-prune", "prod-3 everything")
    ended = place.message("Cleanup done")
    assert "policy “default”" in shown(ended)
    assert deciding(ended) == set()
    assert place.images() == IN_USE
    (cleanup,) = place.store.audit.cleanups()
    assert (cleanup.requested_by, cleanup.approved_by) == (ANN, ("policy:default",))
    (approved,) = place.events(cleanup.plan, Tag.PLAN_APPROVED)
    assert (approved.actor, approved.facts["automatic"]) == ("policy:default", True)
    assert place.events(cleanup.plan, Tag.PLAN_VOTED) == []
    place.workspace.command(ANN, "/docker-audit", "prod-3")
    assert "policy “default” approved" in shown(place.message("The latest cleanup"))
    assert place.told_privately() == set()
    assert place.store.chain.verify().broken is None


def test_a_policy_does_not_approve_other_profiles_or_what_is_too_large(start: Start) -> None:
    place = start(OPEN_TO_ALL + 'auto_approve = ["everything"]\nmax_objects = 1\nquorum_above = 2\n')
    assert "0 of 1" in shown(place.propose(ANN, "routine not=older"))
    place.workspace.command(ANN, "/docker-prune", "prod-3 everything")
    assert "0 of 2" in shown(place.message("Cleanup plan: everything"))
    assert place.images() == ALL_IMAGES


def test_who_may_not_ask_gets_nothing_approved_either(start: Start) -> None:
    place = start('[policies.default]\nlook = ["*"]\nrequest = ["U0ANN"]\nauto_approve = ["everything"]\n')
    place.workspace.command(CYD, "/docker-prune", "prod-3 everything")
    assert place.told(CYD).startswith("You may not ask for cleanups on prod-3")
    assert place.images() == ALL_IMAGES


def test_where_its_window_is_too_far_away_a_policy_leaves_the_plan_to_people(start: Start) -> None:
    place = start(OPEN_TO_ALL + 'auto_approve = ["everything"]\nstart_within = "1h"\n' + hours(4, 5))
    assert "0 of 1" in shown(place.propose(ANN))


def test_a_command_that_a_policy_approved_is_run_once_when_it_is_delivered_twice(start: Start) -> None:
    place = start(OPEN_TO_ALL + 'auto_approve = ["everything"]\n')
    place.workspace.command(ANN, "/docker-prune", "prod-3 everything")
    assert place.workspace.redeliver().ok
    place.message("Cleanup done")
    assert place.workspace.redeliver().ok
    place.workspace.command(BOB, "/docker-prune", "nowhere")
    place.told(BOB)
    assert len(place.store.audit.cleanups()) == 1
