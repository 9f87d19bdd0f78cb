"""Adjusting a plan over Socket Mode: a form makes a narrower plan, which takes the place of the old one."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bot.core.audit.events import Tag
from bot.core.docker.inventory import Kind
from bot.core.life.states import Status
from bot.core.plan.plan import Person
from bot.services.work.worker import Worker
from bot.slack.action_ids import ADJUST, APPROVE
from bot.slack.plan.forms.adjusting import DROP, KEEP, KINDS, UNTIL
from bot.trial.sample import Builder
from bot.trial.sample.objects import Mount
from bot.trial.workspace import Message
from tests.slack.place import ANN, BOB, CYD, OPEN_TO_ALL, Place, buttons, eventually, shown

Start = Callable[[str], Place]


def press(place: Place, by: str, plan: Message) -> dict[str, object]:
    assert place.workspace.click(by, plan.ts, ADJUST).ok
    form = place.workspace.wait_for(lambda: place.workspace.view(by))
    assert form is not None
    return form


def replaced(place: Place, old: Message) -> Message:
    """The plan that took the place of another."""
    place.message("Replaced plan")
    return eventually(
        lambda: next(
            (m for m in place.workspace.messages() if m.ts != old.ts and "Cleanup plan: " in m.text), None
        )
    )  # type: ignore[return-value] # eventually gives what is true


def test_what_is_left_out_stays_and_the_rest_is_a_plan_in_the_place_of_the_old_one(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    plan = place.propose(ANN)
    plan_id = buttons(plan)[APPROVE]
    form = press(place, CYD, plan)
    assert (form["callback_id"], form["private_metadata"]) == ("adjust_plan", plan_id)
    position = next(str(one.position) for one in place.plan(plan_id).items if "old:1" in one.item.name)
    assert place.workspace.submit_view(CYD, {DROP: [position]}).ok
    new = replaced(place, plan)
    assert "Asked for by cyd" in new.text
    assert place.plan(plan_id).status is Status.SUPERSEDED
    state = place.plan(buttons(new)[APPROVE])
    assert {item.name for item in state.plan.draft.items} == {"older:1"}
    assert "drop=" in state.plan.draft.arguments
    place.approve(BOB, new)
    place.message("Cleanup done")
    assert place.images() == {"old:1", "web:1"}


def test_ages_and_last_tags_narrow_it_too(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    plan = place.propose(ANN, "everything until=24h")
    press(place, ANN, plan)
    outcome = place.workspace.submit_view(ANN, {UNTIL: "1h", KEEP: "0"})
    assert (outcome.ok, set(outcome.errors)) == (False, {UNTIL})
    assert "at least 24h" in outcome.errors[UNTIL]
    assert not place.workspace.submit_view(ANN, {KINDS: []}).ok
    assert place.plan(buttons(plan)[APPROVE]).status is Status.PROPOSED
    assert place.workspace.submit_view(ANN, {UNTIL: "30d", KINDS: ["image"]}).ok
    new = replaced(place, plan)
    assert place.plan(buttons(new)[APPROVE]).plan.draft.request == "everything only=image until=720h"


def test_an_adjustment_that_leaves_nothing_changes_nothing(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    plan = place.propose(ANN)
    press(place, ANN, plan)
    assert place.workspace.submit_view(ANN, {UNTIL: "900d"}).ok
    assert "finds nothing to remove" in place.told(ANN)
    assert place.plan(buttons(plan)[APPROVE]).status is Status.PROPOSED


def test_a_plan_that_was_decided_while_the_form_was_open_stays_decided(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    plan = place.propose(ANN)
    press(place, ANN, plan)
    place.approve(CYD, plan)
    place.message("Cleanup done")
    assert place.workspace.submit_view(ANN, {KINDS: ["image"]}).ok
    assert place.told(ANN).startswith("This plan is already approved")
    assert len(place.workspace.messages()) == 1


def test_a_form_that_slack_delivers_twice_makes_one_plan(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    plan = place.propose(ANN)
    press(place, ANN, plan)
    assert place.workspace.submit_view(ANN, {UNTIL: "30d"}).ok
    new = replaced(place, plan)
    assert place.workspace.redeliver().ok
    eventually(lambda: not place.store.messages.unshown())
    assert [m.ts for m in place.workspace.messages()] == [plan.ts, new.ts]
    assert place.told_privately() == set()


def test_votes_begin_anew(start: Start) -> None:
    place = start(OPEN_TO_ALL + "quorum = 2\n")
    plan = place.propose(ANN)
    place.approve(BOB, plan)
    place.message("1 of 2: <@U0BOB>")
    press(place, ANN, plan)
    assert place.workspace.submit_view(ANN, {KINDS: ["image"]}).ok
    assert place.plan(buttons(replaced(place, plan))[APPROVE]).votes == ()


def test_who_may_not_ask_for_cleanups_gets_no_form(start: Start) -> None:
    place = start('[policies.default]\nlook = ["*"]\nrequest = ["U0ANN"]\napprove = ["*"]\n')
    plan = place.propose(ANN)
    assert place.workspace.click(CYD, plan.ts, ADJUST).ok
    assert place.told(CYD).startswith("You may not ask for cleanups on prod-3")
    assert place.workspace.view(CYD) is None


def test_an_expired_plan_gets_no_form(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Worker, "take_up", lambda *_: None)
    place = start(OPEN_TO_ALL + 'expires = "1s"\n')
    plan = place.propose(ANN)
    eventually(place.store.plans.due)
    assert place.workspace.click(BOB, plan.ts, ADJUST).ok
    assert place.told(BOB).startswith("This plan expired")


@pytest.mark.parametrize("error", ["expired_trigger_id", "exchanged_trigger_id"])
def test_a_form_that_comes_too_late_is_answered(start: Start, error: str) -> None:
    place = start(OPEN_TO_ALL)
    plan = place.propose(ANN)
    place.workspace.fail_next("views.open", error=error)
    assert place.workspace.click(BOB, plan.ts, ADJUST).ok
    assert place.told(BOB).startswith("The form could not be opened")


# --- volumes ------------------------------------------------------------------------------------

NAMED = OPEN_TO_ALL + 'volumes = "named"\n'


def with_volumes(place: Place) -> None:
    build = Builder(place.engine.universe)
    with place.engine.universe.lock:
        build.volume("pg-data", size=700 * 10**6, age=timedelta(days=40), labels={"app": "<db>"})
        build.volume("old-data", size=10**6, age=timedelta(days=400))


def open_volumes(place: Place, by: str = ANN) -> dict[str, Any]:
    place.workspace.command(by, "/docker-df", "prod-3")
    report = place.message("can go now")
    assert place.workspace.click(by, report.ts, "volumes").ok
    form = place.workspace.wait_for(
        lambda: (view := place.workspace.view(by)) and "pg-data" in str(view) and view
    )
    assert isinstance(form, dict)
    return form


def test_volumes_are_picked_by_name_planned_approved_and_removed(start: Start) -> None:
    place = start(NAMED)
    with_volumes(place)
    form = open_volumes(place)
    described = next(b["text"]["text"] for b in form["blocks"] if "pg-data" in str(b.get("text")))
    assert "• `pg-data` 700MB · 40 days old · who mounted it last is not known · app=&lt;db&gt;" in described
    outcome = place.workspace.submit_view(ANN, {"volumes_0": ["pg-data"], "host": "prod-4"})
    assert set(outcome.errors) == {"host"}
    outcome = place.workspace.submit_view(ANN, {"host": "prod-3"})
    assert set(outcome.errors) == {"volumes_0"}
    assert place.workspace.submit_view(ANN, {"volumes_0": ["pg-data"], "host": "prod-3"}).ok
    plan = place.message("Cleanup plan: picked on prod-3")
    told = "`pg-data` 700MB picked by name; created 40 days ago, who mounted it last is not known, "
    assert told in shown(plan)
    place.approve(BOB, plan)
    asked = str(place.asked_once_more(BOB))
    assert "This data is gone for good" in asked
    assert told in asked
    assert "app=&lt;db&gt;" in asked
    assert place.workspace.submit_view(BOB).ok
    place.message("Cleanup done")
    with place.engine.universe.lock:
        assert set(place.engine.universe.volumes) == {"old-data"}


def test_who_was_last_seen_to_mount_a_volume_is_told_once_that_container_has_gone(start: Start) -> None:
    place = start(NAMED)
    with_volumes(place)
    build = Builder(place.engine.universe)
    with place.engine.universe.lock:
        build.container(
            "db-1", "web:1", mounts=(Mount(type="volume", source="pg-data", destination="/data"),)
        )
    place.workspace.command(ANN, "/docker-df", "prod-3")
    place.message("can go now")
    with place.engine.universe.lock:
        gone = next(one for one in place.engine.universe.containers.values() if one.name == "db-1")
        del place.engine.universe.containers[gone.id]
    assert "last mounted by db-1 (web:1) " in str(open_volumes(place))


def test_where_the_policy_does_not_let_people_pick_there_is_no_button_and_a_forged_click_is_refused(
    start: Start,
) -> None:
    place = start(OPEN_TO_ALL)
    with_volumes(place)
    place.workspace.command(ANN, "/docker-df", "prod-3")
    assert "volumes" not in buttons(place.message("can go now"))


def test_a_form_that_somebody_closed_while_the_engine_was_asked_is_let_go(start: Start) -> None:
    place = start(NAMED)
    with_volumes(place)
    place.workspace.command(ANN, "/docker-df", "prod-3")
    report = place.message("can go now")
    place.workspace.fail_next("views.update", error="not_found")
    assert place.workspace.click(ANN, report.ts, "volumes").ok
    eventually(lambda: place.workspace.view(ANN))
    assert place.workspace.close_view(ANN).ok
    place.workspace.command(ANN, "/docker-df", "help")
    assert "lists the registered hosts" in place.told(ANN)


def test_an_engine_that_went_away_is_said_in_the_form(start: Start) -> None:
    place = start(NAMED)
    with_volumes(place)
    place.workspace.command(ANN, "/docker-df", "prod-3")
    report = place.message("can go now")
    place.engine.stop()
    assert place.workspace.click(ANN, report.ts, "volumes").ok
    place.workspace.wait_for(
        lambda: "Asking" not in str(place.workspace.view(ANN)) and place.workspace.view(ANN), 15
    )
    assert "prod-3: " in str(place.workspace.view(ANN))


def test_the_audit_of_picked_volumes_names_them(start: Start) -> None:
    place = start(NAMED)
    with_volumes(place)
    open_volumes(place)
    assert place.workspace.submit_view(ANN, {"volumes_0": ["old-data"], "host": "prod-3"}).ok
    plan = place.message("Cleanup plan: picked on prod-3")
    state = place.plan(buttons(plan)[APPROVE])
    assert [(item.kind, item.id) for item in state.plan.draft.items] == [(Kind.VOLUME, "old-data")]
    assert state.plan.requester == Person(id=ANN, name="ann")
    assert place.events(state.plan.id, Tag.PLAN_PROPOSED)


TWO_APPROVE = """
[policies.default]
look = ["*"]
request = ["*"]
approve = ["U0ANN", "U0BOB"]
quorum = 2
self_approval = true
"""


def test_who_may_only_ask_does_not_do_away_with_what_others_have_voted_on(start: Start) -> None:
    place = start(TWO_APPROVE)
    plan = place.propose(ANN)
    plan_id = buttons(plan)[APPROVE]
    press(place, CYD, plan)
    place.approve(BOB, plan)
    eventually(lambda: place.plan(plan_id).approvers)
    assert place.workspace.submit_view(CYD, {KINDS: ["image"]}).ok
    assert "has votes already" in place.told(CYD)
    state = place.plan(plan_id)
    assert (state.status, [person.id for person in state.approvers]) == (Status.PROPOSED, [BOB])
    press(place, BOB, plan)
    assert place.workspace.submit_view(BOB, {KINDS: ["image"]}).ok
    replaced(place, plan)
    assert place.plan(plan_id).status is Status.SUPERSEDED
