"""What the doctor says of Slack and of who may do what, and what it says to do next."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.trial.sample.server import SampleEngine
from bot.trial.workspace.people.team import Channel, Group, Team
from bot.trial.workspace.server import Workspace
from tests.support.shell import deckhand

CONFIGURATION = """
[database]
url = "sqlite:///deckhand.db"

[hosts.prod-3]
docker = "{url}"

[policies.default]
look = ["*"]
request = ["C0OPS"]
approve = ["S0OPS", "S0NONE"]
stop = ["C0PRIV"]
restore = ["C0OLD"]

[schedules.weekly]
hosts = ["prod-3"]
profile = "dangling"
cron = "0 3 * * 1"
channel = "C0ELSE"

[audit]
head_channel = "C0SHARED"
"""
CHANNELS = (
    Channel(id="C0OPS", name="ops"),
    Channel(id="C0ELSE", name="elsewhere", has_bot=False),
    Channel(id="C0PRIV", name="private", has_bot=False, is_private=True),
    Channel(id="C0OLD", name="old", is_archived=True),
    Channel(id="C0SHARED", name="shared", is_shared=True),
)
GROUPS = (
    Group(id="S0OPS", handle="ops-team", name="Ops", members=("U0ANN",)),
    Group(id="S0NONE", handle="none", name="None", members=()),
)


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    with Workspace(team=Team(channels=CHANNELS, groups=GROUPS)) as workspace:
        yield workspace


@pytest.fixture
def tokens(workspace: Workspace) -> dict[str, str]:
    return {
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_APP_TOKEN": workspace.app_token,
        "SLACK_API_URL": workspace.api_url,
    }


def told(
    folder: Path, sample: SampleEngine, *more: str, text: str = CONFIGURATION, **env: str
) -> tuple[int, list[str]]:
    (folder / "deckhand.toml").write_text(text.format(url=sample.url))
    ended = deckhand("doctor", *more, folder=folder, **env)
    assert "Traceback" not in ended.stderr
    return ended.returncode, ended.stdout.splitlines()


def test_tokens_that_stand_in_each_others_place_are_told(
    folder: Path, sample: SampleEngine, tokens: dict[str, str]
) -> None:
    tokens["SLACK_BOT_TOKEN"], tokens["SLACK_APP_TOKEN"] = (
        tokens["SLACK_APP_TOKEN"],
        tokens["SLACK_BOT_TOKEN"],
    )
    code, lines = told(folder, sample, **tokens)
    assert code == 1
    notes = [line for line in lines if line.startswith("note ")]
    assert any("SLACK_BOT_TOKEN holds an app-level token (xapp-…)" in line for line in notes)
    assert any("SLACK_APP_TOKEN holds a bot token (xoxb-…)" in line for line in notes)
    assert any(line.startswith("fail  Slack: SLACK_BOT_TOKEN") for line in lines)


def test_whose_token_it_is_is_asked_and_what_comes_next_is_said(
    folder: Path, sample: SampleEngine, tokens: dict[str, str]
) -> None:
    code, lines = told(folder, sample, **tokens)
    assert code == 0
    assert "ok    Slack: @deckhand in the workspace Deckhand trial (app A0DECK)" in lines
    assert lines[-1] == "next  deckhand doctor --slack, then deckhand run"


def test_without_tokens_the_next_thing_is_to_give_them(folder: Path, sample: SampleEngine) -> None:
    code, lines = told(folder, sample)
    assert (code, lines[-1]) == (0, "next  give it its tokens, then deckhand doctor --slack")


def test_a_slack_that_cannot_be_reached_is_told_once(
    folder: Path, sample: SampleEngine, tokens: dict[str, str]
) -> None:
    tokens["SLACK_API_URL"] = "http://127.0.0.1:9/api/"
    code, lines = told(folder, sample, "--slack", **tokens)
    failed = [line for line in lines if line.startswith("fail")]
    assert code == 1
    assert [line.partition(": Slack")[0] for line in failed] == [
        "fail  Slack: SLACK_BOT_TOKEN", "fail  Slack: SLACK_APP_TOKEN",
    ]  # fmt: skip


def test_each_channel_and_group_that_is_named_is_tried_and_nothing_is_posted(
    folder: Path, sample: SampleEngine, workspace: Workspace, tokens: dict[str, str]
) -> None:
    code, lines = told(folder, sample, "--slack", **tokens)
    assert code == 1
    found = [line.replace("  Slack:", "") for line in lines if "  Slack: " in line]
    assert found[1:] == [
        "ok   Socket Mode takes the app token",
        "ok   it has every scope that it needs",
        "ok   C0OPS (policy default): the bot is in #ops",
        "ok   S0OPS (policy default): the user group has 1 member",
        "fail S0NONE (policy default): the user group has no members, so what names it gives nobody a right",
        "fail C0PRIV (policy default): it does not exist, or is private and the bot is not in it: /invite it there",
        "fail C0OLD (policy default): #old is archived, and nothing can be posted there; name another",
        "fail C0ELSE (schedule weekly): the bot is not in #elsewhere; /invite it there",
        "ok   C0SHARED (the end of the audit): the bot is in #shared, which other companies read too",
    ]
    assert lines[-1] == "next  do what the lines with “fail” say, then deckhand doctor --slack"
    told_somebody = (
        "chat.postMessage",
        "chat.postEphemeral",
        "chat.update",
        "conversations.open",
        "views.open",
    )
    assert not [method for method in told_somebody if workspace.calls(method)]
    assert workspace.calls("conversations.info"), "what was asked is seen"


def test_a_scope_too_few_is_named_with_what_is_missing_without_it(
    folder: Path, sample: SampleEngine, workspace: Workspace, tokens: dict[str, str]
) -> None:
    assert workspace.team.scopes is not None
    workspace.team.scopes -= {"users:read", "usergroups:read"}
    code, lines = told(folder, sample, "--slack", **tokens)
    assert code == 1
    assert any(
        re.match(r"fail +Slack: the scope users:read is missing: nobody has any right; add it", each)
        for each in lines
    )
    assert any(
        "S0OPS (policy default): it cannot be asked about: Slack answered missing_scope." in each
        for each in lines
    )


OPEN = 'look = ["*"]\nrequest = ["*"]\n'
NOBODY = [
    "nobody may look at them",
    "nobody may ask for a cleanup",
    "nobody may approve one, so none ever runs",
]
ALONE = 'look = ["*"]\nrequest = ["U0ANN", "U0BOB"]\napprove = ["U0ANN", "U0BOB"]\nquorum = {}'


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("", NOBODY),
        (OPEN + 'auto_approve = ["dangling"]', []),
        (OPEN + 'approve = ["U0ANN"]\nquorum = 2', ["a plan needs 2 approvals, and 1 person may approve"]),
        (ALONE.format(2), ["a plan needs the approval of all who may approve (2 people)"]),
        (ALONE.format(2) + "\nself_approval = true", []),
        (ALONE.format(1), []),
        (ALONE.format(3), ["a plan needs 3 approvals, and 2 people may approve"]),
        (OPEN + 'approve = ["U0ANN", "S0OPS"]\nquorum = 5', []),
    ],
)  # fmt: skip
def test_a_policy_under_which_nothing_can_ever_run_is_told(
    folder: Path, sample: SampleEngine, policy: str, said: list[str]
) -> None:
    text = CONFIGURATION.split("[policies.default]", maxsplit=1)[0] + f"[policies.default]\n{policy}\n"
    _, lines = told(folder, sample, text=text)
    notes = [line.partition("policy default (prod-3): ")[2] for line in lines if "policy default" in line]
    assert len(notes) == len(said)
    assert all(note.startswith(start) for note, start in zip(notes, said, strict=True)), notes
