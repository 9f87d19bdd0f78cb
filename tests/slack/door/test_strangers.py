"""People of other companies, guests, bots and deactivated users: at no door do they get what a policy gives ``*``."""

import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bot.core.audit.events import Tag
from bot.core.errors import ChatError
from bot.core.life.states import Status
from bot.slack import directory
from bot.trial.workspace import DEFAULT_GROUPS, Group, Outcome, Person, Team, Workspace
from tests.slack.door.doors import CHANNEL, Doors, knocks, through_all, watched
from tests.slack.place import (
    ANN,
    BOB,
    Place,
    buttons,
    eventually,
    shown,
    team,
)
from tests.slack.states import proposed

OTHER = "T0OTHER"
EVE = Person(id="U0EVE", name="eve", real_name="Eve", team_id=OTHER)
ODD = Person(id="U0ODD", name="odd", real_name="Odd", is_stranger=True)
GIL = Person(id="U0GIL", name="gil", real_name="Gil", is_restricted=True)
GUS = Person(id="U0GUS", name="gus", real_name="Gus", is_ultra_restricted=True)
BEA = Person(id="U0BEA", name="bea", real_name="Bea", is_bot=True)
DAN = Person(id="U0DAN", name="dan", real_name="Dan", deleted=True)
STRANGERS = (EVE, ODD, GIL, GUS, BEA, DAN)
WHY = {
    EVE.id: f"T0OTHER/{EVE.id}", ODD.id: "of another company", GIL.id: "guests = true", GUS.id: "guests = true",
    BEA.id: "Bots have no rights", DAN.id: "deactivated",
}  # fmt: skip
ENTRIES = f'["*", "{CHANNEL}", "S0ALL"]'
FOR_EVERYONE = "[policies.default]\nself_approval = true\nvolumes = 'named'\n" + "".join(
    f"{right} = {ENTRIES}\n" for right in ("look", "request", "approve", "stop", "restore", "audit")
)
REFUSED = {str(tag) for tag in Tag if tag.endswith(":refused")}


def everyone() -> Team:
    """Ann, Bob, Cyd and the strangers, all of them in one channel, and in one user group."""
    people = (*team().people, *STRANGERS)
    group = Group(id="S0ALL", handle="all", name="All", members=tuple(person.id for person in people))
    return Team(people=people, groups=(*DEFAULT_GROUPS, group))


@pytest.fixture
def workspace(closing_later: ExitStack) -> Workspace:
    return closing_later.enter_context(Workspace(team=everyone()))


