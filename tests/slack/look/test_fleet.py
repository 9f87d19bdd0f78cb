"""A fleet in Slack: one message that grows as hosts answer, and never more than Slack takes."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from slack_bolt import Respond

from bot.core.docker.usage import DiskSpace, DiskUsage, Glance, UsageRow
from bot.core.errors import EngineTimeoutError, HostError, HostKeyError, HostUnreachableError
from bot.core.plan.plan import Person
from bot.core.watch.forecast import forecast
from bot.core.watch.outlook import Outlook
from bot.process.clock import SteadyClock
from bot.services.look.fleet import Gathering, HostAnswer
from bot.services.work.budget import Budget
from bot.slack.chat import SlackChat
from bot.slack.client import web_client
from bot.slack.door.asked import Asked
from bot.slack.door.replying import Replies
from bot.slack.look.fleet import FleetMessage, fleet_list, fleet_message, shows_all
from bot.trial.sample import SampleEngine
from bot.trial.workspace import Workspace
from tests.core.watch.histories import GB, made
from tests.slack.kit.test_extremes import HOSTILE, assert_harmless, assert_slack_takes, everything
from tests.slack.place import ANN, BOB, OPEN_TO_ALL, Place, shown
from tests.slack.states import ENGINE

Start = Callable[[str], Place]
MORE_HOSTS = """
[hosts.hidden]
docker = "unix:///nowhere/docker.sock"
tags = ["ci"]
policy = "closed"
[hosts.gone]
docker = "unix:///nowhere/docker.sock"
tags = ["ci"]
[policies.closed]
look = ["U0BOB"]
"""


def answer(name: str, size: int, disk: DiskSpace | None = None) -> HostAnswer:
    row = UsageRow(type="Images", total=3, active=1, size=size, reclaimable=size // 2)
    return HostAnswer(
        host=name, glance=Glance(engine=replace(ENGINE, name=name), usage=DiskUsage(rows=(row,)), disk=disk)
    )


def gathering(
    answers: Sequence[HostAnswer],
    errors: Sequence[HostError] = (),
    waiting: Sequence[str] = (),
    *,
    over: bool = True,
) -> Gathering:
    failed = [HostAnswer(host=error.host, error=error) for error in errors]
    return Gathering(
        answers=(*answers, *failed), waiting=tuple(waiting), over=over, within=timedelta(seconds=30)
    )


def rows(message: object) -> list[list[str]]:
    blocks = message.blocks  # type: ignore[attr-defined] # a Message of ours or of the workspace
    return [
        [cell["text"] for cell in row]
        for block in blocks
        if block["type"] == "table"
        for row in block["rows"]
    ]


def test_each_host_has_its_row_the_largest_first_and_a_total() -> None:
    disk = DiskSpace(size=100 * 10**9, free=25 * 10**9)
    message = fleet_message("@ci", gathering([answer("a", 10**9), answer("b", 3 * 10**9, disk)]))
    assert rows(message) == [
        ["HOST", "SIZE", "RECLAIMABLE", "DISK FREE", "FULL"],
        ["b", "3GB", "1.5GB", "25GB", "75%"],
        ["a", "1GB", "500MB", "unknown", "unknown"],
        ["All 2", "4GB", "2GB", "25GB", "75%"],
    ]
    assert message.text == "@ci: 2 hosts, 2 answered. Docker holds 4GB on them."


def test_those_come_first_whose_disks_are_full_first() -> None:
    foretold = forecast(made(5, 28, size=460 * GB).samples)
    assert foretold is not None
    outlook = Outlook(forecasts={"a": foretold}, now=foretold.made_at)
    answers = gathering([answer("a", 10**9), answer("b", 3 * 10**9), answer("c", 2 * 10**9)])
    message = fleet_message("@ci", answers, outlook)
    assert [(row[0], row[5]) for row in rows(message)] == [
        ("HOST", "LASTS"), ("a", "18 days left"), ("b", "-"), ("c", "-"), ("All 3", "-"),
    ]  # fmt: skip
    assert_slack_takes(message)


def test_those_who_failed_are_grouped_by_cause_and_the_slow_are_named() -> None:
    errors = [
        HostUnreachableError("x", "nothing listens on x:22."),
        HostKeyError("y", "the key of y has changed."),
        HostUnreachableError("z", "nothing listens on z:22."),
        EngineTimeoutError("w", "the engine did not answer within 5 s."),
    ]
    text = everything(fleet_message("all", gathering([answer("a", 1)], errors, ["slow-1", "slow-2"])))
    assert "all: 7 hosts, 1 answered, 4 failed, 2 too slow" in text
    assert ":x: *Not reached*: 2 hosts\n• x: nothing listens on x:22.\n• z: nothing" in text
    assert ":x: *SSH key not trusted*: 1 host\n• y: the key" in text
    assert "*No answer in 30 s*: 2 hosts\nslow-1, slow-2" in text


def test_while_hosts_are_waited_for_nobody_is_called_slow() -> None:
    message = fleet_message("all", gathering([answer("a", 1)], waiting=["b"], over=False))
    assert "all: 2 hosts, 1 answered, 1 to come" in message.text
    assert "No answer" not in everything(message)


@pytest.mark.parametrize("count", [1, 2, 96, 97, 98, 300, 2_000])
@pytest.mark.parametrize("length", [8, 63])
def test_every_host_is_in_the_table_or_counted_and_then_in_the_thread(count: int, length: int) -> None:
    names = [f"{'h' * (length - 5)}{number:05}" for number in range(count)]
    all_of_it = gathering([answer(name, 10**6 + number) for number, name in enumerate(names)])
    message = fleet_message("all", all_of_it)
    assert_slack_takes(message)
    table = rows(message)
    left = next((int(re.sub(r"\D", "", row[0])) for row in table if row[0].startswith("…")), 0)
    single = [row[0] for row in table if row[0] in names]
    assert len(single) + left == count
    assert single == sorted(single, reverse=True)
    assert shows_all(all_of_it) is (left == 0)
    assert [line.split("\t")[0] for line in fleet_list(all_of_it).splitlines()[1 : count + 1]] == names[::-1]


@pytest.mark.parametrize("count", [1, 10, 300])
def test_failures_of_any_number_and_length_fit_and_ping_nobody(count: int) -> None:
    kinds = (HostUnreachableError, HostKeyError, EngineTimeoutError, HostError)
    errors = [kinds[n % 4](f"h-{n}", HOSTILE[n % len(HOSTILE)] * (1 + n % 9)) for n in range(count)]
    answers = [answer(f"{'h' * 58}{number:05}", 10**12 - 1) for number in range(count)]
    found = gathering(answers, errors, [f"{'s' * 58}{n:05}" for n in range(count)])
    message = fleet_message("@" + "t" * 400, found)
    assert_slack_takes(message)
    assert_harmless(message)
    if not shows_all(found):
        listed = fleet_list(found)
        assert all(f"\nh-{n}:" in listed for n in range(count))


# --- the whole way ---------------------------------------------------------------------------------


def test_a_fleet_is_one_message_with_the_hosts_that_a_person_may_look_at(start: Start) -> None:
    place = start(OPEN_TO_ALL + MORE_HOSTS)
    place.workspace.command(ANN, "/docker-df", "prod-3, @ci")
    message = place.message("1 answered, 1 failed")
    assert [row[0] for row in rows(message)] == ["HOST", "prod-3"]
    assert "gone: there is no socket" in shown(message)
    assert "hidden" not in shown(message)
    assert len(place.workspace.messages()) == 1


def test_a_slow_host_shows_the_others_first_and_joins_them_in_the_same_message(
    start: Start, sample: SampleEngine
) -> None:
    place = start(OPEN_TO_ALL + MORE_HOSTS)
    with sample.universe.lock:
        place.workspace.command(ANN, "/docker-df", "all")
        first = place.message("0 answered, 1 failed, 1 to come")
    last = place.message("1 answered, 1 failed")
    assert last.ts == first.ts
    assert len(place.workspace.messages()) == 1


def test_a_selection_that_means_nobody_is_answered_in_private(start: Start, workspace: Workspace) -> None:
    place = start(OPEN_TO_ALL + MORE_HOSTS)
    place.workspace.command(ANN, "/docker-df", "@cii")
    assert place.told(ANN) == (
        "No host that you may look at has the tag “cii”. Did you mean @ci? /docker-df lists those that you may look "
        "at. Ready to send: `/docker-df @ci`"
    )
    place.workspace.command(BOB, "/docker-df", "hidden,nobody-*")
    assert "No host that you may look at matches “nobody-*”." in place.told(BOB)


def test_a_fleet_is_edited_with_news_alone_within_its_share_and_at_its_end(workspace: Workspace) -> None:
    workspace.team.takes_native = True
    chat, budget = (
        SlackChat(web_client(workspace.bot_token, workspace.api_url)),
        Budget(clock=SteadyClock(), most=2),
    )
    asked = Asked(person=Person(id=ANN, name="ann"), channel="C0OPS", respond=Respond(response_url=None))
    showing = FleetMessage(Replies(chat=chat, budget=budget), asked, "all")

    def edits() -> int:
        return len(workspace.calls("chat.update"))

    known = [
        gathering([answer(f"h{n}", n) for n in range(count)], waiting=["late"], over=False)
        for count in range(9)
    ]
    for each in (known[0], known[0], known[1], known[1], known[1]):
        showing(each)
    assert (len(workspace.messages()), edits()) == (1, 1)
    for each in known[2:]:
        showing(each)
    assert edits() == 2
    showing.end(known[8])
    assert edits() == 3
    assert "9 hosts, 8 answered" in shown(workspace.messages()[0])
