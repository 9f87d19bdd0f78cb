"""Images of unknown arrival in Slack: left out, said in numbers, and included by a press that the approver reads of."""

from collections.abc import Callable

from bot.slack.action_ids import PROPOSE
from tests.slack.place import ANN, OPEN_TO_ALL, Place, buttons, shown

Start = Callable[[str], Place]
PRESS = f"{PROPOSE}:routine arrival=build"


def pulled(place: Place) -> Place:
    """All images were pulled, of which overlay2 tells no time."""
    place.engine.universe.tagged_at.clear()
    return place


def test_a_look_says_what_it_leaves_out_and_one_press_plans_it(start: Start) -> None:
    place = pulled(start(OPEN_TO_ALL))
    place.workspace.command(ANN, "/docker-df", "prod-3")
    report = place.message("nobody knows when they arrived")
    said = "2 images, 1GB: built over 7 days ago, and nobody knows when they arrived; they count as old from"
    assert said in shown(report)
    place.press(ANN, report, "routine arrival=build")
    plan = place.message("Cleanup plan: ")
    assert "2 images go by their build date: nobody knows when they arrived." in shown(plan)
    assert "arrival=build" in shown(plan)
    assert PRESS not in buttons(plan)


def test_a_plan_that_leaves_some_out_has_the_press_too(start: Start) -> None:
    place = pulled(start(OPEN_TO_ALL))
    with place.engine.universe.lock:
        known = place.engine.universe
        (old,) = (image for reference, image in known.references.items() if "older" in str(reference))
        known.tagged_at[old] = known.images[old].created
    plan = place.propose(profile="routine")
    assert "1 image, 700MB: built over 7 days ago, and nobody knows when it arrived" in shown(plan)
    assert place.workspace.click(ANN, plan.ts, PRESS).ok
    place.message("1 image goes by its build date")


def test_where_nothing_else_is_left_the_answer_says_so(start: Start) -> None:
    place = pulled(start(OPEN_TO_ALL))
    place.workspace.command(ANN, "/docker-prune", "prod-3 routine")
    said = place.told(ANN)
    assert "“routine” finds nothing to remove" in said
    assert "arrival=build includes them" in said
