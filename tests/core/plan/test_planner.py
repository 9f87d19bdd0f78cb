"""What each profile takes, what it keeps and why, and what that frees."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.docker.inventory import Image, Kind
from bot.core.plan.profiles import BUILT_IN
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

BASE = ("base", 100)


def test_shared_layers_count_once_and_layers_of_kept_images_count_not_at_all() -> None:
    kept = image("kept", BASE, ("k", 5), tags=("kept:1",), tagged_at=ago(days=60))
    one = image("one", BASE, ("shared", 40), ("a", 1), tags=("one:1",), tagged_at=ago(days=60))
    two = image("two", BASE, ("shared", 40), ("b", 2), tags=("two:1",), tagged_at=ago(days=60))
    plan = planned("everything", inventory(kept, one, two, container("web", kept, "running")))
    assert taken(plan) == {one.id, two.id}
    assert (plan.frees.low, plan.frees.high, plan.frees.exact) == (43, 43, True)
    assert sum(item.bytes for item in plan.items) == 43
    assert sum(plan.layers.values()) == 43


def test_dangling_takes_only_old_images_without_any_reference() -> None:
    old = image("old", BASE)
    fresh = image("fresh", BASE, built_at=ago(minutes=10))
    tagged = image("tagged", BASE, tags=("app:1",))
    digest = image("digest", BASE, digests=("app@sha256:1",))
    plan = planned("dangling", inventory(old, fresh, tagged, digest))
    assert taken(plan) == {old.id}
    assert "younger than 1 hour" in rule(plan, fresh.id)
    assert "tagged app:1" in rule(plan, tagged.id)
    assert "pulled by its digest" in rule(plan, digest.id)


def test_the_age_of_an_image_counts_from_its_latest_tag_or_pull() -> None:
    pulled = image("pulled", BASE, tags=("app:1",), tagged_at=ago(minutes=1), built_at=ago(days=365))
    unknown = image("unknown", BASE, tags=("app:2",), built_at=None)
    plan = planned("routine", inventory(pulled, unknown))
    assert not plan.items
    assert "tagged or pulled 1 minute ago" in rule(plan, pulled.id)
    assert "does not say" in rule(plan, unknown.id)


def test_an_image_with_users_that_stay_is_kept_and_one_whose_users_go_is_taken() -> None:
    used, freed = image("used", BASE, tags=("u:1",)), image("freed", ("f", 3), tags=("f:1",))
    counted = image("counted", ("c", 3), tags=("c:1",), containers=1)
    plan = planned(
        "everything",
        inventory(used, freed, counted, container("web", used, "paused"), container("old", freed, size_rw=4)),
    )
    assert taken(plan) == {freed.id, "old"}
    assert plan.frees.high == 7
    assert rule(plan, used.id) == "container web uses it"
    assert rule(plan, counted.id) == "the engine counts 1 container on it"


def test_parents_go_after_their_children_and_stay_when_a_child_stays() -> None:
    parent = image("parent", BASE)
    child = image("child", BASE, ("c", 1), parent=parent.id)
    plan = planned("dangling", inventory(parent, child))
    assert [item.id for item in plan.items] == [child.id, parent.id]
    tagged = image("child", BASE, ("c", 1), parent=parent.id, tags=("app:1",))
    plan = planned("dangling", inventory(parent, tagged))
    assert rule(plan, parent.id) == "image app:1 stays and is built on it"


def test_protected_images_and_labels_are_kept_by_every_profile() -> None:
    pattern = image("pattern", BASE, tags=("registry.example/app:stable",))
    label = image("label", BASE, labels={"keep": "yes"})
    stopped = container("stopped", pattern, labels={"keep": "yes"})
    protection = Protection(images=("*:stable",), labels=("keep=yes",))
    for profile in BUILT_IN:
        assert not planned(profile, inventory(pattern, label, stopped), protection).items


@pytest.mark.parametrize("state", ["running", "paused", "restarting", "removing", ""])
def test_only_stopped_containers_are_taken(state: str) -> None:
    one = image("one", BASE, tags=("one:1",))
    plan = planned("system", inventory(one, container("c", one, state), container("gone", one, "dead")))
    assert taken(plan) == {"gone"}


def test_networks_stay_when_predefined_shared_in_use_unknown_or_named_by_a_kept_container() -> None:
    one = image("one", BASE, tags=("one:1",))
    young = container("young", one, networks=("needed",))
    plan = planned(
        "system",
        inventory(
            one, container("web", one, "running", networks=("needed",)), young, network("needed"),
            network("bridge"), network("swarm", scope="swarm"), network("busy", in_use=True),
            network("unknown", in_use=None), network("free"),
        ),
    )  # fmt: skip
    assert {item.name for item in plan.items if item.kind is Kind.NETWORK} == {"free"}
    assert rule(plan, "id-needed") == "container web needs it"


def test_volumes_are_taken_only_when_anonymous_local_and_surely_unused() -> None:
    one = image("one", BASE, tags=("one:1",))
    user = container("db", one, volumes=("mounted",))
    plan = planned(
        "volumes",
        inventory(
            one, user, volume("free"), volume("named", anonymous=False), volume("mounted"),
            volume("counted", ref_count=1), volume("unknown", ref_count=None), volume("nfs", type="nfs"),
        ),
    )  # fmt: skip
    assert taken(plan) == {"free"}
    assert plan.frees.high == 7
    assert "only a person picks such volumes" in rule(plan, "named")


def test_cache_goes_leaves_first_and_stays_under_a_kept_record() -> None:
    root, leaf = record("root"), record("leaf", parents=("root",))
    busy, under = record("busy", in_use=True, parents=("under",)), record("under")
    plan = planned("everything", inventory(root, leaf, busy, under))
    assert [item.id for item in plan.items] == ["leaf", "root"]
    assert plan.frees.high == 20
    assert "builds on it" in rule(plan, "under")


def test_dangling_cache_leaves_what_the_engine_and_images_need() -> None:
    plan = planned(
        "system", inventory(record("own"), record("frontend", type="frontend"), record("s", shared=True))
    )
    assert [item.id for item in plan.items] == ["own"]


def test_a_layer_that_kept_cache_holds_frees_nothing() -> None:
    built = image("built", ("l", 64), tags=("built:1",))
    held = record("held", 64, shared=True, in_use=True)
    plan = planned("everything", inventory(built, held))
    assert taken(plan) == {built.id}
    assert (plan.frees.high, plan.frees.exact) == (0, True)


def test_a_shared_record_goes_with_the_last_image_that_shares_it_and_counts_once() -> None:
    built = image("built", ("l", 64), tags=("built:1",))
    plan = planned("everything", inventory(built, record("held", 64, shared=True)))
    assert len(plan.items) == 2
    assert (plan.frees.low, plan.frees.high) == (64, 64)
    web = container("web", built, "running")
    plan = planned("everything", inventory(built, record("held", 64, shared=True), web))
    assert not plan.items


def test_a_range_says_why_when_a_stopped_containers_image_is_gone() -> None:
    lost = image("lost", BASE)
    plan = planned("system", inventory(container("c", lost, size_rw=3, size_root_fs=103)))
    assert (plan.frees.low, plan.frees.high, plan.frees.exact) == (3, 103, False)
    assert "image of a stopped container is gone" in plan.frees.why


def test_the_containerd_store_is_called_an_estimate_and_names_count_as_use() -> None:
    one = image("one", BASE, tags=("one:latest",), shared_size=40)
    plan = planned("everything", inventory(one, store="containerd"))
    assert (plan.frees.low, plan.frees.high, plan.frees.exact) == (60, 100, False)
    by_name = container("web", image("other", BASE), "running", image="one")
    assert not planned("everything", inventory(one, by_name, store="containerd")).items


@given(st.permutations(range(5)))
def test_a_plan_does_not_depend_on_the_order_of_the_engines_list(order: list[int]) -> None:
    images: list[Image] = [image(f"i{n}", BASE, (f"l{n}", n + 1), tags=(f"app:{n}",)) for n in range(5)]
    straight = planned("everything", inventory(*images))
    assert planned("everything", inventory(*(images[n] for n in order))) == straight


def test_every_object_is_either_taken_or_kept_with_a_rule() -> None:
    one = image("one", BASE, tags=("one:1",))
    seen = inventory(one, container("c", one), network("n"), volume("v"), record("r"))
    for profile in BUILT_IN:
        plan = planned(profile, seen)
        assert len(plan.items) + len(plan.kept) == 5
        assert all(kept.rule and kept.because for kept in plan.kept)
        assert plan.taken_at == NOW
