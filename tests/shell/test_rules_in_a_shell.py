"""``deckhand policy explain`` and ``deckhand schedules`` as a user runs them."""

import json
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.core.rules.policy import Right
from bot.store.opening import open_store
from bot.trial.workspace import DEFAULT_PEOPLE, Person, Team, Workspace
from tests.support.shell import deckhand

RULES = """
[hosts.prod-3]
docker = "unix:///nonexistent.sock"
tags = ["web", "prod"]
[hosts.other]
docker = "unix:///nonexistent.sock"
[policies.default]
look = ["*"]
request = ["C0OPS"]
[policies.prod]
tags = ["prod"]
approve = ["U0ANN", "S0OPS"]
stop = ["U0CYD"]
quorum = 2
profiles = ["ci", "picked"]
volumes = "never"
windows = ["{opens}-{closes}"]
max_bytes = "50GB"
quorum_above = 3
auto_approve = ["ci"]
[policies.prod.protect]
images = ["postgres"]
[schedules.nightly-ci]
hosts = ["@prod"]
profile = "ci"
arguments = "until=48h"
cron = "30 2 * * *"
time_zone = "Europe/Berlin"
channel = "C0OPS"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    now = datetime.now(UTC)
    opens, closes = now + timedelta(hours=2), now + timedelta(hours=3)
    rules = RULES.format(opens=f"{opens:%H:%M}", closes=f"{closes:%H:%M}")
    (tmp_path / "deckhand.toml").write_text(rules)
    return tmp_path


@pytest.fixture
def slack() -> Iterator[dict[str, str]]:
    """A Slack that knows the group S0OPS, with Ann and Bob in it, and people of all kinds."""
    people = (
        Person(id="U0CYD", name="cyd", real_name="Cyd"),
        Person(id="U0GIL", name="gil", real_name="Gil", is_restricted=True),
        Person(id="U0EVE", name="eve", real_name="Eve", team_id="T0OTHER"),
        Person(id="U0BEA", name="bea", real_name="Bea", is_bot=True),
        Person(id="U0DAN", name="dan", real_name="Dan", deleted=True),
    )
    with Workspace(team=Team(people=(*DEFAULT_PEOPLE, *people))) as workspace:
        yield {"SLACK_BOT_TOKEN": workspace.bot_token, "SLACK_API_URL": workspace.api_url}


def explained(folder: Path, *arguments: str, **more: str) -> dict[str, Any]:
    ended = deckhand("policy", "explain", *arguments, "--json", folder=folder, **more)
    assert ended.returncode == 0, ended.stderr
    answer: dict[str, Any] = json.loads(ended.stdout)
    return answer


def rights(answer: dict[str, Any]) -> dict[str, bool]:
    return {right: one["allowed"] for right, one in answer["rights"].items()}


def test_every_right_is_answered_with_the_entry_that_decides(folder: Path, slack: dict[str, str]) -> None:
    answer = explained(folder, "prod-3", "U0BOB", "--channel", "C0OPS", **slack)
    assert (answer["policy"], answer["policy_because"]) == ("prod", "by tag prod")
    assert {right: (one["allowed"], one["why"]) for right, one in answer["rights"].items()} == {
        "look": (True, "* is everyone of your own Slack"),
        "request": (True, "asked in channel C0OPS"),
        "approve": (True, "U0BOB is a member of S0OPS"),
        "stop": (False, "U0CYD is somebody else"),
        "restore": (False, "nobody: it is unset"),
        "audit": (True, "as “look”, since “audit” is unset: * is everyone of your own Slack"),
    }
    assert list(answer["rights"]) == [str(right) for right in Right]


def test_a_channel_gives_nothing_to_who_asks_nowhere_or_elsewhere(folder: Path) -> None:
    for arguments in ([], ["--channel", "C0ELSE"]):
        request = explained(folder, "prod-3", "U0BOB", *arguments)["rights"]["request"]
        assert request == {"allowed": False, "why": "C0OPS counts only when asked there"}


def test_without_a_token_a_group_counts_as_no_and_says_so(folder: Path) -> None:
    answer = explained(folder, "prod-3", "U0BOB")["rights"]["approve"]
    assert answer["allowed"] is False
    assert answer["why"] == (
        "U0ANN is somebody else; S0OPS cannot be read without SLACK_BOT_TOKEN → counts as no"
    )
    assert explained(folder, "prod-3", "U0ANN")["rights"]["approve"] == {
        "allowed": True, "why": "U0ANN is named",
    }  # fmt: skip


def test_who_is_in_no_group_is_told_so_by_slack(folder: Path, slack: dict[str, str]) -> None:
    why = explained(folder, "prod-3", "U0CYD", **slack)["rights"]["approve"]["why"]
    assert why == "U0ANN is somebody else; not a member of S0OPS"


def test_a_slack_that_does_not_answer_counts_as_no(folder: Path, slack: dict[str, str]) -> None:
    slack["SLACK_BOT_TOKEN"] = "xoxb-wrong"  # noqa: S105 - nobody's
    answer = explained(folder, "prod-3", "U0BOB", **slack)
    assert not any(rights(answer).values())
    assert answer["standing"] == "unknown"
    assert answer["rights"]["look"]["why"].startswith("U0BOB is unknown: Slack does not say who that is")


@pytest.mark.parametrize(
    ("user", "standing", "why"),
    [
        ("U0GIL", "guest", "* means nobody who is a guest of your own Slack"),
        ("U0EVE", "outsider", "* means nobody who is of another company"),
        ("T0OTHER/U0EVE", "outsider", "* means nobody who is of another company"),
        ("U0BEA", "bot", "U0BEA is a bot, and bots have no rights"),
        ("U0DAN", "deactivated", "U0DAN is deactivated, and has no rights any more"),
        ("U0NIL", "unknown", "U0NIL is unknown: Slack does not say who that is, and so has no rights"),
    ],
)
def test_everyone_means_no_guest_no_outsider_no_bot_and_nobody_deactivated(
    folder: Path, slack: dict[str, str], user: str, standing: str, why: str
) -> None:
    answer = explained(folder, "prod-3", user, "--channel", "C0OPS", **slack)
    assert (answer["standing"], answer["standing_told"], answer["guests"]) == (standing, True, False)
    assert answer["rights"]["look"] == {"allowed": False, "why": why}
    assert not any(rights(answer).values())


def test_guests_are_everyone_too_where_a_policy_says_so_and_outsiders_where_it_names_them(
    folder: Path, slack: dict[str, str]
) -> None:
    file = folder / "deckhand.toml"
    file.write_text(
        file.read_text()
        .replace('look = ["*"]', 'guests = true\nlook = ["*"]')
        .replace('stop = ["U0CYD"]', 'stop = ["T0OTHER/U0EVE"]')
    )
    guest = explained(folder, "prod-3", "U0GIL", "--channel", "C0OPS", **slack)
    assert (guest["guests"], rights(guest)["look"], rights(guest)["request"]) == (True, True, True)
    outsider = explained(folder, "prod-3", "U0EVE", "--channel", "C0OPS", **slack)
    assert {right for right, allowed in rights(outsider).items() if allowed} == {"stop"}
    assert outsider["rights"]["stop"]["why"] == "T0OTHER/U0EVE is named"


def test_without_a_token_an_id_is_taken_at_its_word_and_that_is_said(folder: Path) -> None:
    ended = deckhand("policy", "explain", "prod-3", "U0BOB", folder=folder)
    assert "taken for a member of your own Slack: Slack is asked only with SLACK_BOT_TOKEN" in ended.stdout
    answer = explained(folder, "prod-3", "T0OTHER/U0BOB")
    assert (answer["standing"], answer["standing_told"]) == ("outsider", False)
    assert not any(rights(answer).values())


def test_the_rules_of_the_policy_are_told_for_programs(folder: Path) -> None:
    answer = explained(folder, "prod-3", "U0BOB")
    assert (answer["quorum"], answer["quorum_above"], answer["max_bytes"]) == (2, 3, 50 * 10**9)
    assert (answer["profiles"], answer["volumes"], answer["auto_approve"]) == (
        ["ci", "picked"],
        "never",
        ["ci"],
    )
    assert (answer["self_approval"], answer["expires"], answer["start_within"]) == (False, "30m", "24h")
    assert answer["protect"]["images"] == ["postgres"]
    opens = datetime.fromisoformat(answer["opens_at"])
    assert timedelta(hours=1) < opens - datetime.now(UTC) < timedelta(hours=3)
    other = explained(folder, "other", "U0BOB")
    assert (other["profiles"], other["windows"], other["opens_at"], other["max_objects"]) == (
        None,
        [],
        None,
        None,
    )
    assert rights(other) == {
        "look": True, "request": False, "approve": False, "stop": False, "restore": False, "audit": True,
    }  # fmt: skip


def test_people_read_the_same_as_tables(folder: Path) -> None:
    ended = deckhand("policy", "explain", "prod-3", "U0BOB", folder=folder)
    said = re.sub(r" +", " ", ended.stdout)
    for line in (
        "prod-3: policy “prod”, by tag prod", "U0BOB, asked in no channel", "look yes * is everyone",
        "quorum 2; 3 above 50GB", "self approval no: whoever asked does not count", "plans expire after 30m",
        "profiles ci, picked", "volumes never", "approved by itself ci", "protected too images: postgres",
    ):  # fmt: skip
        assert line in said, said
    assert re.search(r"windows \d\d:\d\d-\d\d:\d\d \(UTC\); next from \w{3} 20", said)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (
            ("prod-33", "U0BOB"),
            "No host named “prod-33” is registered. Did you mean prod-3? `deckhand hosts list` lists all hosts.",
        ),
        (("prod-3", "bob"), "“bob” is no id of a Slack user, like U0123ABCD"),
        (("prod-3", "S0OPS"), "“S0OPS” is no id of a Slack user"),
        (("prod-3", "U0BOB", "--channel", "#ops"), "“#ops” is no id of a Slack channel, like C0123ABCD"),
    ],
)
def test_what_cannot_be_explained_is_refused_with_exit_code_2(
    folder: Path, arguments: tuple[str, ...], why: str
) -> None:
    ended = deckhand("policy", "explain", *arguments, folder=folder)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert why in ended.stderr
    assert "Traceback" not in ended.stderr


def test_schedules_show_what_is_configured_and_what_the_database_says(folder: Path) -> None:
    (one,) = json.loads(deckhand("schedules", "--json", folder=folder).stdout)
    assert one["next_in_database"] is None
    assert (one["name"], one["hosts"], one["profile"], one["arguments"]) == (
        "nightly-ci", ["prod-3"], "ci", "until=48h",
    )  # fmt: skip
    following = [datetime.fromisoformat(moment) for moment in one["next"]]
    assert len(following) == 3
    assert datetime.now(UTC) < following[0] < following[1] < following[2]
    with closing(open_store(f"sqlite:///{folder / 'deckhand.db'}")) as store:
        store.timers.begin("nightly-ci", "30 2 * * * Europe/Berlin", lambda _now: following[0])
        store.timers.begin("gone", "0 1 * * * UTC", lambda _now: following[0])
    listed = json.loads(deckhand("schedules", "--json", folder=folder).stdout)
    assert [(each["name"], each["configured"]) for each in listed] == [("nightly-ci", True), ("gone", False)]
    assert {each["next_in_database"] for each in listed} == {one["next"][0]}
    said = deckhand("schedules", folder=folder).stdout
    assert "30 2 * * * (Europe/Berlin)" in said
    assert "never: no longer configured" in said


def test_a_schedule_whose_cron_has_changed_says_that_the_bot_will_take_it_over(folder: Path) -> None:
    with closing(open_store(f"sqlite:///{folder / 'deckhand.db'}")) as store:
        store.timers.begin("nightly-ci", "another", lambda now: now)
    said = deckhand("schedules", folder=folder).stdout
    assert "another cron yet" in said


def test_without_schedules_the_way_to_one_is_shown(tmp_path: Path) -> None:
    (tmp_path / "deckhand.toml").write_text('[hosts.a]\ndocker = "unix:///x"\n')
    ended = deckhand("schedules", folder=tmp_path)
    assert (ended.returncode, ended.stdout.strip()) == (
        0, "No schedule is configured; deploy/manual/schedules.md shows how.",
    )  # fmt: skip
    assert deckhand("schedules", "--json", folder=tmp_path).stdout.strip() == "[]"
