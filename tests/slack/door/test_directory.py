"""People and user groups: asked for once a minute, remembered for ten, and nobody when they cannot be known."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from bot.core.rules.people import Standing
from bot.slack.client import web_client
from bot.slack.directory import SlackDirectory, known_person
from bot.trial.workspace import Group, Team, Workspace
from tests.slack.place import ANN, BOB, CYD

METHOD = "usergroups.users.list"
OPS = frozenset({ANN, BOB})
SECOND = 1.0
MINUTE = 60.0


@dataclass
class Clock:
    """A clock that stands still until a test moves it."""

    seconds: float = 1000

    def ticks(self) -> float:
        return self.seconds

    def pass_time(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def directory(workspace: Workspace, clock: Clock) -> SlackDirectory:
    return SlackDirectory(web_client(workspace.bot_token, workspace.api_url), clock.ticks)


def change_members(workspace: Workspace, *members: str) -> None:
    workspace.team.groups = (Group(id="S0OPS", handle="ops-team", name="Ops team", members=members),)


def asked(workspace: Workspace) -> int:
    return len(workspace.calls(METHOD))


def test_a_group_is_asked_for_once_within_a_minute(
    workspace: Workspace, directory: SlackDirectory, clock: Clock
) -> None:
    assert directory.members("S0OPS") == OPS
    change_members(workspace, CYD)
    clock.pass_time(MINUTE - SECOND)
    assert directory.members("S0OPS") == OPS
    assert asked(workspace) == 1


def test_after_a_minute_who_left_the_group_is_out(
    workspace: Workspace, directory: SlackDirectory, clock: Clock
) -> None:
    assert directory.members("S0OPS") == OPS
    change_members(workspace, ANN)
    clock.pass_time(MINUTE)
    assert directory.members("S0OPS") == {ANN}
    assert asked(workspace) == 2


@pytest.mark.parametrize("error", ["ratelimited", "internal_error", "missing_scope", "plan_upgrade_required"])
def test_while_slack_gives_no_answer_the_last_one_serves_for_ten_minutes_and_no_longer(
    workspace: Workspace, directory: SlackDirectory, clock: Clock, error: str
) -> None:
    assert directory.members("S0OPS") == OPS
    tries = 3 if error == "internal_error" else 1  # what passes is tried again at once
    workspace.fail_next(METHOD, error=error, times=3 * tries)
    clock.pass_time(MINUTE)
    assert directory.members("S0OPS") == OPS
    clock.pass_time(9 * MINUTE - SECOND)
    assert directory.members("S0OPS") == OPS
    clock.pass_time(SECOND)
    assert directory.members("S0OPS") == frozenset()
    assert asked(workspace) == 1


def test_the_ten_minutes_count_from_the_last_good_answer_not_from_the_last_question(
    workspace: Workspace, directory: SlackDirectory, clock: Clock
) -> None:
    assert directory.members("S0OPS") == OPS
    workspace.fail_next(METHOD, error="ratelimited", times=9)
    for _ in range(9):
        clock.pass_time(MINUTE)
        assert directory.members("S0OPS") == OPS
    workspace.fail_next(METHOD, error="ratelimited")
    clock.pass_time(MINUTE)
    assert directory.members("S0OPS") == frozenset()


def test_slack_is_asked_again_at_once_after_it_gave_no_answer(
    workspace: Workspace, directory: SlackDirectory, clock: Clock
) -> None:
    workspace.fail_next(METHOD, error="ratelimited")
    assert directory.members("S0OPS") == frozenset()
    assert directory.members("S0OPS") == OPS
    clock.pass_time(MINUTE - SECOND)
    assert directory.members("S0OPS") == OPS
    assert asked(workspace) == 1


def test_a_group_that_was_never_known_has_no_members(directory: SlackDirectory) -> None:
    assert directory.members("S0GONE") == frozenset()


def test_groups_are_remembered_apart(workspace: Workspace, clock: Clock) -> None:
    groups = tuple(
        Group(id=group_id, handle=group_id.lower(), name=group_id, members=(member,))
        for group_id, member in (("S0ONE", ANN), ("S0TWO", BOB))
    )
    with Workspace(team=Team(groups=groups)) as other:
        directory = SlackDirectory(web_client(other.bot_token, other.api_url), clock.ticks)
        assert directory.members("S0ONE") == {ANN}
        assert directory.members("S0TWO") == {BOB}
        other.fail_next(METHOD, error="ratelimited")
        clock.pass_time(MINUTE)
        assert directory.members("S0ONE") == {ANN}
        assert directory.members("S0TWO") == {BOB}
        assert asked(other) == 3


def test_when_slack_cannot_be_reached_nobody_is_a_member(clock: Clock) -> None:
    with Workspace() as gone:
        api_url = gone.api_url
    directory = SlackDirectory(web_client("xoxb-1", api_url), clock.ticks)
    assert directory.members("S0OPS") == frozenset()


def test_the_clock_that_counts_is_one_that_nobody_can_set_back(workspace: Workspace) -> None:
    directory = SlackDirectory(web_client(workspace.bot_token, workspace.api_url))
    assert directory._people._ticks is time.monotonic


# --- people -------------------------------------------------------------------------------------

OWN = frozenset({"T0TRIAL"})
GRID = frozenset({"T0TRIAL", "E0OURS"})


@pytest.mark.parametrize(
    ("told", "own", "standing", "record"),
    [
        ({"team_id": "T0TRIAL"}, OWN, Standing.MEMBER, "U0X"),
        ({"team_id": "T0TRIAL", "is_restricted": True}, OWN, Standing.GUEST, "U0X"),
        ({"team_id": "T0TRIAL", "is_ultra_restricted": True}, OWN, Standing.GUEST, "U0X"),
        ({"team_id": "T0TRIAL", "deleted": True}, OWN, Standing.DEACTIVATED, "U0X"),
        ({"team_id": "T0TRIAL", "is_bot": True}, OWN, Standing.BOT, "U0X"),
        ({"team_id": "T0TRIAL", "is_workflow_bot": True}, OWN, Standing.BOT, "U0X"),
        ({"team_id": "T0OTHER"}, OWN, Standing.OUTSIDER, "T0OTHER/U0X"),
        ({"team_id": "T0OTHER", "is_restricted": True}, OWN, Standing.OUTSIDER, "T0OTHER/U0X"),
        ({"team_id": "T0OTHER", "deleted": True}, OWN, Standing.DEACTIVATED, "T0OTHER/U0X"),
        ({"team_id": "T0OTHER", "is_bot": True}, OWN, Standing.BOT, "T0OTHER/U0X"),
        ({"team_id": "T0TRIAL", "is_stranger": True}, OWN, Standing.OUTSIDER, "T0TRIAL/U0X"),
        ({}, OWN, Standing.OUTSIDER, "U0X"),
        ({"team_id": "T0TRIAL"}, frozenset(), Standing.OUTSIDER, "T0TRIAL/U0X"),
        ({"team_id": "T0TWO", "enterprise_user": {"enterprise_id": "E0OURS", "teams": ["T0TWO"]}}, GRID,
         Standing.MEMBER, "U0X"),
        ({"team_id": "T0TWO", "enterprise_user": {"enterprise_id": "E0THEIRS"}}, GRID, Standing.OUTSIDER, "T0TWO/U0X"),
        ({"team_id": "E0OURS"}, GRID, Standing.MEMBER, "U0X"),
        ({"id": None, "team_id": "T0TRIAL"}, OWN, Standing.UNKNOWN, "U0X"),
    ],
)  # fmt: skip
def test_what_slack_tells_of_a_person_says_whose_they_are(
    told: dict[str, object], own: frozenset[str], standing: Standing, record: str
) -> None:
    known = known_person("U0X", {"id": "U0X"} | told, own)
    assert (known.standing, known.id) == (standing, record)


def test_slackbot_is_a_bot_though_slack_does_not_say_so() -> None:
    told = {"id": "USLACKBOT", "team_id": "T0TRIAL", "is_bot": False}
    assert known_person("USLACKBOT", told, OWN).standing is Standing.BOT


def test_a_person_is_remembered_like_a_group_and_unknown_when_slack_has_not_said_for_ten_minutes(
    workspace: Workspace, directory: SlackDirectory, clock: Clock
) -> None:
    def standing() -> Standing:
        return directory.person(ANN).standing

    assert [standing() for _ in range(3)] == [Standing.MEMBER] * 3
    assert len(workspace.calls("users.info")) == 1
    assert len(workspace.calls("auth.test")) == 1
    workspace.fail_next("users.info", error="ratelimited", times=3)
    clock.pass_time(MINUTE)
    assert standing() is Standing.MEMBER
    clock.pass_time(9 * MINUTE)
    assert standing() is Standing.UNKNOWN


def test_nobody_is_known_while_slack_does_not_say_which_team_is_ours(
    workspace: Workspace, directory: SlackDirectory
) -> None:
    workspace.fail_next("auth.test", error="internal_error", times=3)
    assert directory.person(ANN).standing is Standing.UNKNOWN
    assert directory.person(ANN).standing is Standing.MEMBER


def test_many_clicks_at_once_ask_for_a_person_once(workspace: Workspace, directory: SlackDirectory) -> None:
    with ThreadPoolExecutor(16) as pool:
        found = [*pool.map(lambda _: directory.person(ANN).standing, range(64))]
    assert set(found) == {Standing.MEMBER}
    assert len(workspace.calls("users.info")) == 1
