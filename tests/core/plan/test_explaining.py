"""Why each profile takes an object or keeps it, and from when on it would let it go."""

from datetime import timedelta

import pytest

from bot.core.docker.inventory import Inventory, Kind
from bot.core.plan.objects import Reason, explain, find, things
from bot.core.plan.planner import draft
from bot.core.plan.prediction import Measured
from bot.core.plan.profiles import BUILT_IN
from bot.core.plan.protection import Protection
from tests.core.things import NOW, ago, container, image, inventory, network, planned, record, volume

APP = image("app", ("a", 9), tags=("app:1",), built_at=ago(hours=30))
HOST = inventory(
    APP,
    container("job", APP, created_at=ago(hours=3)),
    network("lan"),
    record("r", last_used_at=ago(hours=30)),
    volume("v"),
)
UNUSED = "unused for at least 1 day"


def why(name: str, seen: Inventory = HOST, protection: Protection | None = None) -> dict[str, Reason]:
    """Every built-in profile's reason, by its name."""
    measured = Measured.of(seen)
    drafts = [draft(measured, profile, protection or Protection()) for profile in BUILT_IN.values()]
    (thing,) = find(seen, name)
    explanation = explain(thing, drafts)
    assert explanation.thing == thing
    assert [reason.profile for reason in explanation.reasons] == list(BUILT_IN)
    return {reason.profile: reason for reason in explanation.reasons}


def test_each_profile_says_what_it_does_with_an_image_and_from_when_on() -> None:
    free = inventory(APP)
    found = why("app:1", free)
    tagged = "tagged app:1: the profile takes only images without a tag"
    assert {name: (reason.takes, reason.rule) for name, reason in found.items()} == {
        "dangling": (False, tagged),
        "ci": (False, tagged),
        "routine": (False, "built 1 day ago: younger than 7 days"),
        "system": (False, tagged),
        "everything": (True, UNUSED),
        "volumes": (False, "volumes takes no images"),
    }
    assert {name: reason.due for name, reason in found.items() if reason.due} == {
        "routine": ago(hours=30) + timedelta(days=7)
    }


def test_a_container_is_due_at_the_age_of_each_profile() -> None:
    found = why("job")
    assert {name: reason.takes for name, reason in found.items()} == {
        "dangling": False, "ci": True, "routine": False, "system": True, "everything": True, "volumes": False,
    }  # fmt: skip
    assert found["routine"].due == ago(hours=3) + timedelta(days=1)
    assert found["ci"].due is None


def test_an_image_of_a_container_goes_only_where_the_container_goes() -> None:
    assert why("app:1")["everything"].takes
    assert why("app:1")["routine"].rule == "container job uses it"


@pytest.mark.parametrize(
    ("name", "takes"),
    [("lan", {"system", "everything"}), ("r", {"ci", "system", "everything"}), ("v", {"volumes"})],
)
def test_networks_build_cache_and_volumes_are_explained_too(name: str, takes: set[str]) -> None:
    assert {profile for profile, reason in why(name).items() if reason.takes} == takes


def test_an_explanation_agrees_with_the_plan_about_every_object() -> None:
    drafts = [planned(name, HOST) for name in BUILT_IN]
    for thing in things(HOST):
        for reason, plan in zip(explain(thing, drafts).reasons, drafts, strict=True):
            items = {(item.kind, item.id): item.rule for item in plan.items}
            assert reason.takes is ((thing.kind, thing.id) in items)
            kept = {(one.kind, one.id): one.rule for one in plan.kept}
            assert reason.rule == {**items, **kept}[thing.kind, thing.id]


def test_an_object_of_another_look_is_an_error_and_not_a_guess() -> None:
    (thing,) = find(inventory(image("other")), "sha256:other")
    with pytest.raises(ValueError, match="image sha256:other is not of this draft's inventory"):
        explain(thing, [planned("routine", HOST)])


def test_the_id_of_one_kind_is_not_taken_for_that_of_another() -> None:
    twins = inventory(volume("id-n"), network("n"))
    reasons = {
        thing.kind: [reason.takes for reason in explain(thing, [planned("system", twins)]).reasons]
        for thing in find(twins, "id-n")
    }
    assert reasons == {Kind.NETWORK: [True], Kind.VOLUME: [False]}


# --- due ----------------------------------------------------------------------------------------


def test_only_time_makes_a_kept_object_due() -> None:
    used = image("used", ("u", 1), tags=("used:1",), built_at=ago(hours=1))
    plan = planned("routine", inventory(used, container("web", used, "running")))
    assert [kept.due for kept in plan.kept] == [None, None]


def test_an_object_is_due_when_its_age_rule_lets_it_go_and_a_look_at_that_moment_takes_it() -> None:
    young = image("young", ("y", 1), tags=("young:1",), built_at=ago(days=6))
    (kept,) = planned("routine", inventory(young)).kept
    assert kept.due == ago(days=6) + timedelta(days=7)
    later = image("young", ("y", 1), tags=("young:1",), built_at=NOW - timedelta(days=7))
    assert planned("routine", inventory(later)).items


def test_an_unknown_age_is_never_due() -> None:
    (kept,) = planned("routine", inventory(image("x", tags=("x:1",), built_at=None))).kept
    assert (kept.because, kept.due) == ("age unknown", None)


def test_an_image_that_nobody_has_watched_for_long_enough_is_due_when_we_have() -> None:
    seen = image("seen", ("s", 1), tags=("s:1",), first_seen_at=ago(days=2))
    protection = Protection(unused_for=timedelta(days=30))
    (kept,) = planned("everything", inventory(seen), protection).kept
    assert kept.due == ago(days=2) + timedelta(days=30)
