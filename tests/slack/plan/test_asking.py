"""Asking for more than a profile, over Socket Mode: why, help, narrowed cleanups, single objects, own profiles."""

from collections.abc import Callable

from bot.slack.action_ids import APPROVE, DETAILS, LOOK, PICTURE, WHOLE_LIST, WHY_FULL
from tests.slack.place import ANN, BOB, OPEN_TO_ALL, Place, buttons, eventually, offered, shown

Start = Callable[[str], Place]

BRIDGE = (
    "prod-3: nothing was removed. bridge stays: it is one of Docker's own networks, which every engine has."
)
OWN = (
    OPEN_TO_ALL
    + '[profiles.nightly]\nimages = { take = "unused", min_age = "30d" }\nexclude = ["old"]\n'
    + '[protect]\nnames = ["web-*"]\n'
)
ALL_IMAGES = {"old:1", "older:1", "web:1"}


def test_why_tells_everyone_what_each_profile_does_with_an_object(start: Start) -> None:
    place = start(OWN)
    place.workspace.command(ANN, "/docker-prune", "prod-3 why old:1")
    message = place.message("Why old:1 on prod-3")
    assert "*routine* would remove it: no container uses it" in shown(message)
    assert "*nightly* keeps it: left out by not=old" in shown(message)
    assert "*dangling* keeps it: tagged old:1: the profile takes only images without a tag" in shown(message)
    assert buttons(message) == {}
    place.workspace.command(BOB, "/docker-prune", "prod-3 why web")
    assert place.told(BOB).startswith("There is no “web” on this host; write its name, tag or id.")
    place.workspace.command(BOB, "/docker-prune", "prod-3 why web-1")
    assert "*everything* keeps it: it is running" in shown(place.message("Why web-1 on prod-3"))
    assert place.images() == ALL_IMAGES
    assert place.told_privately() == {BOB}


def test_help_about_cleanups_lists_the_profiles_that_are_configured_too(start: Start) -> None:
    place = start(OWN)
    place.workspace.command(ANN, "/docker-prune", "help")
    told = place.told(ANN)
    assert "*/docker-prune HOST why OBJECT*" in told
    assert (
        "• `everything`: containers: stopped; networks: unused; images: unused; build cache: unused" in told
    )
    assert told.endswith("• `nightly`: images: unused, at least 30 days old; not old")


def test_a_configured_profile_is_offered_under_a_report_and_planned_by_its_button(start: Start) -> None:
    place = start(OWN)
    place.workspace.command(ANN, "/docker-df", "prod-3")
    report = place.message("can go now")
    assert offered(report) == ["routine", "everything", "nightly"]
    assert buttons(report) == dict.fromkeys(("propose:routine", DETAILS, PICTURE, WHY_FULL, LOOK), "prod-3")
    place.press(ANN, report, "nightly")
    plan = place.message("Cleanup plan: nightly on prod-3")
    assert "Frees 300MB in 1 object." in plan.text
    place.approve(BOB, plan)
    place.message("Cleanup done")
    assert place.images() == {"old:1", "web:1"}


def test_arguments_are_shown_in_the_plan_and_narrow_what_is_removed(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    plan = place.propose(ANN, "everything until=10d not=older only=images,networks")
    assert "Asked for with `until=10d not=older only=images,networks`" in shown(plan)
    assert place.workspace.click(BOB, plan.ts, WHOLE_LIST).ok
    said = str(eventually(lambda: place.workspace.view(BOB)))
    assert "Profile *everything* `until=10d not=older only=images,networks`: " in said
    assert "images: unused, at least 10 days old; not older" in said
    assert "docker image prune -a --filter until=240h" in said
    assert "Frees 700MB in 1 object." in plan.text
    place.approve(BOB, plan)
    place.message("Cleanup done")
    assert place.images() == {"older:1", "web:1"}


def test_picked_objects_and_nothing_else_are_removed_when_somebody_approves(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    plan = place.propose(ANN, "image=older:1")
    plan_id = buttons(plan)[APPROVE]
    assert "picked on prod-3" in plan.text
    assert "Picked by name" in shown(plan)
    assert place.workspace.click(BOB, plan.ts, WHOLE_LIST).ok
    said = str(eventually(lambda: place.workspace.view(BOB)))
    assert "Picked by name: `image=older:1`" in said
    assert "docker rmi older:1" in said
    place.approve(BOB, plan)
    assert "300MB freed, as planned. 1 of 1 removed." in place.message("Cleanup done").text
    assert place.images() == {"old:1", "web:1"}
    assert [one.item.references for one in place.plan(plan_id).items] == [("older:1",)]
    assert place.store.chain.verify().broken is None


def test_a_picked_object_that_has_to_stay_is_answered_in_private_with_the_reason(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    answers = (
        ("image=web:1", "prod-3: nothing was removed. web:1 stays: container web-1 uses it."),
        ("container=web-1", "prod-3: nothing was removed. web-1 stays: it is running."),
        ("image=nope:1", "There is no image “nope:1” on this host; write its name, tag or id."),
        ("network=bridge", BRIDGE),
    )  # fmt: skip
    for count, (words, answer) in enumerate(answers, start=1):
        place.workspace.command(ANN, "/docker-prune", f"prod-3 {words}")
        assert place.told(ANN, count) == answer
    assert place.workspace.messages() == []
    assert place.store.messages.unshown() == ()
    assert place.images() == ALL_IMAGES
