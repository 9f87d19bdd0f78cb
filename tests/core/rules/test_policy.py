"""Who may do what: closed when in doubt."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from bot.core.rules.policy import Policy, Right, groups_to_read, is_group, may
from tests.support.people import member

GROUPS = {"S1": ("U1", "W2"), "S2": ("U3",), "S3": ()}


def approving(*entries: str) -> Policy:
    return Policy(name="p", approve=entries)


@pytest.mark.parametrize("right", Right)
def test_a_right_that_names_nobody_belongs_to_nobody(right: Right) -> None:
    assert not may(Policy(name="p"), right, member("U1"), GROUPS)
    assert groups_to_read(Policy(name="p"), right, member("U1")) == ()


@pytest.mark.parametrize("right", Right)
def test_each_right_has_its_own_list(right: Right) -> None:
    policy = Policy(
        name="p",
        look=("Ulook",),
        request=("Urequest",),
        approve=("Uapprove",),
        stop=("Ustop",),
        restore=("Urestore",),
        audit=("Uaudit",),
    )
    assert [other for other in Right if may(policy, right, member(f"U{other}"), {})] == [right]


def test_who_may_look_may_read_the_audit_until_it_has_a_list_of_its_own() -> None:
    assert may(Policy(name="p", look=("U1",)), Right.AUDIT, member("U1"), {})
    assert not may(Policy(name="p", look=("U1",), audit=("U2",)), Right.AUDIT, member("U1"), {})
    assert not may(Policy(name="p", look=("U1",), audit=()), Right.AUDIT, member("U1"), {})


@pytest.mark.parametrize(
    ("entries", "user", "groups", "allowed"),
    [
        (("*",), "U9", {}, True),
        (("*",), "", {}, False),
        (("U1",), "U1", {}, True),
        (("U1",), "U11", {}, False),
        (("U1",), "", {}, False),
        (("",), "", {}, False),
        (("S1",), "U1", GROUPS, True),
        (("S1",), "W2", GROUPS, True),
        (("S1",), "U3", GROUPS, False),
        (("S3", "S2"), "U3", GROUPS, True),
        (("S3",), "U1", GROUPS, False),
        (("S1",), "U1", {}, False),
        (("S9", "S1"), "U1", GROUPS, True),
        (("S1",), "", {"S1": ("",)}, False),
        (("U2",), "U1", {"U2": ("U1",)}, False),
    ],
)
def test_everyone_users_and_members_of_groups(
    entries: tuple[str, ...], user: str, groups: Mapping[str, tuple[str, ...]], *, allowed: bool
) -> None:
    assert may(approving(*entries), Right.APPROVE, member(user), groups) is allowed


@pytest.mark.parametrize(
    ("entries", "needed"),
    [
        (("S1", "U2", "S2"), ("S1", "S2")),
        (("S1", "U1"), ()),
        (("S1", "*"), ()),
        (("U2", "W2"), ()),
    ],
)
def test_groups_are_read_only_when_no_plain_entry_decides(
    entries: tuple[str, ...], needed: tuple[str, ...]
) -> None:
    assert groups_to_read(approving(*entries), Right.APPROVE, member("U1")) == needed


@pytest.mark.parametrize(("entry", "group"), [("S1", True), ("U1", False), ("W1", False), ("*", False)])
def test_group_ids_begin_with_s(entry: str, *, group: bool) -> None:
    assert is_group(entry) is group


def test_a_policy_that_says_nothing_more_wants_one_other_person_within_half_an_hour() -> None:
    policy = Policy(name="p")
    assert (policy.quorum, policy.self_approval, policy.expires) == (1, False, timedelta(minutes=30))
