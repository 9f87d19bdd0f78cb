"""The App Home over Socket Mode: what waits, one's own plans, hosts and cleanups, each with a button that works."""

from datetime import timedelta

import pytest
from slack_sdk import WebClient

from bot.core.audit.events import Tag
from bot.slack.action_ids import (
    APPROVE,
    AUDIT_ALL,
    AUDIT_DETAILS,
    HOME_PAGE,
    HOME_REFRESH,
    LOOK,
)
from tests.slack.home.at_home import (
    CLOSED_TO_CYD,
    JSON,
    acts,
    approve,
    home,
    in_person,
    opened,
    press,
    published,
    says,
)
from tests.slack.place import ANN, BOB, CYD, OPEN_TO_ALL, PATIENCE, Start, buttons, eventually, shown


def test_an_empty_home_says_of_each_part_that_it_is_empty_and_how_it_fills(start: Start) -> None:
    view = opened(start(OPEN_TO_ALL), ANN)
    for text in (
        "No plan waits for you.",
        "You have asked for no plan yet",
        "*prod-3*: not looked at yet",
        "No cleanup is in the audit yet.",
    ):
        assert text in says(view)
    assert acts(view) == {HOME_REFRESH: "refresh", f"{LOOK}:prod-3": "prod-3"}


def test_a_look_from_a_home_is_answered_in_person_and_its_figures_appear_on_the_home(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    opened(place, ANN, "not looked at yet")
    press(place, ANN, f"{LOOK}:prod-3")
    report = in_person(place, ANN, "can go now")
    assert "prod-3" in report.text
    view = home(place, ANN, "looked at ", without="not looked at yet")
    assert "on 1 host that was looked at" in says(view)
    assert place.workspace.messages() == []


def test_that_a_host_does_not_answer_is_said_in_person(start: Start) -> None:
    place = start(OPEN_TO_ALL + '[hosts.away]\ndocker = "unix:///nowhere/away.sock"\n')
    opened(place, ANN, "*away*")
    press(place, ANN, f"{LOOK}:away")
    assert "away did not answer" in shown(in_person(place, ANN, "away did not answer"))
    assert place.told_privately() == set()


def test_a_look_at_the_whole_fleet_fills_the_home_too(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    place.workspace.command(BOB, "/docker-df", "all")
    place.message("1 answered")
    assert "not looked at yet" not in says(opened(place, ANN, "looked at "))


def test_details_and_all_cleanups_are_answered_in_person(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    plan = place.propose(ANN)
    plan_id = buttons(plan)[APPROVE]
    place.approve(BOB, plan)
    place.message("Cleanup done")
    opened(place, CYD, "Last cleanup")
    press(place, CYD, f"{AUDIT_DETAILS}:{plan_id}")
    assert "Timeline" in shown(in_person(place, CYD, "Timeline"))
    press(place, CYD, AUDIT_ALL)
    assert "latest cleanup" in shown(in_person(place, CYD, "latest cleanup"))
    assert len(place.workspace.messages()) == 1


def test_what_a_person_may_not_see_is_not_on_their_home(start: Start) -> None:
    place = start(CLOSED_TO_CYD)
    place.approve(BOB, place.propose(ANN, "image=older:1"))
    place.message("Cleanup done")
    place.propose(ANN)
    view = opened(place, CYD)
    assert "prod-3" not in says(view)
    assert "No registered host is open to you." in says(view)
    assert acts(view) == {HOME_REFRESH: "refresh"}
    assert "Recent cleanups" not in says(opened(place, BOB, "prod-3"))
    assert "Recent cleanups" in says(opened(place, ANN, "prod-3"))
    assert place.events("", Tag.LOOK_REFUSED) == [], "drawing a Home is no attempt at anything"


def test_a_right_that_a_channel_gives_does_not_count_on_a_home_which_says_so(start: Start) -> None:
    place = start(OPEN_TO_ALL.replace('look = ["*"]', 'look = ["C0OPS"]'))
    view = opened(place, ANN)
    assert "*prod-3*" not in says(view)
    assert "belong to a channel that a policy names" in says(view)


def test_a_right_that_a_user_group_has_counts_on_a_home(start: Start) -> None:
    place = start(OPEN_TO_ALL.replace('approve = ["*"]', 'approve = ["S0OPS"]'))
    plan_id = buttons(place.propose(ANN))[APPROVE]
    assert f"{APPROVE}:{plan_id}" in acts(opened(place, BOB, "1 plan"))
    assert f"{APPROVE}:{plan_id}" not in acts(opened(place, CYD, "No plan waits for you."))


def test_a_plan_in_somebody_elses_conversation_waits_on_a_home_without_a_link_to_it(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    direct = place.workspace.team.direct(ANN).id
    place.workspace.command(ANN, "/docker-prune", "prod-3 everything", channel=direct)
    plan_id = buttons(in_person(place, ANN, "Cleanup plan: "))[APPROVE]
    assert f"home_open:yours:{plan_id}" in says(opened(place, ANN, "home_open:yours"))
    theirs = opened(place, BOB, "1 plan")
    assert "home_open" not in says(theirs)
    approve(place, BOB, plan_id)
    in_person(place, ANN, "Cleanup done")


def test_many_hosts_are_paged_and_each_page_is_there_at_the_click(start: Start) -> None:
    more = "".join(
        f'[hosts.web-{number:02}]\ndocker = "unix:///nowhere/{number}.sock"\n' for number in range(30)
    )
    place = start(OPEN_TO_ALL + more)
    view = opened(place, ANN, "Page 1 of 3, 31 hosts")
    assert acts(view)[f"{HOME_PAGE}:hosts:on"] == "1"
    assert f"{HOME_PAGE}:hosts:back" not in acts(view)
    press(place, ANN, f"{HOME_PAGE}:hosts:on")
    home(place, ANN, "Page 2 of 3")
    press(place, ANN, f"{HOME_PAGE}:hosts:on")
    last = home(place, ANN, "Page 3 of 3")
    assert f"{HOME_PAGE}:hosts:on" not in acts(last)
    assert sum(action.startswith(f"{LOOK}:") for action in acts(last)) == 31 - 2 * 12


def test_a_home_that_says_the_same_is_not_published_again_unless_somebody_presses_refresh(
    start: Start,
) -> None:
    place = start(OPEN_TO_ALL + '[watch]\nevery = "off"\n')  # a sample would be news
    opened(place, ANN)
    assert published(place) == 1
    assert place.workspace.open_home(ANN).ok
    opened(place, BOB)
    assert published(place) == 2, "Bob's is the second: Ann's, opened before it, says the same"
    before = place.workspace.home(ANN)
    press(place, ANN, HOME_REFRESH)
    place.workspace.wait_for(lambda: place.workspace.home(ANN) != before, PATIENCE)
    assert published(place) == 3


@pytest.mark.parametrize(("status", "times"), [(429, 2), (500, 4)])  # the client itself tries 500 three times
def test_a_home_that_slack_does_not_take_now_comes_later_and_keeps_no_message_waiting(
    start: Start, monkeypatch: pytest.MonkeyPatch, status: int, times: int
) -> None:
    monkeypatch.setattr("bot.slack.home.showing.RETRY_AFTER", timedelta(seconds=0.1))
    place = start(OPEN_TO_ALL)
    place.workspace.fail_next("views.publish", status=status, retry_after=1, times=times)
    assert place.workspace.open_home(BOB).ok
    place.propose(ANN)
    assert place.workspace.home(BOB) is None, "a plan was asked for and posted meanwhile"
    home(place, BOB, "*1 plan*")


def test_a_view_that_another_replica_has_published_since_is_left_alone_until_it_is_opened(
    start: Start,
) -> None:
    place = start(OPEN_TO_ALL)
    opened(place, BOB)
    others: JSON = {
        "type": "home",
        "blocks": [{"type": "header", "text": {"type": "plain_text", "text": "page 7"}}],
    }
    WebClient(place.workspace.bot_token, base_url=place.workspace.api_url).views_publish(
        user_id=BOB, view=others
    )
    place.propose(ANN)
    eventually(lambda: published(place) == 3)  # the third is refused: another view stands there by now
    assert "page 7" in says(place.workspace.home(BOB))
    assert "*1 plan*" in says(opened(place, BOB, "*1 plan*"))


def test_the_first_home_says_the_three_things_to_do_until_one_of_them_is_done(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    view = opened(place, ANN, "Welcome")
    assert all(
        f"{number}. *{word}*" in says(view) for number, word in enumerate(("Look", "Propose", "Decide"), 1)
    )
    place.propose(ANN)
    home(place, ANN, "waits for its decision", without="Welcome")
