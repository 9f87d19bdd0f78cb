"""A host that somebody may not look at does not exist for them: at every door the answer is the same, word for word."""

import re

import pytest

from bot.core.audit.events import Event, Tag
from bot.slack.action_ids import ASK_HOST
from bot.slack.plan.asking import handlers as forms
from bot.slack.plan.asking.form import Given
from tests.slack.place import ANN, CYD, Place, Start, eventually, shown

HIDDEN, MISSING = "vault-7", "vault-8"
"""Two names as near to each other as a suggestion needs; only the first is registered."""
HIDDEN_TAG, MISSING_TAG = "treasury", "treasurx"
SOME_HIDDEN = """
tags = ["web"]
[hosts.vault-7]
docker = "unix:///nowhere/docker.sock"
tags = ["treasury", "web"]
policy = "closed"
[policies.default]
look = ["*"]
request = ["*"]
approve = ["*"]
[policies.closed]
look = ["U0ANN"]
request = ["U0ANN"]
approve = ["U0ANN"]
"""
DOORS = (
    ("/docker-df", "{host}"),
    ("/docker-df", "{host} -v"),
    ("/docker-df", "prod-3,{host}"),
    ("/docker-df", "@{tag}"),
    ("/docker-df", "prod-3,@{tag}"),
    ("/docker-df", "{host}*"),
    ("/docker-df", "{host}x"),
    ("/docker-prune", "{host}"),
    ("/docker-prune", "{host} routine"),
    ("/docker-prune", "{host} rutine"),
    ("/docker-prune", "{host} until=x"),
    ("/docker-prune", "{host}x"),
    ("/docker-prune", "routine {host}"),
    ("/docker-prune", "{host} image=web:1"),
    ("/docker-prune", "{host} why web:1"),
    ("/docker-audit", "host={host}"),
    ("/docker-audit", "host={host}x"),
    ("/docker-audit", "@{tag}"),
    ("/docker-audit", "tag={tag}"),
    ("/docker-audit", "{host}"),
    ("/docker-audit", "{host}x"),
    ("/docker-audit", "{tag}"),
)


def answer(place: Place, command: str, text: str) -> str:
    """All that Cyd reads after a command: in private or in the channel, whichever it is."""
    private, posted = len(place.private(CYD)), len(place.workspace.messages())
    place.workspace.command(CYD, command, text)

    def said() -> list[str]:
        told = place.private(CYD)[private:]
        return told + [shown(message) for message in place.workspace.messages()[posted:]]

    return re.sub(r', "block_id": "\w+"', "", eventually(said)[0])


@pytest.fixture
def place(start: Start) -> Place:
    return start(SOME_HIDDEN)


def test_at_every_door_a_hidden_host_and_one_that_does_not_exist_have_the_same_answer(place: Place) -> None:
    for command, text in DOORS:
        hidden = answer(place, command, text.format(host=HIDDEN, tag=HIDDEN_TAG))
        missing = answer(place, command, text.format(host=MISSING, tag=MISSING_TAG))
        assert hidden.replace(HIDDEN, MISSING).replace(HIDDEN_TAG, MISSING_TAG) == missing, (command, text)


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("/docker-df", ""),
        ("/docker-df", "vault-9"),
        ("/docker-df", "vault-*"),
        ("/docker-df", "@treasure"),
        ("/docker-df", "@nothing-like-it"),
        ("/docker-prune", "vault-9"),
        ("/docker-audit", "host=vault-9"),
        ("/docker-audit", "vault-9"),
        ("/docker-audit", "@nothing-like-it"),
    ],
)
def test_no_suggestion_and_no_list_has_the_name_or_the_tag(place: Place, command: str, text: str) -> None:
    said = answer(place, command, text)
    assert HIDDEN not in said
    assert HIDDEN_TAG not in said


def test_a_fleet_has_no_hidden_host_and_does_not_say_that_there_is_one(place: Place) -> None:
    place.workspace.command(CYD, "/docker-df", "@web")
    message = place.message("1 answered")
    assert HIDDEN not in shown(message)
    assert "more host" not in shown(message)


def test_whoever_may_look_is_told_more_and_the_audit_says_that_others_tried(place: Place) -> None:
    place.workspace.command(ANN, "/docker-df", HIDDEN)
    assert "there is no socket" in place.told(ANN)
    answer(place, "/docker-df", HIDDEN)
    answer(place, "/docker-prune", HIDDEN)
    answer(place, "/docker-audit", HIDDEN)
    refused = [link.event for link in place.store.audit.events("")]

    def tried(event: Event) -> bool:
        return (event.actor, event.host) == (CYD, HIDDEN)

    assert {event.tag for event in refused if tried(event)} == {
        Tag.LOOK_REFUSED, Tag.REQUEST_REFUSED, Tag.AUDIT_REFUSED,
    }  # fmt: skip


# --- the form that asks for a plan --------------------------------------------------------------


@pytest.mark.parametrize("typed", ["", "vault", "vault-7", "treasury", "7"])
def test_the_menu_of_hosts_has_neither_its_name_nor_its_tag(place: Place, typed: str) -> None:
    place.workspace.command(CYD, "/docker-prune")
    view = place.workspace.wait_for(lambda: place.workspace.view(CYD))
    assert view is not None
    options = place.workspace.suggest(CYD, view["id"], ASK_HOST, typed)
    assert {option["value"] for option in options} <= {"prod-3"}
    assert HIDDEN not in str(view) + str(options)
    assert HIDDEN_TAG not in str(view) + str(options)


@pytest.mark.parametrize("profile", ["routine", "none-like-it"])
@pytest.mark.parametrize("narrow", ["", "until=x"])
def test_a_form_answers_for_a_hidden_host_as_for_one_that_does_not_exist(
    place: Place, monkeypatch: pytest.MonkeyPatch, profile: str, narrow: str
) -> None:
    """What a menu did not offer cannot be chosen in it; here it is, as if it had been."""
    told = []
    for name in (HIDDEN, MISSING):
        given = Given(host=name, profile=profile, narrow=narrow)
        monkeypatch.setattr(forms, "given_in", lambda _view, given=given: given)
        place.workspace.command(CYD, "/docker-prune")
        place.workspace.wait_for(lambda: place.workspace.view(CYD))
        told.append(place.workspace.submit_view(CYD).errors)
    hidden, missing = told
    assert list(hidden) == [ASK_HOST]
    assert hidden[ASK_HOST].replace(HIDDEN, MISSING) == missing[ASK_HOST]
    refused = [link.event for link in place.store.audit.events("") if link.event.tag is Tag.REQUEST_REFUSED]
    assert [event.host for event in refused] == [HIDDEN]
