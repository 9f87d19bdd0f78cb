"""Whose somebody is, and by which entries of a policy they are meant."""

import pytest

from bot.core.rules.people import Known, Standing, split_id, user_of
from bot.core.rules.policy import Policy, Right, deciding_entry, groups_to_read
from tests.support.people import OTHER, OWN, guest, member, outsider

EVERYTHING = ("*", "C0OPS", "S0OPS", "U0EVE", f"{OWN}/U0EVE", f"{OTHER}/U0EVE")
GROUPS = {"S0OPS": ("U0EVE",)}
NOBODY = (Standing.BOT, Standing.DEACTIVATED, Standing.UNKNOWN)


def given(entry: str, who: Known, *, guests: bool = False) -> bool:
    """Whether this entry alone gives the right to somebody who asks in the channel C0OPS."""
    policy = Policy(name="p", approve=(entry,), guests=guests)
    return deciding_entry(policy, Right.APPROVE, who, GROUPS, "C0OPS") == entry


@pytest.mark.parametrize(
    ("who", "guests", "meant"),
    [
        (member("U0EVE"), False, {"*", "C0OPS", "S0OPS", "U0EVE", f"{OWN}/U0EVE"}),
        (guest("U0EVE"), True, {"*", "C0OPS", "S0OPS", "U0EVE", f"{OWN}/U0EVE"}),
        (guest("U0EVE"), False, {"U0EVE", f"{OWN}/U0EVE"}),
        (outsider("U0EVE"), False, {f"{OTHER}/U0EVE"}),
        (outsider("U0EVE"), True, {f"{OTHER}/U0EVE"}),
        (outsider("U0EVE", "T0THIRD"), True, set()),
        (member("U0BOB"), False, {"*", "C0OPS"}),
        (member(""), False, set()),
        *(
            (Known(user="U0EVE", standing=each, teams=frozenset({OWN, OTHER})), True, set())
            for each in NOBODY
        ),
    ],
)
def test_each_kind_of_person_is_meant_by_its_own_entries(
    who: Known, meant: set[str], *, guests: bool
) -> None:
    assert {entry for entry in EVERYTHING if given(entry, who, guests=guests)} == meant


def test_slack_is_asked_for_no_group_that_could_not_mean_the_person() -> None:
    policy = Policy(name="p", approve=("S0OPS",))
    assert groups_to_read(policy, Right.APPROVE, member("U0EVE")) == ("S0OPS",)
    assert groups_to_read(policy, Right.APPROVE, guest("U0EVE")) == ()
    assert groups_to_read(policy, Right.APPROVE, outsider("U0EVE")) == ()


@pytest.mark.parametrize(
    ("known", "team", "standing", "record"),
    [
        (member("U0EVE"), "", Standing.MEMBER, "U0EVE"),
        (member("U0EVE"), OWN, Standing.MEMBER, "U0EVE"),
        (member("U0EVE"), OTHER, Standing.OUTSIDER, f"{OTHER}/U0EVE"),
        (guest("U0EVE"), OTHER, Standing.OUTSIDER, f"{OTHER}/U0EVE"),
        (outsider("U0EVE"), OWN, Standing.OUTSIDER, f"{OWN}/U0EVE"),
        (outsider("U0EVE"), OTHER, Standing.OUTSIDER, f"{OTHER}/U0EVE"),
        (Known(user="U0EVE"), OTHER, Standing.UNKNOWN, "U0EVE"),
        (Known(user="U0EVE", teams=frozenset({OWN})), OTHER, Standing.UNKNOWN, f"{OTHER}/U0EVE"),
        (
            Known(user="U0EVE", standing=Standing.BOT, teams=frozenset({OWN})),
            OTHER,
            Standing.BOT,
            f"{OTHER}/U0EVE",
        ),
    ],
)
def test_a_team_that_somebody_acts_for_never_makes_them_one_of_ours(
    known: Known, team: str, standing: Standing, record: str
) -> None:
    seen = known.seen_in(team)
    assert (seen.standing, seen.id) == (standing, record)
    if known.standing is Standing.OUTSIDER:
        assert not given("*", seen)


@pytest.mark.parametrize(
    ("text", "parts", "user"),
    [
        ("U0EVE", ("", "U0EVE"), "U0EVE"),
        ("T0OTHER/W0EVE", ("T0OTHER", "W0EVE"), "W0EVE"),
        ("E0ORG/U0EVE", ("E0ORG", "U0EVE"), "U0EVE"),
        ("T0OTHER/", ("", ""), "T0OTHER/"),
        ("U0A/U0EVE", ("", ""), "U0A/U0EVE"),
        ("policy:default", ("", ""), "policy:default"),
        ("C0OPS", ("", ""), "C0OPS"),
        ("", ("", ""), ""),
    ],
)
def test_an_id_tells_the_team_where_it_has_one(text: str, parts: tuple[str, str], user: str) -> None:
    assert split_id(text) == parts
    assert user_of(text) == user
