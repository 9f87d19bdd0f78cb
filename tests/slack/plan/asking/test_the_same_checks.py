"""A form is checked as a typed command is, and its plan is posted where it was asked for."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from bot.core.audit.events import Tag
from bot.services.decide.propose import Propose
from bot.slack.action_ids import ASK_HOST, PLAN_CLEANUP, PLAN_CLEANUP_HERE
from bot.slack.parsing import PRUNE
from bot.slack.plan.asking.form import CHANNEL, NARROW, PROFILE
from bot.trial.workspace import Message
from bot.trial.workspace.core import Refused
from tests.slack.place import (
    ANN,
    BETWEEN,
    BOB,
    HIDDEN,
    OPEN,
    OPEN_TO_ALL,
    PATIENCE,
    Place,
    eventually,
    shown,
)
from tests.slack.plan.asking.filling_in import MORE_HOSTS, ask, field, form, found, submit

Start = Callable[[str], Place]


# --- the same checks ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "where", "words"),
    [
        ({NARROW: "until=x"}, NARROW, "until=:"),
        ({NARROW: "until=10 days"}, NARROW, "Write “until=10 days” in one word: until=10d."),
        ({NARROW: "utnil=1h"}, NARROW, "Did you mean until=?"),
        ({NARROW: "everything"}, NARROW, "I do not understand “everything”"),
        ({NARROW: "$(reboot)=1"}, NARROW, "There is no argument"),
        ({NARROW: "not=a;b"}, NARROW, "has a character"),
        ({NARROW: "only=volumes"}, NARROW, "takes no volumes"),
        ({NARROW: "keep=1 " * 41}, NARROW, "At most 40"),
        ({NARROW: "image=old:1"}, NARROW, "names one object"),
    ],
)
def test_a_mistake_stands_at_its_field_and_nothing_that_was_typed_is_lost(
    start: Start, values: dict[str, str], where: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Propose, "__call__", lambda *_: pytest.fail("its engine was asked"))
    place = start(OPEN_TO_ALL)
    view_id = ask(place)
    outcome = submit(place, **values)
    assert list(outcome.errors) == [where]
    assert words in outcome.errors[where]
    assert str(form(place)["id"]) == view_id
    assert place.private(ANN) == []


def test_a_profile_that_the_hosts_policy_does_not_allow_is_refused_at_its_field(start: Start) -> None:
    place = start(MORE_HOSTS)
    ask(place)
    outcome = submit(place, host="ci-1", profile="everything")
    assert "does not allow “everything”" in outcome.errors[PROFILE]


def test_where_a_policy_allows_no_profile_the_form_says_so_and_no_plan_is_made(start: Start) -> None:
    place = start(f"{OPEN_TO_ALL}profiles = []\n")
    ask(place)
    assert "allows no cleanup on *prod-3*" in json.dumps(form(place), ensure_ascii=False)
    assert "does not allow “routine”" in submit(place).errors[ASK_HOST]


def test_a_person_with_no_host_reads_why_instead_of_a_form(start: Start) -> None:
    place = start('[policies.default]\nlook = ["*"]\nrequest = ["U0BOB"]\n')
    place.workspace.command(ANN, PRUNE)
    assert "No registered host is open to you for cleanups" in place.told(ANN)
    place.workspace.shortcut(ANN, PLAN_CLEANUP)
    eventually(lambda: "for cleanups" in "".join(map(shown, place.workspace.direct_messages(ANN))))
    assert place.workspace.view(ANN) is None


def test_rights_are_read_when_the_form_is_submitted_and_a_refusal_is_in_the_audit(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = start(MORE_HOSTS)
    ask(place, BOB)
    found(place, str(form(place, BOB)["id"]), user=BOB)
    rights = Propose.door
    monkeypatch.setattr(
        Propose, "door", lambda self, person, channel="": rights(self, _as(person, ANN), channel)
    )
    hidden = place.workspace.submit_view(BOB, {ASK_HOST: "vault-7"}).errors[ASK_HOST]
    assert hidden.startswith("No host named “vault-7” is registered, or you may not look at it here")
    refused = [link.event for link in place.store.audit.events("") if link.event.tag is Tag.REQUEST_REFUSED]
    assert [event.host for event in refused] == ["vault-7"]
    seen = place.workspace.submit_view(BOB, {ASK_HOST: "shown"}).errors[ASK_HOST]
    assert "You may not ask for cleanups on shown" in seen


def _as(person: Any, user: str) -> Any:
    return type(person)(id=user, name=person.name)


# --- where the plan is posted -------------------------------------------------------------------


@pytest.mark.parametrize("channel", [OPEN, HIDDEN, BETWEEN])
def test_where_a_plan_cannot_stand_no_form_opens_and_the_person_reads_what_to_do(
    start: Start, channel: str
) -> None:
    place = start(OPEN_TO_ALL)
    place.workspace.command(ANN, PRUNE, channel=channel)
    assert "I cannot write here" in place.told(ANN)
    message = place.workspace.say(ANN, "full again", channel=channel)
    place.workspace.shortcut(ANN, PLAN_CLEANUP_HERE, ts=message.ts)
    assert "I cannot write here" in place.told(ANN, 2)
    assert place.workspace.calls("views.open") == []


def test_in_its_messages_with_the_bot_a_person_asks_by_the_form_too(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    direct = place.workspace.team.direct(ANN).id
    ask(place, channel=direct)
    assert submit(place, profile="everything").ok
    assert place.message("Cleanup plan: ", direct).channel == direct


def test_a_global_shortcut_asks_in_which_channel_and_begins_with_the_one_before_the_person(
    start: Start,
) -> None:
    place = start(OPEN_TO_ALL)
    assert place.workspace.shortcut(ANN, PLAN_CLEANUP).ok
    chosen = field(form(place), CHANNEL)["element"]
    assert chosen["initial_conversation"] == place.workspace.home_channel
    assert submit(place, profile="everything").ok
    place.message("Cleanup plan: ", place.workspace.home_channel)


def test_a_channel_that_the_bot_is_not_in_is_refused_at_its_field(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    place.workspace.shortcut(ANN, PLAN_CLEANUP, channel=OPEN)
    outcome = submit(place, profile="everything")
    assert outcome.errors == {
        CHANNEL: "I cannot write there. Invite me with /invite @Deckhand, or choose another channel."
    }
    assert submit(place, profile="everything", channel=place.workspace.home_channel).ok
    place.message("Cleanup plan: ")


def test_a_channel_chosen_in_a_form_gives_nobody_the_rights_of_that_channel(start: Start) -> None:
    place = start('[policies.default]\nlook = ["*"]\nrequest = ["C0OPS"]\n')
    place.workspace.shortcut(ANN, PLAN_CLEANUP)
    eventually(lambda: "for cleanups" in "".join(map(shown, place.workspace.direct_messages(ANN))))
    assert place.workspace.view(ANN) is None
    assert found(place, ask(place)) == ["prod-3"]
    assert submit(place, profile="everything").ok
    place.message("Cleanup plan: ")


def test_from_a_message_in_a_thread_the_form_is_answered_in_that_thread(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    top = place.workspace.say(ANN, "prod-3 is full")
    reply = place.workspace.say(BOB, "then clean it", thread_ts=top.ts)
    assert place.workspace.shortcut(BOB, PLAN_CLEANUP_HERE, ts=reply.ts).ok
    assert submit(place, BOB, profile="everything").ok
    plan = place.message("Cleanup plan: ")
    assert plan.thread_ts == ""

    def answer() -> Message | None:
        return next((m for m in place.workspace.thread(top.ts) if "was asked for here" in m.text), None)

    told = place.workspace.wait_for(answer, PATIENCE)
    assert told is not None
    assert "*everything* on *prod-3*" in told.text
    assert f"/archives/{plan.channel}/p{plan.ts.replace('.', '')}" in shown(told)
    assert place.workspace.notifications(BOB) == []
    assert place.workspace.redeliver().ok
    place.workspace.command(ANN, "/docker-prune", "prod-3 dangling")
    eventually(lambda: "finds nothing to remove" in "".join(place.private(ANN)))
    assert [m.ts for m in place.workspace.thread(top.ts) if "was asked for here" in m.text] == [told.ts]


def test_what_is_wrong_afterwards_is_told_in_the_thread_too(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    top = place.workspace.say(ANN, "prod-3 is full")
    place.workspace.say(ANN, "again", thread_ts=top.ts)
    place.workspace.shortcut(ANN, PLAN_CLEANUP_HERE, ts=top.ts)
    assert submit(place, profile="dangling").ok
    assert "finds nothing to remove" in place.told(ANN)
    assert place.workspace.ephemerals(ANN)[-1].thread_ts == top.ts


# --- delivered twice, and too late --------------------------------------------------------------


def test_a_form_that_arrives_twice_makes_one_plan(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    ask(place)
    assert submit(place, profile="everything").ok
    place.message("Cleanup plan: ")
    assert place.workspace.redeliver().ok
    place.workspace.command(ANN, "/docker-df")
    place.message("1 registered host")
    assert len([m for m in place.workspace.messages() if "Cleanup plan: " in shown(m)]) == 1


def test_a_form_that_opens_too_late_is_told_with_what_to_type(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    place.workspace.fail_next("views.open", error="expired_trigger_id")
    place.workspace.command(ANN, PRUNE)
    assert "/docker-prune HOST [PROFILE]" in place.told(ANN)


def test_what_is_chosen_in_a_form_is_only_looked_up(start: Start) -> None:
    """Nobody can choose what the menu did not offer; a forged host is one that does not exist."""
    place = start(OPEN_TO_ALL)
    view_id = ask(place)
    with pytest.raises(Refused, match="no_such_option"):
        place.workspace.submit_view(ANN, {ASK_HOST: "prod-3; reboot", PROFILE: "routine"})
    assert found(place, view_id, "; reboot") == []
