"""The planner at its boundaries: ages to the microsecond, odd graphs, and what an item carries."""

from datetime import timedelta

import pytest

from bot.core.docker.inventory import Kind
from bot.core.plan.plan import Item
from bot.core.plan.planner import draft
from bot.core.plan.prediction import Measured
from bot.core.plan.profiles import Profile, Rule, Scope, find_profile
from bot.core.plan.protection import Protection
from tests.core.things import (
    NOW,
    ago,
    container,
    image,
    inventory,
    network,
    planned,
    record,
    rule,
    taken,
    volume,
)

ONE = image("one", ("l", 1), tags=("one:1",))
WEB = container("web", ONE, "running")
HOUR = timedelta(hours=1)
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(("age", "goes"), [(HOUR, True), (HOUR - TICK, False), (-HOUR, False)])
def test_a_container_is_old_enough_at_exactly_the_age_of_the_rule(age: timedelta, *, goes: bool) -> None:
    plan = planned("ci", inventory(ONE, container("c", ONE, created_at=NOW - age)))
    assert taken(plan) == ({"c"} if goes else set())


def test_the_reason_names_an_age_that_is_never_below_zero() -> None:
    later = inventory(ONE, container("c", ONE, created_at=NOW + HOUR))
    assert rule(planned("ci", later), "id-c") == "created just now: younger than 1 hour"


@pytest.mark.parametrize(("age", "goes"), [(HOUR, True), (HOUR - TICK, False)])
def test_a_dangling_image_has_a_least_age_that_the_profile_does_not_name(
    age: timedelta, *, goes: bool
) -> None:
    dangling = image("d", ("l", 1), built_at=NOW - age)
    for profile in ("dangling", "everything"):
        assert taken(planned(profile, inventory(dangling))) == ({dangling.id} if goes else set())


def test_the_least_age_of_dangling_images_can_be_set_and_a_longer_rule_wins() -> None:
    week = Profile(name="w", rules={Kind.IMAGE: Rule(scope=Scope.UNUSED, min_age=timedelta(days=7))})
    young = image("d", ("l", 1), built_at=ago(minutes=30))
    measured = Measured.of(inventory(young))
    for profile, goes in ((find_profile("dangling"), True), (week, False)):
        plan = draft(measured, profile, Protection(dangling_min_age=timedelta(minutes=30)))
        assert bool(plan.items) is goes


def test_cache_ages_count_from_the_last_use_and_else_from_the_making() -> None:
    unknown = record("unknown", last_used_at=None)
    made = record("made", last_used_at=None, created_at=ago(hours=24))
    used = record("used", last_used_at=ago(hours=23), created_at=ago(days=9))
    plan = planned("ci", inventory(unknown, made, used))
    assert [item.id for item in plan.items] == ["made"]
    assert rule(plan, "unknown") == "the engine does not say when it was last used"
    assert rule(plan, "used") == "last used 23 hours ago: used within 1 day"


def test_an_image_tagged_after_it_was_built_counts_from_the_tag_and_else_from_the_build() -> None:
    tagged = image("t", ("t", 1), tags=("t:1",), built_at=ago(days=9), tagged_at=ago(days=6))
    built = image("b", ("b", 1), tags=("b:1",), built_at=ago(days=6), tagged_at=ago(days=9))
    old = image("o", ("o", 1), tags=("o:1",), built_at=ago(days=9), tagged_at=ago(days=7))
    plan = planned("routine", inventory(tagged, built, old))
    assert taken(plan) == {old.id}
    assert rule(plan, tagged.id) == "tagged or pulled 6 days ago: younger than 7 days"
    assert rule(plan, built.id) == "built 6 days ago: younger than 7 days"


# --- reasons ------------------------------------------------------------------------------------


def test_a_profile_without_a_rule_for_a_kind_says_so_of_every_object() -> None:
    seen = inventory(ONE, WEB, network("n"), volume("v"), record("r"))
    plan = planned("volumes", seen)
    said = {kept.kind: (kept.rule, kept.because) for kept in plan.kept}
    assert said == {
        Kind.CONTAINER: ("volumes takes no containers", "not in this profile"),
        Kind.NETWORK: ("volumes takes no networks", "not in this profile"),
        Kind.IMAGE: ("volumes takes no images", "not in this profile"),
        Kind.BUILD_CACHE: ("volumes takes no build cache", "not in this profile"),
    }


def test_a_label_keeps_an_object_of_any_kind_that_can_carry_one() -> None:
    protection = Protection(labels=("keep",))
    labelled = image("l", ("l", 1), tags=("l:1",), labels={"keep": ""})
    kept_network = network("n", labels={"keep": ""})
    stopped = container("c", ONE, labels={"keep": ""})
    plan = planned("everything", inventory(labelled, stopped, kept_network, network("free")), protection)
    assert taken(plan) == {"free"}
    assert {rule(plan, key) for key in (labelled.id, "id-c", "id-n")} == {"protected by the label keep"}
    kept_volume = volume("v", labels={"keep": ""})
    plan = planned("volumes", inventory(kept_volume, volume("free")), protection)
    assert taken(plan) == {"free"}
    assert rule(plan, "v") == "protected by the label keep"


