import time
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.trial.workspace import Workspace

CHANNEL = "C0OPS"


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def error_of(refused: pytest.ExceptionInfo[SlackApiError]) -> str:
    return str(refused.value.response["error"])


def test_the_bot_learns_who_it_is(client: WebClient) -> None:
    who = client.auth_test()
    assert (who["user_id"], who["bot_id"], who["team_id"]) == ("U0DECK", "B0DECK", "T0TRIAL")


def test_a_wrong_token_is_refused(workspace: Workspace) -> None:
    with pytest.raises(SlackApiError) as refused:
        WebClient(token=workspace.bot_token + "x", base_url=workspace.api_url).auth_test()
    assert error_of(refused) == "invalid_auth"
    with pytest.raises(SlackApiError) as refused:
        WebClient(base_url=workspace.api_url).auth_test()
    assert error_of(refused) == "not_authed"


def test_an_unknown_method_is_refused(client: WebClient) -> None:
    with pytest.raises(SlackApiError) as refused:
        client.api_call("chat.shout")
    assert error_of(refused) == "unknown_method"


def test_a_message_is_edited_in_place(client: WebClient, workspace: Workspace) -> None:
    posted = client.chat_postMessage(channel=CHANNEL, text="one", blocks=[section("one")])
    client.chat_update(channel=CHANNEL, ts=posted["ts"], text="two", blocks=[section("two")])
    (message,) = workspace.messages()
    assert (message.ts, message.text, message.blocks[0]["text"]["text"]) == (posted["ts"], "two", "two")


def test_an_update_with_text_alone_takes_the_blocks_away(client: WebClient, workspace: Workspace) -> None:
    posted = client.chat_postMessage(channel=CHANNEL, text="one", blocks=[section("one")])
    client.chat_update(channel=CHANNEL, ts=posted["ts"], text="two")
    assert workspace.messages()[0].blocks == ()


def test_a_message_of_a_person_cannot_be_updated(client: WebClient, workspace: Workspace) -> None:
    said = workspace.say("U0ANN", "hello")
    with pytest.raises(SlackApiError) as refused:
        client.chat_update(channel=CHANNEL, ts=said.ts, text="mine now")
    assert error_of(refused) == "cant_update_message"


def test_what_is_not_there_is_not_found(client: WebClient) -> None:
    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(channel="C0NOWHERE", text="x")
    assert error_of(refused) == "channel_not_found"
    with pytest.raises(SlackApiError) as refused:
        client.chat_update(channel=CHANNEL, ts="1.000001", text="x")
    assert error_of(refused) == "message_not_found"


def test_blocks_beyond_a_limit_are_refused_with_their_place(client: WebClient) -> None:
    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(channel=CHANNEL, text="x", blocks=[section("ok"), section("x" * 3001)])
    assert error_of(refused) == "invalid_blocks"
    assert refused.value.response["response_metadata"]["messages"] == [
        "[ERROR] must be less than 3001 characters [json-pointer:/blocks/1/text/text]"
    ]


def test_replies_make_a_thread(client: WebClient, workspace: Workspace) -> None:
    parent = client.chat_postMessage(channel=CHANNEL, text="parent")["ts"]
    client.chat_postMessage(channel=CHANNEL, text="reply", thread_ts=parent)
    assert [message.text for message in workspace.messages()] == ["parent"]
    assert [message.text for message in workspace.thread(parent)] == ["parent", "reply"]
    replies = client.conversations_replies(channel=CHANNEL, ts=parent)["messages"]
    assert [message["text"] for message in replies] == ["parent", "reply"]
    assert client.conversations_history(channel=CHANNEL)["messages"][0]["reply_count"] == 1


def test_a_direct_message_opens_for_a_person(client: WebClient, workspace: Workspace) -> None:
    channel = client.conversations_open(users="U0ANN")["channel"]["id"]
    client.chat_postMessage(channel=channel, text="for Ann")
    client.chat_postMessage(channel="U0ANN", text="for Ann too")
    assert [message.text for message in workspace.direct_messages("U0ANN")] == ["for Ann", "for Ann too"]


