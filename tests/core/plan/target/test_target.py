"""Plans to a target: in which order what goes, where the line is cut, and what a person reads of it."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.docker.inventory import CacheRecord, Container, Image, Inventory, Kind, Network, Volume
from bot.core.docker.usage import (
    DiskSpace,
    DiskUsage,
    Survey,
    build_cache_row,
    containers_row,
    images_row,
    volumes_row,
)
from bot.core.errors import UsageError
from bot.core.plan.arguments import narrowed, parse_arguments
from bot.core.plan.plan import Draft
from bot.core.plan.prediction import Measured
from bot.core.plan.profiles import BUILT_IN
from bot.core.plan.protection import Protection
from bot.core.plan.target.cutting import drafted
from bot.core.plan.target.reaching import check_reach
from bot.core.plan.target.target import Target, parse_target
from tests.core.things import ago, container, image, inventory, network, record, taken, volume

Thing = Image | Container | Network | Volume | CacheRecord
OLD = image("old", ("o", 300), tags=("old:1",), used_at=ago(days=40))
OLDER = image("older", ("p", 300), tags=("older:1",), used_at=ago(days=50))
NEW = image("new", ("n", 300), tags=("new:1",), used_at=ago(days=1))
BARE = image("bare", ("b", 100), used_at=ago(days=2))
CACHE = record("cache", 200, last_used_at=ago(days=2))
DISK = DiskSpace(size=10_000, free=1_000)


def planned(words: str, *things: Thing, disk: DiskSpace | None = DISK) -> Draft:
    seen = inventory(*things)
    arguments = parse_arguments(words.split())
    profile = narrowed(BUILT_IN[arguments.profile or "routine"], arguments)
    survey = Survey(inventory=seen, usage=usage_of(seen), disk=disk)
    return drafted(survey, Measured.of(seen), profile, Protection(), BUILT_IN)


def usage_of(seen: Inventory) -> DiskUsage:
    images = images_row(sum(one.size or 0 for one in seen.images), seen.images)
    return DiskUsage(
        rows=(images, containers_row(seen.containers), volumes_row(seen.volumes), build_cache_row(seen.cache))
    )


def line(plan: Draft) -> Sequence[str]:
    """Why each object goes or stays that the profile takes, in the order of the line."""
    said = [*((each.name, each.rule) for each in plan.items), *((each.name, each.rule) for each in plan.kept)]
    return sorted(
        f"{rule.rpartition(' in line')[0].rpartition(' ')[2]} {name}"
        for name, rule in said
        if "in line" in rule
    )


def test_what_the_mildest_profile_takes_goes_first_and_of_that_what_is_unused_longest() -> None:
    plan = planned("everything free=1.75kB", OLD, OLDER, NEW, BARE, CACHE)
    assert line(plan) == ["1st bare", "2nd regular cache", "3rd older:1", "4th old:1", "5th new:1"]
    assert taken(plan) == {"sha256:bare", "regular cache", "sha256:older", "sha256:old"}
    assert (plan.frees.low, plan.frees.high) == (900, 900)


def test_it_stops_where_the_target_is_met_and_says_so_of_what_goes_of_what_stays_and_of_all() -> None:
    plan = planned("everything free=1.2kB", OLD, OLDER, NEW, BARE, CACHE)
    assert [(each.name, each.rule) for each in plan.items] == [
        ("bare", "without a tag, no container used it for 2 days; 1st in line, as dangling takes it"),
        ("regular cache", "no build used it for 2 days; 2nd in line, as ci takes it"),
    ]
    stays = {each.name: each.rule for each in plan.kept}
    assert stays["older:1"] == "the target is met without it: 3rd in line, as routine takes it"
    assert stays["new:1"] == "the target is met without it: 5th in line, as everything takes it"
    (note,) = plan.notes
    assert note == (
        "The disk gets from 90.0% to 87.0% full, with 1.3kB free: 1.2kB free. Of the 5 objects that everything takes "
        "those go first that the mildest profile takes, and of these what is unused longest; without the last one "
        "100B would be lacking."
    )
    assert plan.words.endswith("; no more than it takes until the disk is 1.2kB free")
    assert plan.request == "everything free=1.2kB"


@pytest.mark.parametrize(("below", "free"), [("90%", 1_001), ("89%", 1_101), ("1%", 9_901)])
def test_below_means_less_than_that_share_of_the_disk(below: str, free: int) -> None:
    target = parse_arguments([f"below={below}"]).target
    assert target is not None
    assert target.wanted(DISK) == free
    assert DiskSpace(size=DISK.size, free=free).used_share < int(below[:-1]) / 100
    assert DiskSpace(size=DISK.size, free=free - 1).used_share >= int(below[:-1]) / 100


def test_bytes_of_shared_layers_count_once_the_last_that_holds_them_goes() -> None:
    """Neither of two images frees their common layer: both go for it, and the third would add what is not needed."""
    one = image("one", ("base", 500), ("x", 1), tags=("one:1",), tagged_at=ago(days=60), used_at=ago(days=50))
    two = image("two", ("base", 500), ("y", 1), tags=("two:1",), tagged_at=ago(days=60), used_at=ago(days=40))
    three = image("three", ("z", 500), tags=("three:1",), used_at=ago(days=30))
    plan = planned("routine free=1.5kB", one, two, three)
    assert taken(plan) == {"sha256:one", "sha256:two"}
    assert plan.frees.low == 502


def test_what_would_free_nothing_is_left_alone_however_old_it_is() -> None:
    """An image that shares all it has with one that stays, a network, an empty container of an image that is used."""
    base = image("base", ("base", 500), tags=("base:1",))
    alias = image("alias", ("base", 500), used_at=ago(days=50))
    seen = (base, alias, container("web", base, "running"), container("job", base), network("lan"), OLD)
    plan = planned("everything free=1.1kB", *seen)
    assert taken(plan) == {"sha256:old"}
    stays = {each.name: each.rule for each in plan.kept}
    nothing = "removing it would free nothing, and this plan is about space"
    assert [stays[name] for name in ("alias", "job", "lan")] == [nothing] * 3


def test_a_container_goes_before_its_image_and_makes_it_count_as_used_when_it_ended() -> None:
    job = container("job", OLDER, ended_at=ago(days=3))
    plan = planned("everything free=1.2kB", OLDER, OLD, job)
    assert taken(plan) == {"sha256:old"}
    plan = planned("everything free=1.4kB", OLDER, OLD, job)
    assert [each.name for each in plan.items] == ["job", "old:1", "older:1"]


def test_a_target_that_is_met_already_takes_nothing() -> None:
    plan = planned("routine below=95%", OLD)
    assert plan.items == ()
    assert plan.notes == ("The disk is less than 95% full already: 1kB free of 10kB (90% full).",)


def test_a_target_beyond_the_profile_says_how_far_it_gets_and_what_else_holds_the_space() -> None:
    plan = planned("routine below=50%", OLD, NEW, volume("db"), CACHE)
    assert taken(plan) == {"sha256:old"}
    gets, else_ = plan.notes
    assert gets == (
        "The disk gets from 90.0% to 87.0% full, with 1.3kB free: 3.7kB short of less than 50% full, with all that "
        "routine takes."
    )
    assert else_ == (
        "What else holds its space: what is in no figure of Docker's (logs, other programs) 8.19kB, images that stay "
        "300B, build cache that stays 200B."
    )
    reach = plan.reach
    assert reach is not None
    assert reach.lacking == 3_701


def test_no_target_takes_volumes() -> None:
    with pytest.raises(UsageError, match="volumes takes volumes, and no target does"):
        planned("volumes free=2kB", volume("v"))
    assert not [
        each for each in planned("everything free=9kB", volume("v"), OLD).items if each.kind is Kind.VOLUME
    ]


def test_a_disk_that_nobody_can_see_is_answered_with_what_to_do() -> None:
    with pytest.raises(
        UsageError, match=r"^prod-3: how large its disk is .* Reach it by ssh with SFTP, or ask without"
    ):
        check_reach("prod-3", Target(below=70), None)
    with pytest.raises(UsageError, match=r"^prod-3: its disk holds 10kB, so 1TB free cannot be\."):
        check_reach("prod-3", Target(free=10**12), DISK)
    with pytest.raises(ValueError, match="a disk that nobody sees"):
        planned("everything below=70%", OLD, disk=None)
    check_reach("prod-3", Target(below=1), DISK)
    check_reach("prod-3", None, None)


def test_docker_has_no_command_for_a_target() -> None:
    profile = narrowed(BUILT_IN["everything"], parse_arguments(["below=70%"]))
    assert profile.commands() == (
        "# Docker cannot stop once a disk has room; these would go on, and take all that they find",
        "docker system prune -a",
    )


@given(
    st.builds(Target, free=st.integers(0, 10**14), below=st.integers(1, 100)).filter(
        lambda one: one != Target()
    )
)
def test_a_target_that_is_written_is_read_as_the_same(target: Target) -> None:
    assert parse_target(str(target)) == target


@given(
    *[st.builds(Target, free=st.integers(0, 5), below=st.integers(1, 9))] * 2,
    st.integers(1, 9),
    st.integers(0, 9),
)
def test_what_asks_for_no_more_is_met_wherever_the_other_is(
    one: Target, other: Target, size: int, free: int
) -> None:
    disk = DiskSpace(size=size, free=min(free, size))
    if one.asks_no_more_than(other):
        assert one.wanted(disk) <= other.wanted(disk)
