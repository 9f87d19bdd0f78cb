"""HTTP mode: signed requests over a real socket, the unchanged Bolt and slack_sdk, and nothing for forgers."""

import json
import socket
from pathlib import Path

import pytest

from bot.app import Deckhand
from bot.core.errors import ChatError
from bot.slack.action_ids import APPROVE
from bot.trial.sample import SampleEngine
from bot.trial.workspace import Workspace
from tests.slack.door.site import (
    OLD,
    OTHER_SECRET,
    Site,
    click,
    command,
    free_port,
    settings_for,
    signed,
    without,
)
from tests.slack.place import ANN, BOB, buttons, shown


def test_a_signed_command_is_taken_and_answered_in_the_channel(site: Site) -> None:
    assert site.send(command()) == 200
    assert "prod-3" in site.place.message("can go now").text
    assert site.place.workspace.connections == 0


def test_a_command_that_was_signed_some_minutes_ago_is_taken_too(site: Site) -> None:
    assert site.post(command(), signed(command(), age=OLD - 20)) == 200
    site.place.message("can go now")


def test_a_plan_is_proposed_and_approved_by_signed_requests(site: Site) -> None:
    assert site.send(command("/docker-prune", "prod-3 everything")) == 200
    plan = site.place.message("Cleanup plan: ")
    assert site.send(click(BOB, plan.ts, APPROVE, buttons(plan)[APPROVE])) == 200
    ended = site.place.message("Cleanup done")
    assert ended.ts == plan.ts
    assert "<@U0BOB>" in shown(ended)
    assert site.place.images() == {"web:1"}


def test_slacks_check_of_the_address_is_answered_with_its_challenge(site: Site) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "c4all", "token": "trial"})
    status, answer = site._ask(
        "POST", "/slack/events", body, {**signed(body), "Content-Type": "application/json"}
    )
    assert (status, json.loads(answer)) == (200, {"challenge": "c4all"})


def test_a_home_that_is_opened_is_published(site: Site) -> None:
    event = {"type": "app_home_opened", "user": ANN, "channel": "D0ANN", "tab": "home", "event_ts": "1.2"}
    body = json.dumps({
        "type": "event_callback", "team_id": "T0TRIAL", "api_app_id": "A0DECK", "token": "trial", "event": event,
        "event_id": "Ev1", "event_time": 1,
    })  # fmt: skip
    headers = {**signed(body), "Content-Type": "application/json"}
    assert site._ask("POST", "/slack/events", body, headers)[0] == 200
    home = site.place.workspace.wait_for(lambda: site.place.workspace.home(ANN))
    assert home is not None
    assert "*prod-3*: not looked at yet" in json.dumps(home["blocks"])
    assert site.place.workspace.home(BOB) is None


BODY = command()


def forged() -> dict[str, dict[str, str]]:
    """Headers that Slack did not make, signed now: a signature's age is part of what is tried."""
    return {
        "signed with another secret": signed(BODY, OTHER_SECRET),
        "the signature of another body": signed(BODY + "&text=prod-4"),
        "no signature": without(signed(BODY), "X-Slack-Signature"),
        "an empty signature": {**signed(BODY), "X-Slack-Signature": ""},
        "no text in the signature": {**signed(BODY), "X-Slack-Signature": "v0=\xe9"},
        "no timestamp": without(signed(BODY), "X-Slack-Request-Timestamp"),
        "no number as timestamp": {**signed(BODY), "X-Slack-Request-Timestamp": "now"},
        "no headers of Slack's at all": {},
        "older than five minutes": signed(BODY, age=OLD),
        "from the future": signed(BODY, age=-OLD - 60),
    }


def assert_nothing_happened(site: Site) -> None:
    """A signed command that came later was answered, and it alone."""
    assert site.send(command("/docker-df", "")) == 200
    site.place.message("1 registered host")
    assert [message.text for message in site.place.workspace.messages()] == ["1 registered host: prod-3"]
    assert site.place.told_privately() == set()


def test_a_command_that_slack_did_not_sign_just_now_gets_401_and_causes_nothing(site: Site) -> None:
    answers = {why: site.post(BODY, headers) for why, headers in forged().items()}
    assert answers == dict.fromkeys(answers, 401)
    assert len(answers) == 10
    assert_nothing_happened(site)


def test_an_unsigned_body_that_cannot_be_read_gets_401(site: Site) -> None:
    signed_otherwise = signed("", OTHER_SECRET)
    json_type = {**signed_otherwise, "Content-Type": "application/json"}
    for body in (
        "payload={not-json",
        "payload=%FF%FE",
        "payload=[]",
        "payload=7",
        "{",
        "[]",
        "7",
        "null",
        "\xff",
    ):
        answers = [site.post(body, headers) for headers in ({}, signed_otherwise, json_type)]
        assert (body, answers) == (body, [401, 401, 401])
    assert_nothing_happened(site)


def test_a_click_that_slack_did_not_sign_approves_nothing(site: Site) -> None:
    assert site.send(command("/docker-prune", "prod-3 everything")) == 200
    plan = site.place.message("Cleanup plan: ")
    body = click(BOB, plan.ts, APPROVE, buttons(plan)[APPROVE])
    assert site.post(body, signed(body, OTHER_SECRET)) == 401
    assert site.post(body, signed(body, age=OLD)) == 401
    assert site.send(command("/docker-df", "")) == 200
    site.place.message("1 registered host")
    assert buttons(site.place.workspace.message(plan.ts)) == buttons(plan)
    assert site.place.images() == {"old:1", "older:1", "web:1"}


def test_health_is_answered_without_a_signature_and_nothing_else_is_there(site: Site) -> None:
    assert site.get("/health") == (200, "ok")
    assert site.get("/")[0] == 404
    assert site.get("/slack/events")[0] == 405


def test_a_stopped_deckhand_listens_no_longer(
    workspace: Workspace, sample: SampleEngine, tmp_path: Path
) -> None:
    port = free_port()
    bot = Deckhand(settings_for(workspace, sample, tmp_path, port))
    bot.start()
    socket.create_connection(("127.0.0.1", port), timeout=5).close()
    bot.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_an_address_that_is_taken_is_named_and_nothing_is_left_running(
    workspace: Workspace, sample: SampleEngine, tmp_path: Path
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ChatError) as refused:
            Deckhand(settings_for(workspace, sample, tmp_path, port)).start()
    assert str(refused.value) == (f"127.0.0.1:{port} cannot be listened on; choose another [slack] listen.")