def test_an_ephemeral_message_is_seen_by_one_person(client: WebClient, workspace: Workspace) -> None:
    client.chat_postEphemeral(channel=CHANNEL, user="U0ANN", text="psst")
    assert [message.text for message in workspace.ephemerals("U0ANN")] == ["psst"]
    assert workspace.ephemerals("U0BOB") == []
    assert workspace.messages() == []


def test_people_and_groups_can_be_looked_up(client: WebClient) -> None:
    assert client.users_info(user="U0BOB")["user"]["real_name"] == "Bob"
    assert client.usergroups_users_list(usergroup="S0OPS")["users"] == ["U0ANN", "U0BOB"]
    assert client.usergroups_list()["usergroups"][0]["id"] == "S0OPS"


def test_a_home_is_published_against_its_hash(client: WebClient, workspace: Workspace) -> None:
    view = {"type": "home", "blocks": [section("home")]}
    first = client.views_publish(user_id="U0ANN", view=view)["view"]
    client.views_publish(user_id="U0ANN", view=view, hash=first["hash"])
    with pytest.raises(SlackApiError) as refused:
        client.views_publish(user_id="U0ANN", view=view, hash=first["hash"])
    assert error_of(refused) == "hash_conflict"
    home = workspace.home("U0ANN")
    assert home is not None
    assert home["id"] == first["id"]


def test_an_uploaded_picture_can_be_shown_once_slack_has_looked_at_it(
    client: WebClient, workspace: Workspace
) -> None:
    uploaded = client.files_upload_v2(
        channel=CHANNEL, filename="growth.png", content=b"\x89PNG....", alt_txt="60% to 91%"
    )
    file_id = uploaded["file"]["id"]
    picture = {"type": "image", "slack_file": {"id": file_id}, "alt_text": "60% to 91%"}
    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(channel=CHANNEL, text="x", blocks=[picture])
    assert "invalid slack file" in refused.value.response["response_metadata"]["messages"][0]
    ends = time.monotonic() + 5
    while not client.files_info(file=file_id)["file"]["mimetype"] and time.monotonic() < ends:
        time.sleep(0.05)
    client.chat_postMessage(channel=CHANNEL, text="x", blocks=[picture])
    assert workspace.file(file_id) == b"\x89PNG...."


def test_a_failure_can_be_asked_for(client: WebClient, workspace: Workspace) -> None:
    workspace.fail_next("chat.postMessage", status=429, retry_after=7)
    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(channel=CHANNEL, text="x")
    assert refused.value.response.status_code == 429
    assert refused.value.response.headers["Retry-After"] == "7"
    workspace.fail_next("chat.postMessage", error="is_archived")
    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(channel=CHANNEL, text="x")
    assert error_of(refused) == "is_archived"
    client.chat_postMessage(channel=CHANNEL, text="x")
    assert len(workspace.calls("chat.postMessage")) == 1


def test_rate_limits_hold_when_switched_on(client: WebClient, workspace: Workspace) -> None:
    workspace.limit_rates()
    client.chat_postMessage(channel=CHANNEL, text="one")
    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(channel=CHANNEL, text="two")
    assert error_of(refused) == "ratelimited"


def test_reactions_and_permalinks_belong_to_their_message(client: WebClient, workspace: Workspace) -> None:
    ts = client.chat_postMessage(channel=CHANNEL, text="x")["ts"]
    client.reactions_add(channel=CHANNEL, timestamp=ts, name="eyes")
    assert workspace.message(ts).reactions == (("eyes", "U0DECK"),)
    link = client.chat_getPermalink(channel=CHANNEL, message_ts=ts)["permalink"]
    assert link == f"{workspace.url}/archives/{CHANNEL}/p{ts.replace('.', '')}"
    client.chat_delete(channel=CHANNEL, ts=ts)
    assert workspace.messages() == []
