"""Every message and form of a fleet plan as a golden file of ``goldens/``: what Slack is sent, to the letter.

After a wanted change run ``REWRITE_GOLDENS=1 .venv/bin/pytest tests/slack/fleet/test_fleet_goldens.py``; read the diff.
"""

import json
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.core.docker.inventory import Kind
from bot.core.life.fleets import Fleet, FleetState, LeftOut, Standing, member_of
from bot.core.life.states import MessageRef, Outcome, Status
from bot.slack.fleet.forms import approve_form, leave_out_form, one_view, reject_form
from bot.slack.fleet.hosts import AboutHost
from bot.slack.fleet.message import fleet_message
from bot.slack.kit.blocks import Message
from bot.trial.workspace.limits.limits import check_message, check_view
from tests.slack.states import ANN, MADE, proposed
from tests.support.plans import plan_of

GOLDENS = Path(__file__).parent / "goldens"
PLANS = [
    replace(one, plan=replace(one.plan, id=f"p{number}", host=f"web-{number}"))
    for number in (1, 2, 3)
    for one in [proposed()]
]
ABOUTS = {
    "web-1": AboutHost(approvers=("U0BOB", "S0OPS")),
    "web-2": AboutHost(approvers=("U0CYD",), tags=("prod",)),
    "web-3": AboutHost(approvers=("*",), opens=MADE + timedelta(hours=10)),
}


def fleet() -> FleetState:
    made = Fleet(
        id="f1", selection="@web", request="routine until=72h", requester=ANN, created_at=MADE,
        members=tuple(member_of(one.plan.host, one.plan.id, one.plan.draft) for one in PLANS),
        left_out=(
            LeftOut(host="web-4", why="“routine” finds nothing to remove. Kept: 3 (in use)."),
            LeftOut(host="old", why="Nothing answers at ssh old. Is it up?"),
            LeftOut(host="web-5", why="“routine” finds nothing to remove. Kept: 3 (in use)."),
        ),
    )  # fmt: skip
    standings = tuple(
        Standing(
            host=one.host, plan=one.plan, status=Status.PROPOSED, counts={Outcome.PLANNED: one.objects},
            quorum=2 if one.host == "web-2" else 1, expires_at=MADE + timedelta(minutes=30),
        )
        for one in made.members
    )  # fmt: skip
    return FleetState(
        fleet=made, version=1, standings=standings, message=MessageRef(channel="C0OPS", ts="1.0")
    )


def with_hosts(*changes: dict[str, Any], **more: Any) -> FleetState:
    state = fleet()
    stands = [replace(one, **change) for one, change in zip(state.standings, changes, strict=True)]
    return replace(state, standings=tuple(stands), **more)


DONE = {"status": Status.DONE, "wave": 1, "counts": {Outcome.REMOVED: 5}, "reclaimed": 1_700 * 10**6}
SOME = {
    "status": Status.PARTIAL,
    "wave": 1,
    "counts": {Outcome.REMOVED: 1, Outcome.KEPT: 4},
    "reclaimed": 10**9,
}
RUNNING = {"status": Status.RUNNING, "wave": 2, "counts": {Outcome.REMOVED: 2, Outcome.PLANNED: 3}}
WAITS = {"status": Status.APPROVED}
VOTED = {"approvers": ("U0BOB",)}
HELD = "web-1: 4 of 5 objects were kept, more than 50%"
STATES = {
    "fleet_proposed": fleet(),
    "fleet_one_of_two": with_hosts({**DONE}, VOTED, {**WAITS, "ready": False, "starts_at": MADE}),
    "fleet_running": with_hosts(DONE, RUNNING, WAITS),
    "fleet_held": with_hosts(SOME, WAITS, WAITS, held=HELD),
    "fleet_done": with_hosts(DONE, {**DONE, "wave": 2}, {**DONE, "wave": 3}, ended=True),
    "fleet_ended_with_trouble": with_hosts(
        SOME, {**DONE, "wave": 2}, {"status": Status.CANCELLED, "reason": "bob stopped it"}, ended=True
    ),
    "fleet_rejected": with_hosts(*[{"status": Status.REJECTED}] * 3, ended=True),
}  # fmt: skip
MESSAGES = {name: fleet_message(state, ABOUTS) for name, state in STATES.items()}
FORMS = {
    "fleet_approve_form": approve_form(fleet(), PLANS, "C0OPS"),
    "fleet_reject_form": reject_form(fleet(), "C0OPS"),
    "fleet_leave_out_form": leave_out_form(fleet(), "C0OPS"),
    "fleet_one_host": one_view(PLANS[0], "C0OPS"),
}


def sent(name: str) -> dict[str, Any]:
    if name in FORMS:
        return FORMS[name]
    message: Message = MESSAGES[name]
    return {"text": message.text, "blocks": list(message.blocks)}


@pytest.mark.parametrize("name", [*MESSAGES, *FORMS])
def test_what_slack_is_sent_is_what_its_golden_says(name: str) -> None:
    golden = GOLDENS / f"{name}.json"
    if os.environ.get("REWRITE_GOLDENS"):
        golden.write_text(json.dumps(sent(name), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    assert golden.exists(), f"{golden.name} is missing: see the top of this file"
    assert sent(name) == json.loads(golden.read_text(encoding="utf-8"))


def test_every_golden_belongs_to_something() -> None:
    assert {file.stem for file in GOLDENS.iterdir()} == {*MESSAGES, *FORMS}


@pytest.mark.parametrize("name", [*MESSAGES, *FORMS])
def test_slack_takes_it(name: str) -> None:
    assert (check_view if name in FORMS else check_message)(sent(name)) == []


def test_the_form_that_approves_lists_the_data_of_every_host() -> None:
    """As a plan for one host alone does."""
    one = PLANS[0]
    volume = replace(one.plan.draft.items[0], kind=Kind.VOLUME, id="pgdata", name="pgdata", references=())
    with_data = []
    for each in PLANS:
        draft = replace(each.plan.draft, items=(volume,))
        plan = plan_of(draft, ANN, plan_id=each.plan.id, host=each.plan.host)
        with_data.append(replace(each, plan=plan))
    state = fleet()
    members = tuple(member_of(each.plan.host, each.plan.id, each.plan.draft) for each in with_data)
    form = str(approve_form(replace(state, fleet=replace(state.fleet, members=members)), with_data, "C0OPS"))
    assert form.count("pgdata") >= 3
    assert form.count("This data is gone for good") == 3
