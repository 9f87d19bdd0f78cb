"""The profiles as data, in words and as the Docker commands that they stand for."""

from datetime import timedelta

import pytest

from bot.core.docker.inventory import Kind
from bot.core.errors import UnknownProfileError
from bot.core.plan.profiles import BUILT_IN, DEFAULT_PROFILE, Profile, Rule, Scope, find_profile

WORDS = {
    "dangling": "images: dangling",
    "ci": "containers: stopped, at least 1 hour old; images: dangling; "
    "build cache: unused, at least 1 day old",
    "routine": "containers: stopped, at least 1 day old; images: unused, at least 7 days old; "
    "build cache: unused, at least 3 days old",
    "system": "containers: stopped; networks: unused; images: dangling; build cache: dangling",
    "everything": "containers: stopped; networks: unused; images: unused; build cache: unused",
    "volumes": "volumes: anonymous",
}
COMMANDS = {
    "dangling": ("docker image prune",),
    "ci": (
        "docker container prune --filter until=1h  # Docker counts from the creation, the plan from the end",
        "docker image prune",
        "docker builder prune --filter until=24h",
    ),
    "routine": (
        "docker container prune --filter until=24h  # Docker counts from the creation, the plan from the end",
        "docker image prune -a --filter until=168h  # Docker counts from the build, the plan from the arrival too",
        "docker builder prune --filter until=72h",
    ),
    "system": ("docker system prune",),
    "everything": ("docker system prune -a",),
    "volumes": ("docker volume prune",),
}


def test_the_built_in_profiles_read_as_designed() -> None:
    assert {name: profile.words() for name, profile in BUILT_IN.items()} == WORDS


def test_the_built_in_profiles_stand_for_the_commands_of_the_design() -> None:
    assert {name: profile.commands() for name, profile in BUILT_IN.items()} == COMMANDS


def test_profiles_come_in_order_of_aggression_and_volumes_are_in_none_but_their_own() -> None:
    assert list(BUILT_IN) == ["dangling", "ci", "routine", "system", "everything", "volumes"]
    assert [name for name, profile in BUILT_IN.items() if Kind.VOLUME in profile.rules] == ["volumes"]
    assert set(BUILT_IN["volumes"].rules) == {Kind.VOLUME}


def test_a_profile_of_ones_own_lists_its_kinds_in_the_order_of_removal() -> None:
    rules = {
        Kind.VOLUME: Rule(scope=Scope.ANONYMOUS),
        Kind.NETWORK: Rule(scope=Scope.UNUSED, min_age=timedelta(minutes=90)),
        Kind.CONTAINER: Rule(scope=Scope.STOPPED),
    }
    profile = Profile(name="mine", rules=rules)
    assert profile.words() == (
        "containers: stopped; networks: unused, at least 1 hour old; volumes: anonymous"
    )
    assert profile.commands() == (
        "docker container prune",
        "docker network prune --filter until=90m",
        "docker volume prune",
    )


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_profile_is_found_by_its_name(name: str) -> None:
    assert find_profile(name) is BUILT_IN[name]
    assert find_profile(name).name == name


def test_the_default_profile_exists() -> None:
    assert find_profile(DEFAULT_PROFILE).name == "routine"


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("rutine", "routine"), ("volume", "volumes"), ("System", "system"), ("zzz", ""), ("", "")],
)
def test_an_unknown_profile_is_answered_with_the_nearest_and_then_all(name: str, nearest: str) -> None:
    with pytest.raises(UnknownProfileError) as raised:
        find_profile(name)
    hint = f" Did you mean {nearest}?" if nearest else ""
    assert (
        str(raised.value) == f"There is no profile “{name}”.{hint} The profiles are: {', '.join(BUILT_IN)}."
    )
    assert (raised.value.wrong, raised.value.right) == (name, nearest)
