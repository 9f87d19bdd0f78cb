"""Slack's own charts and tables: sent where the workspace takes them, found out once, and within what is documented."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from bot.slack.action_ids import PICTURE
from bot.slack.chat import SlackChat
from bot.slack.client import web_client
from bot.slack.kit import native
from bot.slack.kit.blocks import Block, Message, table
from bot.slack.kit.native import Natives, data_table, lines, pie
from bot.trial.workspace import Workspace
from bot.trial.workspace.limits.limits import check_message
from tests.slack.kit.test_extremes import HOSTILE
from tests.slack.place import BOB, OPEN_TO_ALL, Place, eventually, shown

Start = Callable[[str], Place]
HEAD, ROWS = ("HOST", "SIZE"), (("prod-3", "1GB"), ("ci-1", "2GB"))
BOTH = Message(text="2 hosts", blocks=(table(HEAD, ROWS),), native=(data_table("2 hosts", HEAD, ROWS),))


@dataclass
class Ticks:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def chat_of(workspace: Workspace, ticks: Ticks) -> SlackChat:
    client = web_client(workspace.bot_token, workspace.api_url)
    return SlackChat(client, str, Natives(ticks))


def kinds(workspace: Workspace) -> list[str]:
    return [str(block["type"]) for message in workspace.messages() for block in message.blocks]


def test_a_table_of_slacks_own_is_sent_where_the_workspace_takes_it(workspace: Workspace) -> None:
    workspace.team.takes_native = True
    chat = chat_of(workspace, Ticks())
    ts = chat.post("C0OPS", BOTH)
    chat.edit("C0OPS", ts, BOTH)
    assert kinds(workspace) == ["data_table"]


def test_where_it_does_not_that_is_found_out_once_and_forgotten_after_a_while(workspace: Workspace) -> None:
    ticks = Ticks()
    chat = chat_of(workspace, ticks)
    for _ in range(3):
        chat.edit("C0OPS", chat.post("C0OPS", BOTH), BOTH)
    assert kinds(workspace) == ["table"] * 3
    assert len(workspace.calls("chat.postMessage")) == 3 + 1
    assert len(workspace.calls("chat.update")) == 3
    workspace.team.takes_native = True
    ticks.now += native.ASKED_AGAIN + 1
    chat.post("C0OPS", BOTH)
    assert kinds(workspace)[-1] == "data_table"


def test_a_workspace_without_tables_may_have_charts(workspace: Workspace) -> None:
    natives = Natives(Ticks())
    natives.refuse(BOTH.native, ["unsupported type"])
    assert not natives.may(BOTH.native)
    assert natives.may([pie("x", [("a", 1)])])


@pytest.mark.parametrize("name", HOSTILE)
def test_charts_and_tables_are_within_what_slack_documents(name: str) -> None:
    many = [f"{number} {name}" for number in range(native.POINTS_LIMIT)]
    drawn: list[Block] = [
        pie(f"{name}x" * 9, [(f"{number}{name}", number) for number in range(40)]),
        lines(f"x{name}", many, {f"a{name}": [1.5] * len(many), f"b{name}": [2] * len(many)}, f"GB{name}"),
        data_table(f"x{name}", HEAD, [(name[:60], "")] * 96),
    ]
    for block in drawn:
        assert check_message({"text": "x", "blocks": [block]}) == []


def test_what_slack_documents_as_wrong_is_refused() -> None:
    wrong: list[Block] = [
        {"type": "data_visualization", "title": "x", "chart": {"type": "donut"}},
        {"type": "data_visualization", "title": "x" * 51, "chart": pie("x", [("a", 1)])["chart"]},
        {"type": "data_visualization", "title": "x", "chart": {"type": "pie", "segments": []}},
        lines("x", ["a", "b"], {"used": [1, 2]}, "GB") | {"title": ""},
        {**data_table("x", HEAD, ROWS), "page_size": 101},
        {**data_table("x", HEAD, ROWS), "rows": []},
    ]
    for block in wrong:
        assert check_message({"text": "x", "blocks": [block]}), block
    assert check_message({"text": "x", "blocks": [pie("x", [("a", 1)])] * 3})


@pytest.mark.parametrize("takes", [True, False])
def test_where_the_space_is_and_how_it_filled_come_as_charts_else_as_pictures(
    start: Start, *, takes: bool
) -> None:
    place = start(OPEN_TO_ALL)
    place.workspace.team.takes_native = takes
    place.workspace.command(BOB, "/docker-df", "prod-3")
    report = place.message("can go now")
    assert place.workspace.click(BOB, report.ts, PICTURE).ok
    eventually(lambda: len(place.workspace.thread(report.ts)) > 1)
    answer = place.workspace.thread(report.ts)[1]
    assert bool(answer.files) is not takes
    if takes:
        chart, words = answer.blocks
        assert chart["chart"] == {"type": "pie", "segments": [{"label": "Images", "value": 1.5}]}
        assert chart["title"] == "prod-3: GB"
        assert "The largest: old:1 700MB, web:1 500MB, older:1 300MB." in answer.text
        assert words["elements"][0]["text"] == answer.text


def test_a_fleet_is_a_table_that_can_be_sorted_where_the_workspace_takes_it(start: Start) -> None:
    place = start(OPEN_TO_ALL + '[hosts.gone]\ndocker = "unix:///nowhere/docker.sock"\n')
    place.workspace.team.takes_native = True
    place.workspace.command(BOB, "/docker-df", "prod-*")
    place.workspace.command(BOB, "/docker-df", "@none")
    fleet = place.message("RECLAIMABLE is Docker's own figure")
    (sortable,) = (block for block in fleet.blocks if block["type"] == "data_table")
    assert [cell["text"] for cell in sortable["rows"][1]][:2] == ["prod-3", "1.5GB"]
    assert sortable["caption"] in shown(fleet)
