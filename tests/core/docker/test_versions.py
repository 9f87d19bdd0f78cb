"""The newest versions of each repository, which ``keep_last`` keeps."""

from collections.abc import Mapping
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.core.docker.inventory import Image
from bot.core.docker.versions import newest_versions
from bot.core.plan.arguments import narrowed, parse_arguments
from bot.core.plan.planner import draft
from bot.core.plan.prediction import Measured
from bot.core.plan.profiles import BUILT_IN
from bot.core.plan.protection import Protection
from tests.core.things import NOW, ago, container, image, inventory, planned, rule, taken


def built(name: str, days: float, *tags: str, **more: object) -> Image:
    return image(name, (name, 1), tags=tags, built_at=ago(days=days), **more)


def newest(count: int, *images: Image) -> Mapping[str, str]:
    return {
        image_id.removeprefix("sha256:"): name
        for image_id, name in newest_versions(images, count, NOW).items()
    }


def test_each_repository_keeps_its_own_newest_versions() -> None:
    images = [
        *(built(f"a{days}", days, f"reg:5000/app:{days}") for days in (1, 2, 3)),
        *(built(f"b{days}", days, f"db:{days}") for days in (7, 8)),
    ]
    assert newest(1, *images) == {"a1": "reg:5000/app", "b7": "db"}
    assert newest(2, *images) == {"a1": "reg:5000/app", "a2": "reg:5000/app", "b7": "db", "b8": "db"}
    assert len(newest(99, *images)) == 5


def test_nothing_is_kept_for_a_count_of_none() -> None:
    assert newest(0, built("a", 1, "app:1")) == newest(-1, built("a", 1, "app:1")) == {}


def test_an_image_is_as_new_as_the_later_of_its_build_and_its_tag() -> None:
    pulled = built("pulled", 400, "app:1", tagged_at=ago(days=1))
    rebuilt = built("rebuilt", 2, "app:2", tagged_at=ago(days=300))
    assert newest(1, pulled, rebuilt) == {"pulled": "app"}
    assert newest(1, rebuilt, built("old", 3, "app:3")) == {"rebuilt": "app"}


def test_versions_are_ordered_by_the_same_rule_as_ages() -> None:
    used = built("used", 9, "app:1", used_at=ago(days=0))
    assert newest(1, used, built("younger", 8, "app:2")) == {"used": "app"}
    arrived = built("arrived", 9, "app:1", first_seen_at=ago(days=1))
    assert newest(1, arrived, built("younger", 8, "app:2")) == {"arrived": "app"}


def test_those_that_were_all_there_at_the_first_look_are_ordered_by_their_build() -> None:
    there = [built(f"b{days}", days, f"app:{days}", first_seen_at=ago(days=1)) for days in (30, 2, 400, 9)]
    assert newest(2, *there) == {"b2": "app", "b9": "app"}
    future = built("future", -900, "app:later", first_seen_at=ago(days=1))
    assert newest(1, future, *there) == {"b2": "app"}


def test_an_unknown_age_counts_as_the_newest() -> None:
    unknown = image("unknown", tags=("app:0",), built_at=None)
    assert newest(1, unknown, built("fresh", 0, "app:9")) == {"unknown": "app"}


def test_an_image_stays_for_the_one_repository_of_several_where_it_is_new() -> None:
    both = built("both", 5, "app:5", "spare:5")
    assert newest(1, both, built("a", 1, "app:1"), built("s", 9, "spare:9")) == {"a": "app", "both": "spare"}
    assert newest(1, both) == {"both": "app"}


def test_versions_are_counted_and_not_tags() -> None:
    many = built("many", 1, "app:1", "app:1.0", "app:latest")
    other = built("other", 2, "app:2")
    assert newest(1, many, other) == {"many": "app"}
    assert newest(2, many, other) == {"many": "app", "other": "app"}


def test_digests_and_names_without_a_tag_are_no_tags() -> None:
    assert newest(5, built("d", 1, digests=("app@sha256:1",)), built("dangling", 1)) == {}


TIED = [
    built(f"t{number}", age, f"app:{number}", f"spare:{number % 3}.{number}")
    for number, age in enumerate((3, 3, 3, 1, 1, 7))
]


@given(st.permutations(TIED), st.integers(1, 6))
def test_ties_do_not_depend_on_the_order_of_the_list(images: list[Image], count: int) -> None:
    assert newest(count, *images) == newest(count, *TIED)


def test_ties_go_to_the_tag_that_sorts_last() -> None:
    tied = [built(f"t{number}", 3, f"app:{number}") for number in range(4)]
    assert newest(2, *tied) == {"t3": "app", "t2": "app"}


def test_the_planner_says_which_repository_keeps_an_image() -> None:
    old, new = built("old", 60, "app:1"), built("new", 30, "app:2")
    plan = planned("everything", inventory(old, new), Protection(keep_last=1))
    assert taken(plan) == {old.id}
    assert rule(plan, new.id) == "among the newest versions of app, which stay"


def test_images_in_use_count_among_the_newest() -> None:
    old, new = built("old", 60, "app:1"), built("new", 30, "app:2")
    web = container("web", new, "running")
    plan = planned("everything", inventory(old, new, web), Protection(keep_last=1))
    assert taken(plan) == {old.id}
    assert rule(plan, new.id) == "container web uses it"


def test_the_larger_of_protections_and_the_profiles_number_counts() -> None:
    images = [built(f"i{days}", days, f"app:{days}") for days in range(1, 6)]
    measured = Measured.of(inventory(*images))
    for asked, protected, left in ((1, 3, 3), (3, 1, 3), (1, 0, 1), (9, 0, 5)):
        profile = narrowed(BUILT_IN["everything"], parse_arguments([f"keep={asked}"]))
        plan = draft(measured, profile, Protection(keep_last=protected, unused_for=timedelta()))
        assert len(plan.kept) == left
        assert taken(plan) == {one.id for one in images[left:]}
