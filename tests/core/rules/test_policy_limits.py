"""Which cleanups a policy allows, how many approvals each takes, and which it approves by itself."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.core.docker.inventory import Kind
from bot.core.plan.arguments import PICKED
from bot.core.plan.plan import Draft, Frees, Item
from bot.core.plan.profiles import BUILT_IN
from bot.core.plan.target.target import Target
from bot.core.rules.policy import (
    Policy,
    Volumes,
    allows,
    approves_itself,
    plan_objection,
    profile_objection,
    quorum_of,
)
from bot.core.units import parse_size
from tests.core.things import ENGINE, NOW
from tests.support.plans import draft_of

GB = 10**9


def draft(
    profile: str = "routine", size: int = GB, kinds: Sequence[Kind] = (Kind.IMAGE,), arguments: str = ""
) -> Draft:
    items = tuple(Item(kind=kind, id=f"i{n}", name=f"i{n}", rule="unused") for n, kind in enumerate(kinds))
    frees = Frees(low=0, high=size, exact=False, why="")
    return replace(draft_of(items, ENGINE, NOW, frees=frees, profile=profile), arguments=arguments)


def policy(**more: object) -> Policy:
    return replace(Policy(name="p"), **more)  # type: ignore[arg-type] # the tests' own keywords


@pytest.mark.parametrize(
    ("volumes", "profile", "kinds", "objection"),
    [
        (Volumes.NEVER, "volumes", [Kind.VOLUME], "policy “p” lets no cleanup take volumes here"),
        (Volumes.NEVER, PICKED, [Kind.VOLUME], "policy “p” lets no cleanup take volumes here"),
        (Volumes.NEVER, "routine", [Kind.IMAGE], None),
        (Volumes.ANONYMOUS, "volumes", [Kind.VOLUME], None),
        (Volumes.ANONYMOUS, PICKED, [Kind.VOLUME], "policy “p” lets nobody pick volumes here"),
        (Volumes.ANONYMOUS, PICKED, [Kind.IMAGE], None),
        (Volumes.NAMED, "volumes", [Kind.VOLUME], None),
        (Volumes.NAMED, PICKED, [Kind.VOLUME], None),
    ],
)
def test_volumes_are_taken_as_far_as_the_policy_goes(
    volumes: Volumes, profile: str, kinds: list[Kind], objection: str | None
) -> None:
    assert profile_objection(policy(volumes=volumes), profile, kinds) == objection
    assert plan_objection(policy(volumes=volumes), draft(profile, kinds=kinds)) == objection


def test_only_the_profiles_that_a_policy_names_are_allowed_and_all_where_it_names_none() -> None:
    every = set(BUILT_IN)
    assert {name for name in every if allows(policy(), BUILT_IN[name])} == every
    assert {name for name in every if allows(policy(profiles=("ci", "system")), BUILT_IN[name])} == {
        "ci",
        "system",
    }
    assert {name for name in every if allows(policy(volumes=Volumes.NEVER), BUILT_IN[name])} == every - {
        "volumes"
    }
    assert profile_objection(policy(profiles=()), "ci", []) == (
        "policy “p” does not allow “ci” here; what it allows: none"
    )
    assert profile_objection(policy(profiles=("ci",)), PICKED, [Kind.IMAGE]) is not None


@pytest.mark.parametrize(
    ("max_bytes", "max_objects", "above", "quorum"),
    [
        (None, None, None, 1),
        (GB, 2, None, 1),  # exactly at the limit
        (GB - 1, None, None, None),
        (None, 1, None, None),
        (GB - 1, None, 3, 3),
        (GB - 1, 1, 2, 2),
        (GB, 1, 2, 2),
        (None, 0, 2, 2),
    ],
)
def test_beyond_a_limit_more_approvals_are_needed_or_none_is_enough(
    max_bytes: int | None, max_objects: int | None, above: int | None, quorum: int | None
) -> None:
    given = policy(max_bytes=max_bytes, max_objects=max_objects, quorum_above=above)
    two = draft(kinds=(Kind.IMAGE, Kind.CONTAINER))
    assert quorum_of(given, two) == quorum
    assert (plan_objection(given, two) is None) is (quorum is not None)


def test_the_higher_quorum_is_never_the_lower_one() -> None:
    assert quorum_of(policy(quorum=3, max_objects=0, quorum_above=2), draft()) == 3


def test_a_plan_beyond_the_limit_is_told_its_size_and_the_limit() -> None:
    given = policy(max_bytes=50 * GB, max_objects=500)
    assert plan_objection(given, draft(size=60 * GB)) == (
        "the plan is for 60GB in 1 objects, and policy “p” allows no cleanup of more than 50GB or 500 objects"
    )


@pytest.mark.parametrize(
    ("more", "plan", "approves"),
    [
        ({}, draft("ci"), False),  # unset: nothing
        ({"auto_approve": ("ci",)}, draft("ci"), True),
        ({"auto_approve": ("dangling",)}, draft("ci"), False),
        ({"auto_approve": ("ci",)}, draft("ci", kinds=(Kind.IMAGE, Kind.VOLUME)), False),
        ({"auto_approve": ("volumes",)}, draft("volumes", kinds=(Kind.VOLUME,)), False),
        ({"auto_approve": ("ci",), "max_bytes": GB}, draft("ci"), True),
        ({"auto_approve": ("ci",), "max_bytes": GB - 1}, draft("ci"), False),
        ({"auto_approve": ("ci",), "max_bytes": GB - 1, "quorum_above": 2}, draft("ci"), False),
        ({"auto_approve": ("ci",), "max_objects": 0, "quorum_above": 2}, draft("ci"), False),
        ({"auto_approve": ("ci",), "profiles": ("dangling",)}, draft("ci"), False),
        ({"auto_approve": ("ci",), "quorum": 5}, draft("ci"), True),  # it stands in for all approvals
    ],
)
def test_a_policy_approves_only_what_it_names_without_volumes_and_within_its_limits(
    more: dict[str, object], plan: Draft, *, approves: bool
) -> None:
    assert approves_itself(policy(**more), plan) is approves


TO_70 = {"auto_approve_to": {"everything": Target(below=70, free=10**9)}}


@pytest.mark.parametrize(
    ("arguments", "more", "approves"),
    [
        ("below=70%", {}, True),
        ("below=75% until=24h not=postgres", {}, True),  # less room, and narrower
        ("below=70% free=1GB", {}, True),
        ("below=69%", {}, False),
        ("free=2GB", {}, False),
        ("below=70% free=2GB", {}, False),
        ("", {}, False),  # all of the profile
        ("until=24h", {}, False),
        ("below=70% arrival=build", {}, False),
        ("below=70% of=what another release wrote", {}, False),
        ("below=70% everything", {}, False),
        ("below=70%", {"max_bytes": GB - 1}, False),
        ("below=70%", {"max_objects": 0, "quorum_above": 2}, False),
        ("below=70%", {"profiles": ("dangling",)}, False),
        ("below=70%", {"auto_approve_to": {"routine": Target(below=70)}}, False),
    ],
)
def test_a_policy_approves_a_plan_to_a_target_that_asks_for_no_more_room_than_it_gives(
    arguments: str, more: dict[str, object], *, approves: bool
) -> None:
    given = policy(**{**TO_70, **more})
    assert approves_itself(given, draft("everything", arguments=arguments)) is approves
    volumes = draft("everything", kinds=(Kind.VOLUME,), arguments=arguments)
    assert not approves_itself(given, volumes)


@pytest.mark.parametrize(
    ("text", "size"),
    [("0B", 0), ("50GB", 50 * GB), ("1.5TB", 1_500 * GB), ("500 MB", 5 * 10**8), ("7kB", 7_000)],
)
def test_sizes_are_read_as_docker_writes_them(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "50", "GB", "50GiB", "50gb", "-1GB", "1e9B", "5 0GB"])
def test_what_is_no_size_is_told_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=f"“{text}” is not a size; write it like 500MB"):
        parse_size(text)