def test_a_pattern_keeps_an_image_that_nothing_else_would_keep() -> None:
    two = image("two", ("l2", 1), tags=("reg.example/two:stable",))
    plan = planned("everything", inventory(ONE, two), Protection(images=("*:stable",)))
    assert taken(plan) == {ONE.id}
    assert rule(plan, two.id) == "protected by the pattern *:stable"


@pytest.mark.parametrize(
    ("state", "said"), [("running", "it is running"), ("", "the engine does not say whether it runs")]
)
def test_a_container_that_stays_says_its_state(state: str, said: str) -> None:
    assert rule(planned("system", inventory(ONE, container("c", ONE, state))), "id-c") == said


def test_dangling_cache_says_whose_a_record_is() -> None:
    plan = planned("system", inventory(record("f", type="frontend"), record("s", shared=True)))
    more = "only profiles that take all unused cache take it"
    said = (f"the builder's own (frontend): {more}", f"an image holds it too: {more}")
    assert (rule(plan, "f"), rule(plan, "s")) == said


def test_a_shared_record_that_matches_no_image_stays() -> None:
    plan = planned("everything", inventory(ONE, record("s", 77, shared=True)))
    assert rule(plan, "s") == "an image holds it too, and which one cannot be told"


def test_a_record_left_by_a_removed_base_goes_and_says_nothing_of_the_images_that_are_there() -> None:
    """Measured on 20.10: such a record says size 0 and is no longer shared."""
    plan = planned("everything", inventory(ONE, record("from", 0)))
    assert {item.id: item.bytes for item in plan.items} == {ONE.id: 1, "from": 0}
    assert (plan.frees.low, plan.frees.high) == (1, 1)
    plan = planned("routine", inventory(ONE, record("from", 0, last_used_at=NOW)))
    assert (plan.frees.low, plan.frees.high, plan.frees.exact) == (1, 1, True)


def test_a_name_without_a_tag_is_use_on_the_containerd_store_only() -> None:
    latest = image("latest", ("l", 1), tags=("reg:5000/app:latest",))
    other = container("c", image("gone", ("g", 1)), "running", image="reg:5000/app")
    assert rule(planned("everything", inventory(latest, other, store="containerd")), latest.id) == (
        "container c uses it"
    )
    assert taken(planned("everything", inventory(latest, other))) == {latest.id}


# --- graphs -------------------------------------------------------------------------------------


def test_records_go_after_the_longest_line_that_builds_on_them() -> None:
    seen = inventory(
        record("c"), record("b", parents=("c",)), record("a", parents=("b",)), record("z", parents=("c", "a"))
    )
    assert [item.id for item in planned("everything", seen).items] == ["z", "a", "b", "c"]


def test_a_kept_record_keeps_all_of_its_ancestors_and_no_others() -> None:
    seen = inventory(
        record("top", in_use=True, parents=("left", "right", "not-listed")), record("left", parents=("root",)),
        record("right"), record("root"), record("other", parents=("root",)),
    )  # fmt: skip
    plan = planned("everything", seen)
    assert [item.id for item in plan.items] == ["other"]
    assert rule(plan, "root") == "regular left stays and builds on it"


def test_records_and_images_that_are_their_own_ancestors_are_still_planned() -> None:
    x, y = image("x", ("x", 1), parent="sha256:y"), image("y", ("y", 2), parent="sha256:x")
    plan = planned("everything", inventory(x, y, record("a", parents=("b",)), record("b", parents=("a",))))
    assert {item.id for item in plan.items} == {x.id, y.id, "a", "b"}


def test_an_item_carries_what_the_last_look_compares() -> None:
    held = image("i", ("l", 64), tags=("i:1",), digests=("i@sha256:d",))
    plan = planned("everything", inventory(held, record("s", 64, shared=True, created_at=ago(days=40))))
    assert plan.items == (
        Item(
            kind=Kind.IMAGE, id=held.id, name="i:1", references=("i:1", "i@sha256:d"), bytes=0,
            rule="unused for at least 60 days", created_at=ago(days=60), shared=False,
        ),
        Item(
            kind=Kind.BUILD_CACHE, id="s", name="regular s", bytes=64, rule="no build used it for 30 days",
            created_at=ago(days=40), shared=True,
        ),
    )  # fmt: skip
    (item,) = planned("volumes", inventory(volume("v"))).items
    assert (item.id, item.created_at) == ("v", ago(days=9))
