"""Every message as a golden file of ``goldens/``: what Slack is sent, to the letter.

After a wanted change run ``REWRITE_GOLDENS=1 .venv/bin/pytest tests/slack/test_messages.py`` and read the diff.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.core.audit.events import Tag
from bot.core.docker.inventory import Kind
from bot.core.errors import RefusedError, StoreUnavailableError
from bot.core.life.states import CLEANUP_OUTCOMES, PlanState, Status
from bot.core.plan.plan import CAREFUL
from bot.core.refusals import already, expired
from bot.core.rules.telling import Notice
from bot.slack.action_ids import (
    ADJUST,
    APPROVE,
    ASK_OTHER,
    AUDIT_DETAILS,
    PLAN_AFRESH,
    REJECT,
    RESTORE,
    STOP,
    TAKE_UP,
    WHOLE_LIST,
    WITHDRAW,
)
from bot.slack.home.view import home_view, trouble_view
from bot.slack.kit.blocks import Message
from bot.slack.plan.calling import call_message, digest_message
from bot.slack.plan.commands import commands_message
from bot.slack.plan.forms.approving import approve_form
from bot.slack.plan.forms.whole import whole_view
from bot.slack.plan.lists import direct_message, list_message, log_message
from bot.slack.plan.message import plan_message
from bot.slack.plan.open import NOWHERE, About
from bot.slack.refusals import refusal_message
from bot.trial.workspace.limits.limits import check_message, check_view
from tests.slack.alerted import ALERTED, SNOOZE_FORM
from tests.slack.home.homes import HOMES
from tests.slack.looks import LOOKS, events
from tests.slack.plan.batches.some import BATCHES
from tests.slack.states import RESTORED, STATES, item, proposed

GOLDENS = Path(__file__).parent / "goldens"
_TALK = events(
    (Tag.PLAN_PROPOSED, "U0ANN", {}),
    (Tag.PLAN_VOTED, "U0BOB", {"approve": True}),
    (Tag.PLAN_APPROVED, "U0BOB", {}),
    (Tag.CLEANUP_STARTED, "", {}),
    (Tag.CLEANUP_FINISHED, "", {"reclaimed_bytes": 40_000_000}),
)
_MISSING: Message = Message(text="", blocks=())
MESSAGES = {
    **{f"plan_{name}": plan_message(state) for name, state in {**STATES, **RESTORED}.items()},
    "plan_on_production": plan_message(
        STATES["proposed"], About(tags=("prod", "eu"), approvers=("U0BOB", "S0OPS", "C0OPS"))
    ),
    "plan_of_a_volume": plan_message(proposed([item(1, "pg-data", Kind.VOLUME, 700)])),
    **{
        f"told_{notice}": call_message(STATES["proposed_one_of_two"], notice, whom, by)
        for notice, whom, by in (
            (Notice.NEW, (), ""),
            (Notice.REMINDER, ("U0CYD", "S0OPS"), ""),
            (Notice.ESCALATION, (), ""),
            (Notice.ASKED, (), "U0ANN"),
        )
    },
    "told_digest": digest_message([STATES["proposed"], STATES["proposed_one_of_two"]]),
    "thread_list": list_message(STATES["proposed"]) or _MISSING,
    "thread_log": log_message(_TALK) or _MISSING,
    "direct_rejected": direct_message(
        STATES["rejected"], events((Tag.PLAN_REJECTED, "U0BOB", {"reason": "not <now>"}))
    ) or _MISSING,
    "direct_ended": direct_message(STATES["partial"], _TALK) or _MISSING,
    "commands": commands_message(STATES["proposed"]),
    "closed": refusal_message(RefusedError(already(STATES["rejected"]))),
    "closed_in_time": refusal_message(RefusedError(expired(STATES["proposed"]))),
    **LOOKS,
    **ALERTED,
    **BATCHES,
}  # fmt: skip
VIEWS = {
    **{f"home_{name}": home_view(home) for name, home in HOMES.items()},
    "approve_on_production": approve_form(STATES["proposed"], About(tags=("prod",))),
    "approve_volumes": approve_form(proposed([item(1, "pg-data", Kind.VOLUME, 700)]), NOWHERE, "U0BOB"),
    "snooze_alerts": SNOOZE_FORM,
    "whole_list": whole_view(STATES["proposed"]),
    "home_without_a_database": trouble_view(
        StoreUnavailableError("The audit database <x> cannot be reached.")
    ),
}
every_view = pytest.mark.parametrize("name", VIEWS)
every_message = pytest.mark.parametrize("name", MESSAGES)


def sent(message: Message) -> dict[str, Any]:
    """The message as Slack gets it."""
    return {"text": message.text, "blocks": list(message.blocks)}


def buttons(message: Message) -> list[dict[str, Any]]:
    return [e for block in message.blocks if block["type"] == "actions" for e in block["elements"]]


@every_message
def test_a_message_is_what_its_golden_says(name: str) -> None:
    assert_golden(name, sent(MESSAGES[name]))


@every_view
def test_a_view_is_what_its_golden_says(name: str) -> None:
    assert_golden(name, VIEWS[name])


def assert_golden(name: str, message: dict[str, Any]) -> None:
    golden = GOLDENS / f"{name}.json"
    if os.environ.get("REWRITE_GOLDENS"):
        golden.write_text(json.dumps(message, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    assert golden.exists(), f"{golden.name} is missing: see the top of this file"
    assert message == json.loads(golden.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("note", "sign"),
    [
        ("A build seems to run.", ":information_source:"),
        (f"{CAREFUL}3 images go by their build date.", ":warning:"),
    ],
)
def test_a_note_of_a_plan_says_how_bad_it_is(note: str, sign: str) -> None:
    state = STATES["proposed"]
    draft = replace(state.plan.draft, notes=(note,))
    said = json.dumps(plan_message(replace(state, plan=replace(state.plan, draft=draft))).blocks)
    assert f"{sign} {note}" in said
    assert ":construction:" not in said


def test_every_golden_belongs_to_a_message() -> None:
    assert {file.stem for file in GOLDENS.iterdir()} == {*MESSAGES, *VIEWS}


def test_there_is_a_golden_of_every_status() -> None:
    assert {state.status for state in STATES.values()} == set(Status)


@every_message
def test_slack_takes_the_message(name: str) -> None:
    assert check_message(sent(MESSAGES[name])) == []


@every_view
def test_slack_takes_the_view(name: str) -> None:
    assert check_view(VIEWS[name]) == []


def offered(state: PlanState) -> list[str]:
    """What may be done about a plan: action ids."""
    if state.attention:
        return [TAKE_UP, STOP]
    if state.status in {Status.APPROVED, Status.RUNNING}:
        return [] if state.stop else [STOP]
    if state.status is Status.PROPOSED:
        return [APPROVE, REJECT, ADJUST, ASK_OTHER, *([WITHDRAW] if state.approvers else []), WHOLE_LIST]
    if state.status in CLEANUP_OUTCOMES:
        return [*([RESTORE] if state.restorable else []), f"{AUDIT_DETAILS}:{state.plan.id}"]
    return [] if state.status is Status.SUPERSEDED else [PLAN_AFRESH]


@pytest.mark.parametrize("name", STATES)
def test_a_plan_has_the_buttons_of_its_state_and_each_carries_the_id_of_the_plan_alone(name: str) -> None:
    found = [(button["action_id"], button["value"]) for button in buttons(MESSAGES[f"plan_{name}"])]
    state = STATES[name]
    assert found == [(action, state.plan.id) for action in offered(state)]


def test_images_that_are_being_restored_cannot_be_asked_for_again_and_those_that_were_can() -> None:
    def actions(name: str) -> list[str]:
        return [button["action_id"] for button in buttons(MESSAGES[f"plan_{name}"])]

    record = f"{AUDIT_DETAILS}:k7m2p9wxyz"
    assert actions("restoring") == [record]
    assert actions("restored") == actions("not_restored") == [RESTORE, record]


def test_the_first_vote_of_two_is_shown_beside_the_number_that_is_needed() -> None:
    assert "1 of 2: <@U0BOB> approved" in json.dumps(sent(MESSAGES["plan_proposed_one_of_two"]))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("proposed", "Frees 1.74GB to 1.75GB in 5 objects. Asked for by <@U0ANN>."),
        ("approved", "Approved by <@U0BOB>, <@U0CYD>."),
        ("rejected", "Rejected by <@U0BOB>: “not during the sale &amp; &lt;later&gt;”. Nothing was removed."),
        ("expired", "Nobody decided in time. Nothing was removed"),
        ("cancelled", "Cancelled. prod-3: nothing answers at its address."),
        ("superseded", "A newer plan took its place. Nothing was removed."),
        ("running", "2 of 5 objects, 40MB freed so far."),
        ("done", "1.75GB freed, as planned. 5 of 5 removed."),
        ("partial", "2 of 5 removed, 1 gone before, 1 kept, 1 failed."),
        ("stopped", "1 of 5 removed, 4 not tried."),
        ("failed", "1 of 5 removed, 4 failed."),
    ],
)
def test_the_text_for_screen_readers_carries_the_decision(name: str, words: str) -> None:
    assert words in MESSAGES[f"plan_{name}"].text


@pytest.mark.parametrize(
    ("approvers", "words"),
    [
        (("U0ANN", "U0BOB"), "may approve: <@U0BOB>"),
        (("U0BOB", "S0OPS"), "may approve: <@U0BOB>, <!subteam^S0OPS>, but not <@U0ANN>"),
        (("*",), "may approve: anyone, but not <@U0ANN>"),
        (("U0ANN",), "may approve: nobody: only <@U0ANN> is named, who asked for it"),
    ],
)
def test_whoever_asked_is_not_among_those_who_may_approve(approvers: tuple[str, ...], words: str) -> None:
    message = plan_message(STATES["proposed"], About(approvers=approvers))
    assert f" · {words} · " in json.dumps(sent(message), ensure_ascii=False)


def test_only_what_finds_something_is_offered_and_its_button_carries_the_host_alone() -> None:
    found = [(each["action_id"], each.get("value")) for each in buttons(LOOKS["report"])]
    looks = [("details", "prod-3"), ("why_full", "prod-3"), ("look", "prod-3")]
    assert found == [("propose:routine", "prod-3"), ("propose_other:prod-3", None), *looks]
    (menu,) = [each for each in buttons(LOOKS["report"]) if "options" in each]
    assert [option["value"] for option in menu["options"]] == ["ci"]
    nothing = [(each["action_id"], each["value"]) for each in buttons(LOOKS["report_nothing_to_clean"])]
    assert nothing == looks


WAITING = [
    name for name, message in MESSAGES.items() if APPROVE in {each["action_id"] for each in buttons(message)}
]


@pytest.mark.parametrize("name", [*WAITING, "thread_list"])
def test_nothing_is_folded_of_what_somebody_approves(name: str) -> None:
    sections = [block for block in MESSAGES[name].blocks if block["type"] == "section" and "text" in block]
    assert sections
    assert all(block.get("expand") for block in sections)


def test_what_is_read_instead_of_the_blocks_is_all_that_a_decision_needs() -> None:
    state = proposed(
        [item(1, "pg-data", Kind.VOLUME, 700), item(2, "app:1", Kind.IMAGE, 100, ("app:1",))], quorum=2
    )
    text = plan_message(state, About(approvers=("U0BOB", "S0OPS"))).text
    for words in (
        "routine on prod-3", "Removes 1 volume, 1 image.", "Frees 790MB to 800MB in 2 objects.",
        "Cannot be undone: ", "1 image that no registry has",
        "May approve: <@U0BOB>, <!subteam^S0OPS>, but not <@U0ANN>.", "0 of 2 approvals; expires <!date^",
    ):  # fmt: skip
        assert words in text


def texts(value: Any) -> Iterator[dict[str, Any]]:
    """Every text in Slack's own markup."""
    if isinstance(value, dict):
        if value.get("type") == "mrkdwn":
            yield value
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts(inner)


def test_slack_links_and_mentions_nothing_by_itself() -> None:
    everything = [*(sent(message) for message in MESSAGES.values()), *VIEWS.values()]
    assert all(text.get("verbatim") for text in texts(everything))
