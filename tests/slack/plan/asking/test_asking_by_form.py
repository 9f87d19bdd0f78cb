"""A cleanup is asked for by a form, where its hosts are searched and its profiles follow from the host."""

import json
from collections.abc import Callable
from threading import Event

import pytest

from bot.engines.docker.engine import DockerEngine
from bot.slack.action_ids import APPROVE, ASK_HOST
from bot.slack.kit.profiles import GOOD_FOR
from bot.slack.parsing import PRUNE
from bot.slack.plan.asking.form import NARROW, OPTIONS_LIMIT, PROFILE
from tests.slack.place import (
    ANN,
    BOB,
    OPEN_TO_ALL,
    PATIENCE,
    Place,
    buttons,
    eventually,
)
from tests.slack.plan.asking.filling_in import MORE_HOSTS, ask, field, form, found, profiles, submit

Start = Callable[[str], Place]


# --- from a command alone -----------------------------------------------------------------------


def test_the_command_alone_opens_a_form_and_its_plan_is_posted_where_it_was_typed(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    ask(place)
    assert submit(place, profile="everything").ok
    plan = place.message("Cleanup plan: ")
    assert place.plan(buttons(plan)[APPROVE]).plan.draft.profile == "everything"
    assert place.workspace.view(ANN) is None
    assert place.private(ANN) == []
    place.approve(BOB, plan)
    place.message("Cleanup done")
    assert place.images() == {"web:1"}


def test_what_is_typed_narrows_as_behind_the_command(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    ask(place)
    assert submit(place, profile="everything", narrow="  “not=old:1”  UNTIL=1h ").ok
    by_form = place.plan(buttons(place.message("Cleanup plan: "))[APPROVE]).plan
    place.workspace.command(ANN, PRUNE, "prod-3 everything not=old:1 until=1h")
    place.workspace.wait_for(lambda: len(place.workspace.messages()) == 2, PATIENCE)
    by_command = place.plan(buttons(place.workspace.messages()[-1])[APPROVE]).plan
    assert by_form.draft.request == by_command.draft.request == "everything not=old:1 until=1h"
    assert [item.references for item in by_form.draft.items] == [("older:1",)]


def test_single_objects_are_named_in_the_same_line(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    ask(place)
    outcome = submit(place, profile="picked", narrow="keep=3")
    assert outcome.errors == {
        NARROW: "Name the objects, like image=app:1.0 container=old-job network=old-net."
    }
    assert place.workspace.submit_view(ANN, {ASK_HOST: "prod-3", PROFILE: "picked", NARROW: "image=old:1"}).ok
    plan = place.plan(buttons(place.message("Cleanup plan: "))[APPROVE]).plan
    assert [item.references for item in plan.draft.items] == [("old:1",)]


def test_the_only_host_is_chosen_already_and_a_usual_profile_too(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    ask(place)
    view = form(place)
    assert field(view, ASK_HOST)["element"]["initial_option"]["value"] == "prod-3"
    assert field(view, PROFILE)["element"]["initial_option"]["value"] == "routine"
    described = {o["value"]: o["description"]["text"] for o in field(view, PROFILE)["element"]["options"]}
    assert GOOD_FOR.items() <= {**described, "volumes": GOOD_FOR["volumes"]}.items()
    assert place.workspace.submit_view(ANN).ok


def test_help_and_a_host_are_answered_as_before(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    place.workspace.command(ANN, PRUNE, "help")
    assert "alone opens a form" in place.told(ANN)
    assert place.workspace.view(ANN) is None


def test_the_form_opens_while_an_engine_gives_no_answer(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, go = start(OPEN_TO_ALL), Event()

    def surveyed(*_given: object) -> None:
        go.wait(PATIENCE)

    monkeypatch.setattr(DockerEngine, "survey", surveyed)
    for number in range(20):
        place.workspace.command(ANN, "/docker-df", f"prod-3 {'-v' * (number % 2)}")
    view_id = ask(place)
    assert found(place, view_id) == ["prod-3"]
    go.set()


# --- the menu of hosts, and what follows from it ------------------------------------------------


def test_the_menu_has_only_hosts_that_one_may_see_and_ask_for(start: Start) -> None:
    place = start(MORE_HOSTS)
    assert found(place, ask(place)) == ["ci-1", "prod-3"]
    assert found(place, ask(place, BOB), user=BOB) == ["ci-1", "prod-3", "shown", "vault-7"]
    assert "vault" not in json.dumps(form(place))


@pytest.mark.parametrize(
    ("typed", "hosts"),
    [("prod", ["prod-3"]), ("3", ["prod-3"]), (" WEB ", ["prod-3"]), ("build", ["ci-1"]), ("vault", []), ("*", [])],
)  # fmt: skip
def test_the_menu_is_searched_by_name_and_tag(start: Start, typed: str, hosts: list[str]) -> None:
    place = start(MORE_HOSTS)
    assert found(place, ask(place), typed) == hosts


def test_of_many_hosts_the_menu_has_a_hundred_and_finds_the_others(start: Start) -> None:
    more = "".join(f'[hosts.web-{n:03}]\ndocker = "unix:///nowhere/{n}.sock"\n' for n in range(150))
    place = start(f"{OPEN_TO_ALL}{more}")
    view_id = ask(place)
    assert len(found(place, view_id)) == OPTIONS_LIMIT
    assert found(place, view_id, "149") == ["web-149"]


def test_a_host_that_is_chosen_brings_the_profiles_that_its_policy_allows_and_keeps_what_was_typed(
    start: Start,
) -> None:
    place = start(MORE_HOSTS)
    view_id = ask(place)
    assert profiles(form(place)) == ["dangling", "ci", "routine", "system", "everything", "volumes", "picked"]
    found(place, view_id)
    values = {NARROW: "until=2h", PROFILE: "ci"}
    assert place.workspace.click(ANN, view_id, ASK_HOST, "ci-1", values=values).ok
    place.workspace.wait_for(lambda: profiles(form(place)) == ["dangling", "ci"], PATIENCE)
    view = form(place)
    assert field(view, ASK_HOST)["element"]["initial_option"]["value"] == "ci-1"
    assert field(view, PROFILE)["element"]["initial_option"]["value"] == "ci"
    assert field(view, NARROW)["element"]["initial_value"] == "until=2h"


def test_what_each_profile_frees_is_said_where_a_look_has_just_found_it(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    ask(place)
    assert "frees" not in json.dumps(field(form(place), PROFILE)["element"])
    place.workspace.command(ANN, "/docker-df", "prod-3")
    place.message("can go now")
    ask(place)
    texts = [option["text"]["text"] for option in field(form(place), PROFILE)["element"]["options"]]
    assert "everything: frees 1GB" in texts
    assert "a moment ago" in field(form(place), PROFILE)["hint"]["text"]
    place.approve(BOB, place.propose())
    place.message("Cleanup done")
    eventually(lambda: ask(place) and "frees" not in json.dumps(field(form(place), PROFILE)["element"]))
