import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from slack_bolt import Ack, App, BoltContext, Respond
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.trial.workspace import Refused, Workspace
from bot.trial.workspace.page.acts import Click

JSON = dict[str, Any]
CHANNEL = "C0OPS"


def plain(text: str) -> JSON:
    return {"type": "plain_text", "text": text}


PLAN: list[JSON] = [
    {
        "type": "actions",
        "elements": [
            {"type": "button", "action_id": "approve", "text": plain("Approve"), "value": "plan-1"},
            {
                "type": "static_select",
                "action_id": "profile",
                "options": [{"text": plain(name), "value": name} for name in ("ci", "routine")],
            },
        ],
    }
]
MODAL: JSON = {
    "type": "modal",
    "callback_id": "adjust",
    "title": plain("Adjust"),
    "submit": plain("Save"),
    "notify_on_close": True,
    "blocks": [
        {
            "type": "input",
            "block_id": "host",
            "label": plain("Host"),
            "element": {"type": "plain_text_input", "action_id": "host"},
        }
    ],
}


def opens_modal(ack: Ack, body: JSON, client: WebClient) -> None:
    ack()
    client.views_open(trigger_id=body["trigger_id"], view=MODAL)


def test_a_command_is_acked_and_answered(app: App, workspace: Workspace) -> None:
    got: list[JSON] = []

    def handle(ack: Ack, command: JSON, client: WebClient) -> None:
        got.append(command)
        ack("Looking…")
        client.chat_postMessage(channel=command["channel_id"], text=f"df of {command['text']}")

    app.command("/docker-df")(handle)
    outcome = workspace.command("U0ANN", "/docker-df", "prod-3")
    assert outcome.ok
    assert outcome.response["text"] == "Looking…"
    message = workspace.wait_for(lambda: workspace.messages()[-1:])[0]
    assert (message.text, message.by_bot) == ("df of prod-3", True)
    assert [shown.text for shown in workspace.ephemerals("U0ANN")] == ["Looking…"]
    assert (got[0]["user_name"], got[0]["channel_name"], got[0]["team_id"]) == ("ann", "ops", "T0TRIAL")


def test_a_click_carries_the_message_and_the_choice(app: App, workspace: Workspace) -> None:
    got: list[JSON] = []

    def handle(ack: Ack, body: JSON, client: WebClient) -> None:
        ack()
        got.append(body)
        client.chat_update(channel=CHANNEL, ts=body["container"]["message_ts"], text="Approved", blocks=[])

    app.action("approve")(handle)
    ts = app.client.chat_postMessage(channel=CHANNEL, text="Plan", blocks=PLAN)["ts"]
    assert workspace.click("U0BOB", ts, "approve", "plan-1").ok
    workspace.wait_for(lambda: workspace.message(ts).text == "Approved")
    (body,) = got
    assert body["actions"][0]["value"] == "plan-1"
    assert body["user"]["id"] == "U0BOB"
    assert body["message"]["ts"] == ts
    with pytest.raises(Refused, match="no_such_element"):
        workspace.click("U0ANN", ts, "approve")


def test_a_click_on_what_was_drawn_anew_meanwhile_means_the_one_element_with_its_action_id(
    app: App, workspace: Workspace
) -> None:
    clicked: list[JSON] = []

    def handle(ack: Ack, body: JSON) -> None:
        ack()
        clicked.append(body)

    app.action("approve")(handle)
    ts = app.client.chat_postMessage(channel=CHANNEL, text="Plan", blocks=PLAN)["ts"]
    before = next(block["block_id"] for block in workspace.message(ts).blocks if block["type"] == "actions")
    app.client.chat_update(channel=CHANNEL, ts=ts, text="Plan, one vote", blocks=PLAN)
    stale = Click(where=ts, action_id="approve", block_id=before)
    assert workspace._acts.click("U0BOB", stale).ok
    workspace.wait_for(lambda: clicked)
    assert clicked[0]["actions"][0]["block_id"] != before


def test_a_choice_in_a_menu_is_one_of_its_options(app: App, workspace: Workspace) -> None:
    got: list[JSON] = []

    def handle(ack: Ack, body: JSON) -> None:
        got.append(body)
        ack()

    app.action("profile")(handle)
    ts = app.client.chat_postMessage(channel=CHANNEL, text="Plan", blocks=PLAN)["ts"]
    workspace.click("U0ANN", ts, "profile", "ci")
    assert got[0]["actions"][0]["selected_option"]["value"] == "ci"
    (state,) = got[0]["state"]["values"].values()
    assert state["profile"]["selected_option"]["value"] == "ci"
    with pytest.raises(Refused, match="no_such_option"):
        workspace.click("U0ANN", ts, "profile", "everything")


def test_a_modal_opens_shows_errors_and_closes(app: App, workspace: Workspace) -> None:
    def submitted(ack: Ack, view: JSON) -> None:
        if view["state"]["values"]["host"]["host"]["value"] != "prod-3":
            ack(response_action="errors", errors={"host": "Not this host's name."})
        else:
            ack()

    app.command("/docker-prune")(opens_modal)
    app.view("adjust")(submitted)
    workspace.command("U0ANN", "/docker-prune")
    workspace.wait_for(lambda: workspace.view("U0ANN"))
    assert workspace.submit_view("U0ANN").errors == {"host": "Please complete this required field."}
    assert workspace.submit_view("U0ANN", {"host": "prod-4"}).errors == {"host": "Not this host's name."}
    assert workspace.view("U0BOB") is None
    assert workspace.submit_view("U0ANN", {"host": "prod-3"}).ok
    assert workspace.view("U0ANN") is None


