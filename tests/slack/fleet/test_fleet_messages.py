"""As many hosts as one plan takes, in every state, with the longest words: Slack takes it, and nothing is cut."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.docker.inventory import Kind
from bot.core.life.fleets import MOST_HOSTS, Fleet, FleetState, LeftOut, Member, Standing
from bot.core.life.states import MessageRef, Outcome, Status
from bot.core.plan.plan import Frees, Person
from bot.slack.fleet.forms import leave_out_form, reject_form
from bot.slack.fleet.hosts import AboutHost
from bot.slack.fleet.message import fleet_message, undo_text
from bot.slack.kit.limits import fitted
from bot.trial.workspace.limits.limits import check_message
from tests.slack.kit.test_extremes import assert_slack_takes
from tests.support.conversation import strings

MADE = datetime(2026, 11, 26, 12, tzinfo=UTC)
FREES = Frees(low=812 * 10**6, high=123_400 * 10**6, exact=False, why="")
LOST = {Kind.CONTAINER: 12_345, Kind.VOLUME: 1_234, Kind.IMAGE: 12_345, Kind.BUILD_CACHE: 12_345}


def longest(number: int) -> str:
    return f"{number:02d}" + "-host.of-a-very-long-name" * 2 + "x" * 11


def fleet(
    count: int = MOST_HOSTS, status: Status = Status.PROPOSED, lost: Mapping[Kind, int] = LOST
) -> FleetState:
    members = tuple(
        Member(host=longest(n), plan=f"p{n}" + "0" * 30, digest="sha256:" + "0" * 64, objects=54_321, frees=FREES,
               lost=lost, volume_bytes=10**12)
        for n in range(count)
    )  # fmt: skip
    made = Fleet(
        id="f" * 32, selection=",".join(f"web-{n}*" for n in range(20)), request="routine until=72h not=postgres*",
        requester=Person(id="U0ANN", name="Ann"), created_at=MADE, members=members,
        left_out=tuple(LeftOut(host=f"left-out-{n}", why=f"{n} " + "reason " * 40) for n in range(60)),
    )  # fmt: skip
    counts = {Outcome.REMOVED: 54_000, Outcome.KEPT: 300, Outcome.FAILED: 20, Outcome.GONE: 1}
    standings = tuple(
        Standing(
            host=one.host, plan=one.plan, status=status, wave=n % 9, counts=counts, reclaimed=10**11,
            approvers=("U0BOB",), quorum=2, expires_at=MADE + timedelta(minutes=n), reason="a reason " * 50,
            ready=n % 2 == 0, starts_at=MADE,
        )
        for n, one in enumerate(members)
    )  # fmt: skip
    return FleetState(
        fleet=made, version=3, standings=standings, message=MessageRef(channel="C0OPS", ts="1.0")
    )


def abouts(state: FleetState) -> Mapping[str, AboutHost]:
    entries = tuple(f"U0PERSON{n}" for n in range(20))
    return {one.host: AboutHost(tags=("prod",), approvers=entries, opens=MADE) for one in state.standings}


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("held", ["", "web-1: 20 of 54,321 objects failed; " * 30])
def test_every_host_has_its_line_in_a_message_that_slack_takes(status: Status, held: str) -> None:
    state = replace(fleet(status=status), held=held)
    message = fleet_message(state, abouts(state))
    shown, rest = fitted(message)
    assert not rest, "all lines have to be read before somebody approves"
    assert_slack_takes(shown)
    said = "\n".join(strings(list(shown.blocks)))
    assert all(one.host in said for one in state.standings)


def test_forms_of_as_many_hosts_are_what_slack_takes() -> None:
    state = fleet()
    for form in (leave_out_form(state, "C0OPS"), reject_form(state, "C0OPS")):
        assert len(form["private_metadata"]) < 3_000
        assert (
            check_message({"text": "x", "blocks": [b for b in form["blocks"] if b["type"] != "input"]}) == []
        )


def test_data_is_told_first_wherever_it_goes() -> None:
    state = fleet(2)
    (alone, data) = state.fleet.members
    text = undo_text([replace(alone, lost={Kind.CONTAINER: 2}, volume_bytes=0), data])
    assert "Data that is gone for good" in text
    assert data.host in text
    assert alone.host not in text


def test_what_nobody_misses_is_said_to_be_nothing_to_lose() -> None:
    state = fleet(1, lost={})
    assert "All of it can be made or pulled again" in fleet_message(state, abouts(state)).text


def test_a_fleet_that_was_changed_in_the_database_has_no_button_that_approves() -> None:
    state = replace(fleet(2), doubt="its list is not the one that was proposed")
    said = str(fleet_message(state, abouts(state)).blocks)
    assert "Somebody changed this plan in Deckhand's database" in said
    assert "fleet_approve" not in said
