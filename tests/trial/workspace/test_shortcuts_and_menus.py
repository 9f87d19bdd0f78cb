"""Shortcuts, menus that the app fills, and menus of conversations: as Slack has them, and refused as Slack refuses."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from slack_bolt import Ack, App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.trial.workspace import Channel, Shortcut, Team, Workspace
from bot.trial.workspace.core import Refused
from bot.trial.workspace.limits.limits import check_view

ANN, BOB = "U0ANN", "U0BOB"
JSON = dict[str, Any]


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    channels = (
        Channel(id="C0OPS", name="ops"),
        Channel(id="C0OPEN", name="open", has_bot=False),
        Channel(id="G0BOB", name="bobs", is_private=True, people=(BOB,)),
        Channel(id="C0PAST", name="past", is_archived=True),
    )
    shortcuts = (
        Shortcut(name="Go", callback_id="go"),
        Shortcut(name="Go here", callback_id="go_here", of_messages=True),
    )
    with Workspace(team=Team(channels=channels, shortcuts=shortcuts)) as workspace:
        workspace.team.scopes = None
        yield workspace


def plain(text: str) -> JSON:
    return {"type": "plain_text", "text": text}


def option(name: str) -> JSON:
    return {"text": plain(name), "value": name}


def field(name: str, element: JSON, *, dispatch: bool = False) -> JSON:
    made = {
        "type": "input",
        "block_id": name,
        "label": plain(name),
        "element": {**element, "action_id": name},
    }
    return {**made, "dispatch_action": True} if dispatch else made


def modal(*blocks: JSON) -> JSON:
    return {
        "type": "modal", "callback_id": "form", "title": plain("Go"), "submit": plain("Go"), "blocks": list(blocks),
    }  # fmt: skip


HOST = field("host", {"type": "external_select", "min_query_length": 0}, dispatch=True)
CHANNEL = field(
    "channel",
    {
        "type": "conversations_select", "default_to_current_conversation": True,
        "filter": {"include": ["public", "private"], "exclude_bot_users": True},
    },
)  # fmt: skip


@pytest.fixture
def heard(app: App) -> list[JSON]:
    """Every shortcut that the app heard of; it opens a form."""
    heard: list[JSON] = []

    def opens(ack: Ack, body: JSON, client: WebClient) -> None:
        ack()
        heard.append(body)
        client.views_open(trigger_id=body["trigger_id"], view=modal(HOST, CHANNEL))

    app.shortcut("go")(opens)
    app.shortcut("go_here")(opens)
    return heard


def opened(workspace: Workspace, user: str = ANN) -> str:
    view = workspace.wait_for(lambda: workspace.view(user))
    assert view is not None
    return str(view["id"])


def test_a_global_shortcut_tells_of_no_channel_and_has_no_response_url(
    heard: list[JSON], workspace: Workspace
) -> None:
    assert workspace.shortcut(ANN, "go").ok
    opened(workspace)
    (body,) = heard
    assert (body["type"], body["callback_id"], body["user"]["id"]) == ("shortcut", "go", ANN)
    assert not {"channel", "response_url", "message"} & set(body)


def test_a_shortcut_of_a_message_tells_which_and_where_and_can_be_answered_there(
    heard: list[JSON], workspace: Workspace
) -> None:
    top = workspace.say(ANN, "full again", channel="C0OPEN")
    assert workspace.shortcut(BOB, "go_here", ts=top.ts).ok
    opened(workspace, BOB)
    reply = workspace.say(BOB, "yes", channel="C0OPEN", thread_ts=top.ts)
    assert workspace.shortcut(BOB, "go_here", ts=reply.ts).ok
    assert workspace.shortcut(BOB, "go_here", ts=top.ts).ok
    workspace.wait_for(lambda: len(heard) == 3)
    first, in_thread, begins_one = heard
    assert first["type"] == "message_action"
    assert (first["channel"]["id"], first["message_ts"]) == ("C0OPEN", top.ts)
    assert first["message"]["text"] == "full again"
    assert "thread_ts" not in first["message"]
    assert (in_thread["message_ts"], in_thread["message"]["thread_ts"]) == (reply.ts, top.ts)
    assert begins_one["message"]["thread_ts"] == top.ts
    assert first["response_url"].startswith(workspace.url)


def test_a_shortcut_is_chosen_where_its_menu_is_and_by_who_sees_it(
    heard: list[JSON], workspace: Workspace, client: WebClient
) -> None:
    message = workspace.say(BOB, "for Bob", channel="G0BOB")
    private = client.chat_postEphemeral(channel="C0OPS", user=ANN, text="for Ann")["message_ts"]
    for user, name, ts in (
        (ANN, "go_here", ""),
        (ANN, "go", message.ts),
        (ANN, "none", ""),
        (ANN, "go_here", message.ts),
        (ANN, "go_here", str(private)),
    ):
        with pytest.raises(Refused, match=r"no_such_shortcut|message_not_found"):
            workspace.shortcut(user, name, ts=ts)
    with pytest.raises(Refused, match="channel_not_found"):
        workspace.shortcut(ANN, "go", channel="G0BOB")
    assert heard == []


def test_a_trigger_of_a_shortcut_is_as_short_lived_as_any_other(app: App, workspace: Workspace) -> None:
    errors: list[str] = []

    @app.shortcut("go")
    def late(ack: Ack, body: JSON, client: WebClient) -> None:
        ack()
        workspace.expire_triggers()
        with pytest.raises(SlackApiError) as error:
            client.views_open(trigger_id=body["trigger_id"], view=modal(CHANNEL))
        errors.append(error.value.response["error"])

    workspace.shortcut(ANN, "go")
    workspace.wait_for(lambda: errors == ["expired_trigger_id"])


def test_a_menu_asks_the_app_for_its_options_and_takes_only_these(
    heard: list[JSON], app: App, workspace: Workspace
) -> None:
    asked: list[JSON] = []
    chosen: list[JSON] = []

    @app.options("host")
    def hosts(ack: Ack, body: JSON) -> None:
        asked.append(body)
        ack(options=[option(name) for name in ("prod-3", "prod-4", "ci") if body["value"] in name])

    @app.action("host")
    def choose(ack: Ack, body: JSON) -> None:
        ack()
        chosen.append(body)

    workspace.shortcut(ANN, "go")
    view = opened(workspace)
    with pytest.raises(Refused, match="no_such_option"):
        workspace.click(ANN, view, "host", "prod-3")
    assert [each["value"] for each in workspace.suggest(ANN, view, "host", "prod")] == ["prod-3", "prod-4"]
    with pytest.raises(Refused, match="no_such_option"):
        workspace.click(ANN, view, "host", "ci")
    assert workspace.click(ANN, view, "host", "prod-3").ok
    workspace.wait_for(lambda: chosen)
    assert chosen[0]["actions"][0]["selected_option"] == option("prod-3")
    assert chosen[0]["view"]["state"]["values"]["host"]["host"]["selected_option"] == option("prod-3")
    (body,) = asked
    assert (body["type"], body["action_id"], body["block_id"]) == ("block_suggestion", "host", "host")
    assert (body["value"], body["view"]["id"], body["container"]["view_id"]) == ("prod", view, view)
    assert not {"trigger_id", "response_url", "channel"} & set(body)
    assert workspace.suggest(ANN, view, "host", "nothing") == []


@pytest.mark.parametrize(
    "options",
    [
        [option(str(number)) for number in range(101)],
        [option("x" * 76)],
        [{"text": plain("a"), "value": "x" * 151}],
        [{"text": {"type": "mrkdwn", "text": "a"}, "value": "a"}],
        None,
    ],
)
def test_options_that_slack_would_not_show_are_refused(
    heard: list[JSON], app: App, workspace: Workspace, options: list[JSON] | None
) -> None:
    @app.options("host")
    def hosts(ack: Ack) -> None:
        ack({"options": options} if options else {})

    workspace.shortcut(ANN, "go")
    with pytest.raises(Refused, match="invalid_options"):
        workspace.suggest(ANN, opened(workspace), "host")


def test_an_app_that_does_not_answer_a_menu_in_three_seconds_fills_it_with_nothing(
    heard: list[JSON], app: App, workspace: Workspace
) -> None:
    @app.options("host")
    def hosts(ack: Ack) -> None:
        time.sleep(3.3)
        ack(options=[option("late")])

    workspace.shortcut(ANN, "go")
    view = opened(workspace)
    with pytest.raises(Refused, match="operation_timeout"):
        workspace.suggest(ANN, view, "host")


def test_a_menu_waits_for_as_many_characters_as_it_says(app: App, workspace: Workspace) -> None:
    patient = field("host", {"type": "external_select"})

    @app.shortcut("go")
    def opens(ack: Ack, body: JSON, client: WebClient) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=modal(patient))

    workspace.shortcut(ANN, "go")
    view = opened(workspace)
    with pytest.raises(Refused, match="query_too_short"):
        workspace.suggest(ANN, view, "host", "pr")
    with pytest.raises(Refused, match=r"operation_timeout|dispatch_failed|invalid_options"):
        workspace.suggest(ANN, view, "host", "pro")


def test_a_menu_of_conversations_begins_with_the_one_before_the_person_and_takes_those_that_fit(
    heard: list[JSON], app: App, workspace: Workspace
) -> None:
    got: list[JSON] = []

    @app.view("form")
    def submitted(ack: Ack, view: JSON) -> None:
        ack()
        got.append(view["state"]["values"]["channel"]["channel"])

    @app.options("host")
    def hosts(ack: Ack) -> None:
        ack(options=[option("prod-3")])

    workspace.shortcut(ANN, "go", channel="C0OPEN")
    workspace.suggest(ANN, opened(workspace), "host")
    for hidden in ("G0BOB", "C0PAST", workspace.team.direct(ANN).id, "C0NONE"):
        with pytest.raises(Refused, match="no_such_option"):
            workspace.submit_view(ANN, {"host": "prod-3", "channel": hidden})
    assert workspace.submit_view(ANN, {"host": "prod-3"}).ok
    workspace.wait_for(lambda: got)
    assert got[0]["selected_conversation"] == "C0OPEN"


@pytest.mark.parametrize(
    ("element", "place"),
    [
        ({"type": "external_select", "min_query_length": -1}, "element/min_query_length"),
        ({"type": "external_select", "options": [option("a")]}, "element"),
        (
            {"type": "external_select", "initial_option": option("x" * 76)},
            "element/initial_option/0/text/text",
        ),
        ({"type": "conversations_select", "filter": {}}, "element/filter"),
        ({"type": "conversations_select", "filter": {"include": ["all"]}}, "element/filter/include/0"),
        ({"type": "conversations_select", "filter": {"include": []}}, "element/filter/include"),
        ({"type": "conversations_select", "filter": {"only": True}}, "element/filter"),
    ],
)
def test_a_menu_beyond_a_limit_is_refused_at_its_place(element: JSON, place: str) -> None:
    (problem,) = check_view(modal(field("one", element)))
    assert problem.endswith(f"[json-pointer:/view/blocks/0/{place}]")
    assert check_view(modal(HOST, CHANNEL)) == []