def test_a_closed_modal_is_told_and_cannot_be_updated(app: App, workspace: Workspace) -> None:
    told = threading.Event()

    def closed(ack: Ack) -> None:
        ack()
        told.set()

    app.command("/docker-prune")(opens_modal)
    app.view_closed("adjust")(closed)
    workspace.command("U0ANN", "/docker-prune")
    view = workspace.wait_for(lambda: workspace.view("U0ANN"))
    assert view is not None
    with pytest.raises(SlackApiError, match="hash_conflict"):
        app.client.views_update(view_id=view["id"], hash="stale", view=MODAL)
    app.client.views_update(view_id=view["id"], hash=view["hash"], view=MODAL)
    workspace.close_view("U0ANN")
    assert told.wait(5)
    with pytest.raises(SlackApiError, match="not_found"):
        app.client.views_update(view_id=view["id"], view=MODAL)


def test_a_trigger_works_once_and_not_late(app: App, workspace: Workspace) -> None:
    triggers: list[str] = []

    def handle(ack: Ack, body: JSON) -> None:
        ack()
        triggers.append(body["trigger_id"])

    app.command("/docker-prune")(handle)
    workspace.command("U0ANN", "/docker-prune")
    app.client.views_open(trigger_id=triggers[0], view=MODAL)
    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        app.client.views_open(trigger_id=triggers[0], view=MODAL)
    workspace.command("U0ANN", "/docker-prune")
    workspace.expire_triggers()
    with pytest.raises(SlackApiError, match="expired_trigger_id"):
        app.client.views_open(trigger_id=triggers[1], view=MODAL)


def test_the_home_is_published_when_opened(app: App, workspace: Workspace) -> None:
    def handle(event: JSON, client: WebClient) -> None:
        blocks = [{"type": "header", "text": plain("Fleet")}]
        client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    app.event("app_home_opened")(handle)
    assert workspace.open_home("U0BOB").ok
    assert workspace.wait_for(lambda: workspace.home("U0BOB"))
    assert workspace.home("U0ANN") is None


def test_a_response_url_answers_five_times(app: App, workspace: Workspace) -> None:
    codes: list[int] = []
    done = threading.Event()

    def handle(ack: Ack, respond: Respond) -> None:
        ack()
        codes.extend(respond(f"answer {number}").status_code for number in range(6))
        done.set()

    app.command("/docker-df")(handle)
    workspace.command("U0ANN", "/docker-df")
    assert done.wait(10)
    assert codes == [200] * 5 + [404]
    assert len(workspace.ephemerals("U0ANN")) == 5


def test_a_response_url_replaces_and_deletes_the_private_answer(app: App, workspace: Workspace) -> None:
    def approve(ack: Ack, respond: Respond) -> None:
        ack()
        respond(text="Done", blocks=PLAN, replace_original=True)

    def profile(ack: Ack, respond: Respond) -> None:
        ack()
        respond(delete_original=True)

    app.action("approve")(approve)
    app.action("profile")(profile)
    app.client.chat_postEphemeral(channel=CHANNEL, user="U0ANN", text="Plan", blocks=PLAN)
    (shown,) = workspace.ephemerals("U0ANN")
    with pytest.raises(Refused, match="message_not_found"):
        workspace.click("U0BOB", shown.ts, "approve")
    workspace.click("U0ANN", shown.ts, "approve")
    workspace.wait_for(lambda: workspace.ephemerals("U0ANN")[0].text == "Done")
    workspace.click("U0ANN", shown.ts, "profile", "ci")
    workspace.wait_for(lambda: not workspace.ephemerals("U0ANN"))


def test_an_event_can_come_twice(app: App, workspace: Workspace) -> None:
    seen: list[str] = []

    def handle(ack: Ack, command: JSON) -> None:
        ack()
        seen.append(command["trigger_id"])

    app.command("/docker-df")(handle)
    workspace.command("U0ANN", "/docker-df")
    workspace.redeliver()
    assert len(seen) == 2
    assert seen[0] == seen[1]


def test_a_bot_that_is_asked_to_reconnect_comes_back(app: App, workspace: Workspace) -> None:
    app.command("/docker-df")(lambda ack: ack("here"))
    workspace.disconnect_all()
    workspace.wait_connected()
    assert workspace.command("U0ANN", "/docker-df").ok
    assert len(workspace.calls("apps.connections.open")) == 2


def test_events_go_to_each_connection_in_turn(
    app: App, workspace: Workspace, connect: Callable[[App], AbstractContextManager[None]]
) -> None:
    app.command("/docker-df")(lambda ack: ack("first"))
    other = App(client=WebClient(token=workspace.bot_token, base_url=workspace.api_url))
    other.command("/docker-df")(lambda ack: ack("second"))
    with connect(other):
        answers = {workspace.command("U0ANN", "/docker-df").response["text"] for _ in range(2)}
    assert answers == {"first", "second"}


def test_without_a_bot_the_person_is_told(workspace: Workspace) -> None:
    assert workspace.command("U0ANN", "/docker-df").error == "dispatch_failed"
    (notice,) = workspace.ephemerals("U0ANN")
    assert "/docker-df failed with the error “dispatch_failed”" in notice.text


def test_a_bot_that_does_not_ack_times_out(app: App, workspace: Workspace) -> None:
    def handle(context: BoltContext) -> None:
        del context  # listens, and never acks

    app.command("/docker-df")(handle)
    assert workspace.command("U0ANN", "/docker-df").error == "operation_timeout"
    assert "operation_timeout" in workspace.ephemerals("U0ANN")[0].text


def test_an_unknown_command_is_no_command(app: App, workspace: Workspace) -> None:
    assert workspace.command("U0ANN", "/foo").error == "invalid_command"
    assert "`/foo` is not a valid command" in workspace.ephemerals("U0ANN")[0].text