def become(place: Place, person: Person) -> None:
    """Let somebody be as this one from now on."""
    others = (each for each in place.workspace.team.people if each.id != person.id)
    place.workspace.team.people = (*others, person)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What can be seen of a Deckhand from outside: everything that a stranger must leave as it is."""

    messages: dict[str, str]
    images: frozenset[str]
    events: tuple[tuple[str, str], ...]
    """Tag and actor of each event."""
    forms: int
    files: int


def seen(place: Place, folder: Path) -> Seen:
    workspace = place.workspace
    with closing(sqlite3.connect(folder / "deckhand.db")) as db:
        events = tuple(db.execute("SELECT tag, actor FROM event ORDER BY seq"))
    return Seen(
        messages={m.ts: shown(m) for m in (each for top in workspace.messages() for each in workspace.thread(top.ts))},
        images=frozenset(place.images()),
        events=events,
        forms=len(workspace.calls("views.open")),
        files=len(workspace.calls("files.getUploadURLExternal")),
    )  # fmt: skip


@pytest.fixture
def doors(monkeypatch: pytest.MonkeyPatch) -> Doors:
    return watched(monkeypatch)


@pytest.mark.parametrize("stranger", STRANGERS, ids=lambda person: person.id)
def test_no_door_gives_a_stranger_anything_that_everyone_has(
    doors: Doors, start: Callable[[str], Place], tmp_path: Path, stranger: Person
) -> None:
    place = start(FOR_EVERYONE)
    plan_id = buttons(place.propose())["approve"]
    eventually(lambda: len(place.workspace.calls("chat.getPermalink")) == 1)
    eventually(lambda: not place.store.messages.unshown())
    before = seen(place, tmp_path)
    assert through_all(place, doors, stranger, plan_id) == []
    assert place.plan(plan_id).status is Status.PROPOSED
    after = seen(place, tmp_path)
    assert after == replace(before, events=after.events)
    new = after.events[len(before.events) :]
    record = f"{stranger.team_id}/{stranger.id}" if stranger in (EVE, ODD) else stranger.id
    assert {actor for _, actor in new} == {record}
    assert {tag for tag, _ in new} <= REFUSED
    assert len({tag for tag, _ in new}) == 6, "every right was asked for"
    told = [m.text for m in place.workspace.ephemerals(stranger.id)]
    assert any(WHY[stranger.id] in sentence for sentence in told), told
    assert not [sentence for sentence in told if "old:1" in sentence or "web-1" in sentence]


def test_the_same_doors_open_for_a_member(
    doors: Doors, start: Callable[[str], Place], tmp_path: Path
) -> None:
    place = start(FOR_EVERYONE)
    plan_id = buttons(place.propose())["approve"]
    bob = place.workspace.team.person(BOB)
    for _, payload, _ in knocks(doors, bob, place.plan(plan_id)):
        doors.knock(payload)
    eventually(lambda: place.plan(plan_id).status is not Status.PROPOSED, 20)
    eventually(lambda: seen(place, tmp_path).forms >= 2, 20)
    assert len(place.workspace.messages()) > 3


@pytest.mark.parametrize("stranger", STRANGERS, ids=lambda person: person.id)
def test_the_home_of_a_stranger_shows_no_host_and_no_plan(
    start: Callable[[str], Place], stranger: Person
) -> None:
    place = start(FOR_EVERYONE)
    place.propose()
    place.workspace.open_home(stranger.id)
    home = place.workspace.wait_for(lambda: place.workspace.home(stranger.id))
    assert "prod-3" not in str(home)
    place.workspace.open_home(ANN)
    assert "prod-3" in str(place.workspace.wait_for(lambda: place.workspace.home(ANN)))


# --- who counts, and by which entry -------------------------------------------------------------

NAMED = """
[policies.default]
look = ["*"]
request = ["*"]
approve = ["{entry}"]
"""


def approve(place: Place, who: str, plan_ts: str) -> Outcome:
    return place.workspace.click(who, plan_ts, "approve")


@pytest.mark.parametrize(
    ("entry", "person", "counts"),
    [
        (f"{OTHER}/{EVE.id}", EVE, True),
        (EVE.id, EVE, False),  # a plain id is somebody of one's own
        (f"T0THIRD/{EVE.id}", EVE, False),
        (f"{OTHER}/{BOB}", Person(id=BOB, name="bob", real_name="Bob"), False),
        (f"T0TRIAL/{BOB}", Person(id=BOB, name="bob", real_name="Bob"), True),
        (GIL.id, GIL, True),  # a guest who is named is meant
        (BEA.id, BEA, False),
        (DAN.id, DAN, False),
        (f"{OTHER}/{DAN.id}", replace(DAN, team_id=OTHER), False),
        (f"{OTHER}/{BEA.id}", replace(BEA, team_id=OTHER), False),
    ],
)
def test_an_approval_counts_where_an_entry_means_its_giver(
    start: Callable[[str], Place], entry: str, person: Person, *, counts: bool
) -> None:
    place = start(NAMED.format(entry=entry))
    become(place, person)
    plan = place.propose()
    plan_id = buttons(plan)["approve"]
    assert approve(place, person.id, plan.ts).ok
    if counts:
        place.message("Cleanup done")
        (vote,) = place.events(plan_id, Tag.PLAN_VOTED)
        assert vote.actor == (f"{OTHER}/{EVE.id}" if person is EVE else person.id)
    else:
        place.told(person.id)
        assert place.plan(plan_id).votes == ()
        assert len(place.refusals(plan_id)) == 1


@pytest.mark.parametrize("entries", ['["*"]', f'["{CHANNEL}"]', '["S0ALL"]'])
@pytest.mark.parametrize("guest", [GIL, GUS], ids=lambda person: person.id)
def test_a_policy_that_takes_guests_takes_them_like_members(
    start: Callable[[str], Place], entries: str, guest: Person
) -> None:
    rights = "".join(f"{right} = {entries}\n" for right in ("look", "request", "approve"))
    place = start(f"[policies.default]\nguests = true\n{rights}")
    plan = place.propose()
    assert approve(place, guest.id, plan.ts).ok
    place.message("Cleanup done")


def test_guests_are_taken_by_the_policies_that_say_so_and_by_no_other(start: Callable[[str], Place]) -> None:
    place = start(
        '[policies.default]\nlook = ["*"]\nguests = true\n[policies.strict]\nguests = false\n'
        '[hosts.other]\ndocker = "unix:///nowhere.sock"\npolicy = "strict"\n'
    )
    place.workspace.command(GIL.id, "/docker-df")
    assert "other" not in shown(place.message("1 registered host: prod-3"))


def test_what_guests_may_do_people_of_other_companies_still_may_not(start: Callable[[str], Place]) -> None:
    place = start(FOR_EVERYONE.replace("self_approval", "guests = true\nself_approval"))
    place.workspace.command(EVE.id, "/docker-df", "prod-3")
    assert "or you may not look at it here" in place.told(EVE.id)
    place.workspace.command(EVE.id, "/docker-df")
    assert place.told(EVE.id, 2).endswith("you are of another company: an entry for you is T0OTHER/U0EVE.")


def test_on_enterprise_grid_everyone_of_the_organisation_is_ones_own(start: Callable[[str], Place]) -> None:
    place = start(FOR_EVERYONE)
    place.workspace.team.enterprise_id = "E0OURS"
    become(place, replace(EVE, enterprise_id="E0OURS"))
    become(place, replace(GIL, is_restricted=False, team_id="T0THIRD", enterprise_id="E0THEIRS"))
    place.workspace.command(EVE.id, "/docker-df")
    place.message("1 registered host")
    place.workspace.command(GIL.id, "/docker-df")
    assert "of another company: an entry for you is T0THIRD/U0GIL" in place.told(GIL.id)


def test_who_acts_as_one_of_another_team_is_not_taken_for_ones_own(
    doors: Doors, start: Callable[[str], Place]
) -> None:
    """The directory knows a member of this id, and the payload says that its user is of another team."""
    place = start(FOR_EVERYONE)
    liar = replace(place.workspace.team.person(BOB), team_id=OTHER)
    for name, payload, _ in knocks(doors, liar, proposed()):
        if name == "/docker-df prod-3":
            doors.knock(payload)
    assert "or you may not look at it here" in place.told(BOB)
    assert {link.event.actor for link in place.store.audit.events("")} == {f"{OTHER}/{BOB}"}


# --- when Slack does not say --------------------------------------------------------------------


@pytest.mark.parametrize("error", ["user_not_found", "missing_scope", "internal_error"])
def test_while_slack_does_not_say_who_somebody_is_they_have_no_rights_and_read_what_to_do(
    start: Callable[[str], Place], error: str
) -> None:
    place = start(FOR_EVERYONE)
    place.workspace.fail_next("users.info", error=error, times=99)
    place.workspace.command(ANN, "/docker-df", "prod-3")
    told = place.told(ANN)
    assert told.startswith("Slack does not say who you are at the moment, so nothing was done.")
    assert "users:read" in told


def test_a_person_is_asked_for_once_and_not_for_every_look(start: Callable[[str], Place]) -> None:
    place = start(FOR_EVERYONE)
    before = len(place.workspace.calls("users.info"))
    for text in ("", "all", "prod-3", "prod-3 -v"):
        place.workspace.command(ANN, "/docker-df", text)
    place.propose()
    asked = [call.args["user"] for call in place.workspace.calls("users.info")][before:]
    assert asked == [ANN]


# --- what was allowed at the click --------------------------------------------------------------


@pytest.mark.parametrize(
    "became",
    [{"deleted": True}, {"is_restricted": True}, {"team_id": OTHER}, {"is_bot": True}],
    ids=lambda change: next(iter(change)),
)
def test_an_approver_who_is_no_member_any_more_does_not_count_when_the_cleanup_starts(
    start: Callable[[str], Place], monkeypatch: pytest.MonkeyPatch, became: dict[str, Any]
) -> None:
    monkeypatch.setattr(directory, "FRESH", 0.0)
    place = start('[policies.default]\nlook = ["*"]\nrequest = ["*"]\napprove = ["*"]\nquorum = 2\n')
    plan = place.propose()
    approve(place, BOB, plan.ts)
    eventually(lambda: place.plan(buttons(plan)["approve"]).votes)
    become(place, replace(place.workspace.team.person(BOB), **became))
    approve(place, "U0CYD", plan.ts)
    cancelled = shown(place.message("may not approve on prod-3 any more"))
    assert "1 of 2 approvals count" in cancelled
    assert place.images() == {"web:1", "old:1", "older:1"}


def test_an_approval_is_not_withdrawn_by_who_was_deactivated(
    start: Callable[[str], Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "FRESH", 0.0)
    place = start('[policies.default]\nlook = ["*"]\nrequest = ["*"]\napprove = ["*"]\nquorum = 2\n')
    plan = place.propose()
    plan_id = buttons(plan)["approve"]
    approve(place, BOB, plan.ts)
    eventually(lambda: place.plan(plan_id).votes)
    eventually(lambda: "withdraw" in buttons(place.workspace.message(plan.ts)))
    become(place, replace(place.workspace.team.person(BOB), deleted=True))
    assert place.workspace.click(BOB, plan.ts, "withdraw").ok
    assert "deactivated" in place.told(BOB)
    assert [vote.person.id for vote in place.plan(plan_id).votes] == [BOB]


def test_an_app_that_may_not_ask_who_people_are_does_not_start_and_says_what_to_add(
    workspace: Workspace, start: Callable[[str], Place]
) -> None:
    workspace.fail_next("users.info", error="missing_scope")
    with pytest.raises(ChatError, match=r"nobody would have any right: .* Add the scope users:read"):
        start(FOR_EVERYONE)


def test_an_app_starts_while_slack_is_slow_to_say_who_people_are(
    workspace: Workspace, start: Callable[[str], Place]
) -> None:
    workspace.fail_next("users.info", error="internal_error", times=3)
    start(FOR_EVERYONE).propose()


# --- outsiders who are named --------------------------------------------------------------------


def test_an_outsider_who_is_named_is_told_apart_by_their_team_and_answered_like_anyone(
    start: Callable[[str], Place],
) -> None:
    place = start(
        f'[policies.default]\nlook = ["*"]\nrequest = ["{OTHER}/{EVE.id}"]\napprove = ["*", "{OTHER}/{EVE.id}"]\n'
    )
    plan = place.propose(by=EVE.id)
    plan_id = buttons(plan)["approve"]
    assert place.plan(plan_id).plan.requester.id == f"{OTHER}/{EVE.id}"
    assert "Asked for by eve" in shown(plan)
    approve(place, EVE.id, plan.ts)
    assert place.told(EVE.id) == "You asked for this plan, so somebody else has to approve it."
    place.workspace.open_home(EVE.id)
    place.workspace.wait_for(lambda: "waits for its decision" in str(place.workspace.home(EVE.id)))
    approve(place, BOB, plan.ts)
    place.message("Cleanup done")
    eventually(lambda: "Your cleanup" in "".join(map(shown, place.workspace.direct_messages(EVE.id))))
    for who in (f"{OTHER}/{EVE.id}", EVE.id, f"@{EVE.name}"):
        before = len(place.workspace.messages())
        place.workspace.command(ANN, "/docker-audit", f"by={who}")
        place.workspace.wait_for(lambda: len(place.workspace.messages()) > before)  # noqa: B023 - waited for
        assert f"audit_details:{plan_id}" in shown(place.workspace.messages()[-1])
