"""What the real Slack does and a look-alike is tempted to leave out: it is here, and always on."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from slack_bolt import Ack, App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.trial.workspace import Channel, Person, Team, Workspace
from bot.trial.workspace.core import Refused
from bot.trial.workspace.limits.limits import check_message
from bot.trial.workspace.people.team import (
    DEFAULT_COMMANDS,
    DEFAULT_PEOPLE,
    DEFAULT_SCOPES,
    DEFAULT_SHORTCUTS,
)

ANN, BOB, CYD = "U0ANN", "U0BOB", "U0CYD"
OPEN, HIDDEN, BETWEEN = "C0OPEN", "G0HIDE", "D0ANNBOB"
MANIFEST = Path(__file__).parents[3] / "deploy" / "slack-manifest.yaml"


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    channels = (
        Channel(id="C0OPS", name="ops"),
        Channel(id=OPEN, name="open", has_bot=False),
        Channel(id=HIDDEN, name="hidden", has_bot=False, is_private=True, people=(ANN, BOB)),
        Channel(id=BETWEEN, name="", has_bot=False, people=(ANN, BOB)),
    )
    people = (*DEFAULT_PEOPLE, Person(id=CYD, name="cyd", real_name="Cyd"))
    with Workspace(team=Team(people=people, channels=channels)) as workspace:
        yield workspace


def refused(client: WebClient, method: str, **arguments: Any) -> str:
    with pytest.raises(SlackApiError) as error:
        client.api_call(method, json=arguments)
    return str(error.value.response["error"])


@pytest.mark.parametrize(
    ("channel", "error"),
    [(OPEN, "not_in_channel"), (HIDDEN, "channel_not_found"), (BETWEEN, "channel_not_found")],
)
def test_where_the_bot_is_not_it_can_write_nothing(client: WebClient, channel: str, error: str) -> None:
    assert refused(client, "chat.postMessage", channel=channel, text="hello") == error
    assert refused(client, "chat.postEphemeral", channel=channel, text="hello", user=ANN) == error
    assert refused(client, "chat.update", channel=channel, text="hello", ts="1.2") == error


def test_it_knows_of_a_public_channel_without_being_in_it_and_of_no_other_one(client: WebClient) -> None:
    channel = client.conversations_info(channel=OPEN)["channel"]
    assert (channel["is_member"], channel["is_private"]) == (False, False)
    assert refused(client, "conversations.info", channel=HIDDEN) == "channel_not_found"
    listed = client.conversations_list()["channels"]
    assert [each["id"] for each in listed] == ["C0OPS", OPEN]


def test_who_is_not_in_a_private_channel_does_not_see_it(workspace: Workspace) -> None:
    with pytest.raises(Refused, match="channel_not_found"):
        workspace.command(CYD, "/docker-df", channel=HIDDEN)


@pytest.mark.parametrize("channel", [OPEN, HIDDEN, BETWEEN])
def test_a_response_url_works_wherever_a_command_can_be_typed_five_times(
    app: App, workspace: Workspace, channel: str
) -> None:
    answers: list[int] = []

    @app.command("/docker-df")
    def answer(ack: Ack, respond: Any) -> None:
        ack()
        answers.extend(respond("here", response_type="in_channel").status_code for _ in range(6))

    workspace.command(ANN, "/docker-df", channel=channel)
    workspace.wait_for(lambda: len(answers) == 6)
    assert answers == [200] * 5 + [404]
    assert len(workspace.messages(channel)) == 5


def test_a_command_that_escapes_turns_people_groups_channels_and_links(
    app: App, workspace: Workspace
) -> None:
    texts: list[str] = []

    @app.command("/docker-audit")
    def audit(ack: Ack, command: dict[str, Any]) -> None:
        ack()
        texts.append(command["text"])

    workspace.command(
        ANN, "/docker-audit", "@ops-team by=@bob #ops registry.example.com/app:1 https://a.b/c @no a&b<c>"
    )
    assert texts[0].split() == [
        "<!subteam^S0OPS|@ops-team>", "by=<@U0BOB|bob>", "<#C0OPS|ops>",
        "<http://registry.example.com/app:1|registry.example.com/app:1>", "<https://a.b/c>", "@no", "a&amp;b&lt;c&gt;",
    ]  # fmt: skip


def test_a_messages_tab_that_is_read_only_takes_nothing(workspace: Workspace) -> None:
    workspace.team.takes_messages = False
    direct = workspace.team.direct(ANN).id
    with pytest.raises(Refused, match="read_only"):
        workspace.command(ANN, "/docker-df", channel=direct)
    with pytest.raises(Refused, match="read_only"):
        workspace.say(ANN, "help", channel=direct)


def test_a_new_message_notifies_whom_it_calls_and_an_edited_one_nobody(
    client: WebClient, workspace: Workspace
) -> None:
    def notified() -> list[int]:
        return [len(workspace.notifications(user)) for user in (ANN, BOB, CYD)]

    posted = client.chat_postMessage(channel="C0OPS", text="nobody")
    client.chat_update(channel="C0OPS", ts=posted["ts"], text="<@U0ANN> <!channel>")
    assert notified() == [0, 0, 0]
    client.chat_postMessage(channel="C0OPS", text="for <@U0CYD>")
    assert notified() == [0, 0, 1]
    called = {"type": "section", "text": {"type": "mrkdwn", "text": "for <!subteam^S0OPS>"}}
    client.chat_postMessage(channel="C0OPS", text="a group", blocks=[called])
    assert notified() == [1, 1, 1]
    client.chat_postMessage(channel=workspace.team.direct(BOB).id, text="in person")
    assert notified() == [1, 2, 1]


def test_a_long_section_is_folded_unless_it_says_that_it_expands(
    client: WebClient, workspace: Workspace
) -> None:
    long: dict[str, Any] = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 701}}
    many = {"type": "section", "text": {"type": "mrkdwn", "text": "\n".join("x" * 11)}}
    short = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 700}}
    blocks = [long, many, short, {**long, "expand": True}]
    posted = client.chat_postMessage(channel="C0OPS", text="long", blocks=blocks)
    assert workspace.folded(posted["ts"]) == ["x" * 701, "\n".join("x" * 11)]


def test_an_answer_can_be_lost_after_what_was_asked_for_is_done(
    client: WebClient, workspace: Workspace
) -> None:
    workspace.lose_answers("chat.postMessage")
    with pytest.raises(SlackApiError) as lost:
        client.chat_postMessage(channel="C0OPS", text="it stands all the same")
    assert lost.value.response.status_code == 503
    assert [each.text for each in workspace.messages()] == ["it stands all the same"]


def test_updates_have_a_budget_of_the_whole_app(client: WebClient, workspace: Workspace) -> None:
    posts = [client.chat_postMessage(channel="C0OPS", text="x")["ts"] for _ in range(2)]
    for number in range(50):
        client.chat_update(channel="C0OPS", ts=posts[number % 2], text=str(number))
    with pytest.raises(SlackApiError) as slowed:
        client.chat_update(channel="C0OPS", ts=posts[0], text="one too many")
    assert slowed.value.response.status_code == 429


def test_a_table_has_a_limit_on_all_its_cells_and_an_upload_on_its_words(client: WebClient) -> None:
    row = [{"type": "raw_text", "text": "x" * 100}] * 10
    table = {"type": "table", "rows": [row] * 10}
    assert check_message({"text": "x", "blocks": [table]}) == []
    problems = check_message({"text": "x", "blocks": [{**table, "rows": [row] * 11}]})
    assert "11000 characters in all cells" in problems[0]
    arguments = {"filename": "a.png", "length": 3, "alt_txt": "x" * 1001}
    with pytest.raises(SlackApiError) as error:
        client.api_call("files.getUploadURLExternal", params=arguments)
    assert error.value.response["error"] == "alt_txt_too_large"


def test_its_commands_its_shortcuts_its_scopes_and_its_messages_tab_are_those_of_the_manifest() -> None:
    lines = [line.strip() for line in MANIFEST.read_text(encoding="utf-8").splitlines()]
    commands = "\n".join(lines).split("- command: ")[1:]
    told = {each.split()[0]: "should_escape: true" in each for each in commands}
    assert {command.name: command.should_escape for command in DEFAULT_COMMANDS} == told
    features = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))["features"]
    assert [
        {
            "name": each.name, "type": "message" if each.of_messages else "global", "callback_id": each.callback_id,
            "description": each.description,
        }
        for each in DEFAULT_SHORTCUTS
    ] == features["shortcuts"]  # fmt: skip
    assert all(len(each.name) <= 24 and len(each.description) <= 150 for each in DEFAULT_SHORTCUTS)
    scopes = "\n".join(lines).partition("scopes:\nbot:\n")[2].partition("settings:")[0]
    assert {line.split()[1] for line in scopes.splitlines() if line.startswith("- ")} == DEFAULT_SCOPES
    assert Team().takes_messages == ("messages_tab_read_only_enabled: false" in lines)


def test_what_the_app_was_not_granted_is_refused(client: WebClient, workspace: Workspace) -> None:
    assert refused(client, "conversations.history", channel="C0OPS") == "missing_scope"
    assert refused(client, "conversations.info", channel=workspace.team.direct(ANN).id) == "missing_scope"
    workspace.team.scopes = frozenset({"channels:history", "chat:write"})
    metadata = {"event_type": "x", "event_payload": {"plan": "p1"}}
    client.chat_postMessage(channel="C0OPS", text="with metadata", metadata=metadata)
    (message,) = client.conversations_history(channel="C0OPS")["messages"]
    assert "metadata" not in message
    (message,) = client.conversations_history(channel="C0OPS", include_all_metadata=True)["messages"]
    assert message["metadata"] == metadata
    assert refused(client, "users.info", user=ANN) == "missing_scope"
