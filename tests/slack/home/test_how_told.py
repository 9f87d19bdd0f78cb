"""How somebody wants to be told is chosen on their Home, kept for every replica, and counts at once."""

from collections.abc import Callable

from bot.core.rules.telling import Wish, Wished
from bot.slack.action_ids import HOME_TOLD
from tests.slack.home.at_home import JSON, elements, home, opened
from tests.slack.place import ANN, BOB, CYD, PATIENCE, Place, eventually, shown

Start = Callable[[str], Place]
DIRECT = """
[policies.default]
look = ["*"]
request = ["*"]
approve = ["U0BOB", "U0CYD"]
tell = "direct"
"""


def menu(view: JSON) -> JSON:
    return next(one for one in elements(view) if one.get("action_id") == HOME_TOLD)


def choose(place: Place, user: str, wish: Wish) -> None:
    view = place.workspace.home(user)
    assert view is not None
    assert place.workspace.click(user, view["id"], HOME_TOLD, str(wish)).ok
    eventually(lambda: place.store.people.wish(user).wish is wish)


def test_a_home_says_how_its_person_is_told_and_they_choose_another_way(start: Start) -> None:
    place = start(DIRECT)
    view = opened(place, BOB, "How you are told of plans")
    assert menu(view)["initial_option"]["value"] == "policy"
    choose(place, BOB, Wish.DIGEST)
    view = home(place, BOB, "Once a day, at 9:00 (Etc/UTC)")
    assert menu(view)["initial_option"]["value"] == "digest"
    assert place.store.people.wish(BOB) == Wished(person=BOB, wish=Wish.DIGEST, zone="Etc/UTC")
    assert "Each host's policy says" in str(opened(place, CYD, "How you are told")), "of each their own"


def test_what_was_chosen_counts_for_the_next_plan(start: Start) -> None:
    place = start(DIRECT)
    opened(place, BOB)
    choose(place, BOB, Wish.CHANNEL)
    plan = place.propose(ANN)
    place.workspace.wait_for(lambda: place.workspace.direct_messages(CYD), PATIENCE)

    def thread() -> str:
        return "".join(shown(each) for each in place.workspace.thread(plan.ts))

    place.workspace.wait_for(lambda: "May decide: <@U0BOB>" in thread(), PATIENCE)
    assert place.workspace.direct_messages(BOB) == []
