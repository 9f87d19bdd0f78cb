"""The doctor posts each kind of message once to a channel, says what Slack answered, and leaves nothing there."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from slack_sdk import WebClient

from bot.shell.kinds import every_kind
from bot.slack.kit.blocks import Message, modal, section
from bot.slack.kit.native import pie
from bot.slack.trying_out import MARK, Kind, tried_out
from bot.trial.sample.server import SampleEngine
from bot.trial.workspace.server import Workspace
from tests.shell.doctor.test_doctor_and_slack import told
from tests.support.shell import DECKHAND, started

CHANNEL = "C0OPS"
PLAIN = '[database]\nurl = "sqlite:///deckhand.db"\n[hosts.prod-3]\ndocker = "{url}"\n'
GOOD = Kind(name="message “good”", message=Message.of("good <@U0ANN>"))
BAD = Kind(name="message “bad”", message=Message(text="bad", blocks=({"type": "sectoin"},)))
FORM = Kind(name="form “good”", view=modal("x", "Good", [section("text")]))
BAD_FORM = Kind(name="form “bad”", view=modal("x", "Bad", [{"type": "table", "rows": []}]))


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    with Workspace() as workspace:
        assert workspace.team.scopes is not None
        yield workspace


@pytest.fixture
def tokens(workspace: Workspace) -> dict[str, str]:
    return {
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_APP_TOKEN": workspace.app_token,
        "SLACK_API_URL": workspace.api_url,
    }


def lines(workspace: Workspace, *kinds: Kind) -> list[str]:
    found = tried_out(workspace.bot_token, workspace.api_url, CHANNEL, kinds)
    return [f"{'ok' if each.ok else 'fail'} {each.sentence}" for each in found]


def with_history(workspace: Workspace) -> None:
    assert workspace.team.scopes is not None
    workspace.team.scopes |= {"channels:history"}


def test_one_of_each_kind_is_posted_and_deleted_and_each_form_validated(
    folder: Path, sample: SampleEngine, workspace: Workspace, tokens: dict[str, str]
) -> None:
    with_history(workspace)
    workspace.team.takes_native = True
    code, said = told(folder, sample, "--slack", "--channel", CHANNEL, text=PLAIN, **tokens)
    assert code == 0
    kinds = [line.removeprefix("ok    Slack: ") for line in said if "message “" in line or "form “" in line]
    posted = workspace.calls("chat.postMessage")
    assert len(posted) == len([kind for kind in kinds if kind.endswith(": posted and deleted")]) > 10
    assert len([kind for kind in kinds if kind.startswith("form “")]) >= 5
    for part in ("Approve? ", "Cleanup done", "The latest cleanup", "form “Plan a cleanup”", "form “Adjust"):
        assert any(part in kind for kind in kinds) or part in str(posted), part
    assert workspace.messages() == []
    assert {json.loads(call.args["metadata"])["event_type"] if isinstance(call.args["metadata"], str) else
            call.args["metadata"]["event_type"] for call in posted} == {MARK}  # fmt: skip
    assert not workspace.notifications("U0ANN")


def test_what_slack_refuses_is_said_with_its_words_and_the_others_go_on(workspace: Workspace) -> None:
    with_history(workspace)
    said = lines(workspace, BAD, GOOD, BAD_FORM, FORM)
    assert said[0].startswith("fail message “bad”: Slack answered invalid_blocks.")
    assert "blocks.validate: invalid_message" in said[0]
    assert said[1] == "ok message “good”: posted and deleted"
    assert said[2].startswith("fail form “bad”: invalid_view ")
    assert said[3].startswith("ok form “good”: valid; it opens only where somebody presses a button")
    assert workspace.messages() == []


def test_what_only_some_workspaces_take_is_told_and_is_no_failure_where_it_is_refused(
    workspace: Workspace,
) -> None:
    with_history(workspace)
    chart = Kind(name="message “chart”", message=Message(text="chart", blocks=(pie("x", [("a", 1)]),)))
    (refused,) = lines(workspace, chart)
    assert refused.startswith("ok message “chart”: Slack answered invalid_blocks.")
    assert refused.endswith("; so the picture or the table that every workspace takes is sent instead")
    workspace.team.takes_native = True
    assert lines(workspace, chart) == ["ok message “chart”: posted and deleted"]
    drawn = {block["type"] for kind in every_kind() if kind.message for block in kind.message.blocks}
    assert {"data_table", "data_visualization", "table"} <= drawn


def test_without_slacks_validation_messages_are_posted_all_the_same(workspace: Workspace) -> None:
    with_history(workspace)
    workspace.fail_next("blocks.validate", error="unknown_method", times=2)
    said = lines(workspace, GOOD, FORM)
    assert said == [
        "ok message “good”: posted and deleted",
        "ok form “good”: not tried, Slack has no blocks.validate for this app",
    ]


def test_what_a_call_left_that_was_killed_is_deleted_by_the_next_and_nothing_else(
    workspace: Workspace,
) -> None:
    with_history(workspace)
    client = WebClient(workspace.bot_token, workspace.api_url)
    mark = {"event_type": MARK, "event_payload": {"kind": "x"}}
    client.chat_postMessage(channel=CHANNEL, text="left", metadata=mark)
    client.chat_postMessage(channel=CHANNEL, text="a plan", metadata={**mark, "event_type": "deckhand_plan"})
    workspace.say("U0ANN", "by a person")
    assert lines(workspace, GOOD)[0] == "ok 1 left of a call that was killed: deleted"
    assert [each.text for each in workspace.messages()] == ["a plan", "by a person"]


def test_without_the_scope_for_that_it_is_said(workspace: Workspace) -> None:
    assert "Slack answered missing_scope. (It takes the scope channels:history" in lines(workspace, GOOD)[0]


def test_a_message_that_cannot_be_deleted_is_named_and_nothing_more_is_posted(workspace: Workspace) -> None:
    with_history(workspace)
    workspace.fail_next("chat.delete", error="cant_delete_message", times=1)
    said = lines(workspace, GOOD, GOOD, GOOD)
    assert said[-1].startswith(
        "fail the rest was not tried: Slack answered cant_delete_message. A message stays in"
    )
    assert len(workspace.messages()) == 1


def test_killed_half_way_at_most_one_message_stays(
    folder: Path, sample: SampleEngine, workspace: Workspace, tokens: dict[str, str]
) -> None:
    with_history(workspace)
    (folder / "deckhand.toml").write_text(PLAIN.format(url=sample.url))
    log = folder / "log"
    arguments = ("doctor", "--slack", "--channel", CHANNEL)
    with started(DECKHAND, *arguments, folder=folder, log=log, **tokens) as process:
        workspace.wait_for(lambda: len(workspace.calls("chat.postMessage")) > 3, 150)
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    assert len(workspace.messages()) <= 1
    lines(workspace, GOOD)
    assert workspace.messages() == []


def test_a_channel_alone_or_something_that_is_none_is_refused(
    folder: Path, sample: SampleEngine, tokens: dict[str, str]
) -> None:
    for arguments in (("--channel", CHANNEL), ("--slack", "--channel", "U0ANN")):
        code, said = told(folder, sample, *arguments, text=PLAIN, **tokens)
        assert (code, said) == (2, [])


def test_the_kinds_are_made_of_sample_hosts_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(url: str) -> bool:
        pytest.fail(f"{url} was asked")

    monkeypatch.setattr("bot.shell.trying._answers", never)
    kinds = every_kind()
    assert len({kind.name for kind in kinds if kind.view}) >= 5
    assert len([kind for kind in kinds if kind.message]) > 10


def test_an_error_that_says_nothing_of_the_message_ends_it(workspace: Workspace) -> None:
    with_history(workspace)
    workspace.close_channel()
    said = lines(workspace, GOOD, GOOD)
    assert said[-1].startswith("fail the rest was not tried: ")
