"""A build that seems to run: its signs, and what stays until it is done."""

from datetime import timedelta

import pytest

from bot.core.docker.builds import running_build
from bot.core.docker.inventory import CacheRecord, Container, Image, Inventory, Kind, Network, Volume
from bot.core.plan.profiles import BUILT_IN
from bot.core.plan.protection import Protection
from tests.core.things import NOW, ago, container, image, inventory, planned, record, volume

STEP = image("step", ("s", 1), built_at=ago(minutes=2))
APP = image("app", ("a", 1), tags=("app:1",))
TICK = timedelta(microseconds=1)
ONE_RECORD = "A build seems to run: 1 build cache record is in use."
CLASSIC = "A build seems to run: container builder runs on an image without a name."


def builder(of: Image = STEP, state: str = "running", **more: object) -> Container:
    return container("builder", of, state, **{"created_at": ago(minutes=2), **more})


@pytest.mark.parametrize(
    ("things", "said"),
    [
        ((), ""),
        ((APP, STEP, record("r")), ""),
        ((record("r", in_use=True),), ONE_RECORD),
        (
            (record("r", in_use=True), record("s", in_use=True), record("t")),
            "A build seems to run: 2 build cache records are in use.",
        ),
        ((STEP, builder()), CLASSIC),
        ((STEP, builder(created_at=NOW - timedelta(hours=1) + TICK)), CLASSIC),
        ((STEP, builder(created_at=NOW - timedelta(hours=1))), ""),
        ((STEP, builder(created_at=None)), ""),
        ((STEP, builder(state="exited")), ""),
        ((STEP, builder(state="created")), ""),
        ((APP, builder(APP)), ""),
        ((image("d", digests=("app@sha256:1",)), builder(image("d"))), ""),
        ((STEP, builder(image("gone"))), ""),
    ],
)
def test_a_build_shows_in_records_in_use_or_in_a_young_container_of_a_nameless_image(
    things: tuple[Image | Container | CacheRecord, ...], said: str
) -> None:
    assert running_build(inventory(*things)) == said


def host(*more: Image | Container | Network | Volume | CacheRecord) -> Inventory:
    """Something of every kind that is a minute old, and something that is an hour and a minute old."""
    young, old = ago(minutes=1), ago(days=9)
    return inventory(
        APP,
        image("young", ("y", 1), tags=("young:1",), built_at=young),
        image("old", ("o", 1), tags=("old:1",), built_at=ago(minutes=61)),
        container("young", APP, created_at=young),
        container("old", APP, created_at=ago(minutes=61)),
        record("young", last_used_at=young),
        record("unknown", last_used_at=None),
        record("old", last_used_at=ago(minutes=61)),
        Network(id="n-young", name="n-young", driver="bridge", scope="local", in_use=False, created_at=young),
        Network(id="n-old", name="n-old", driver="bridge", scope="local", in_use=False, created_at=old),
        Volume(
            name="v-young", driver="local", labels=volume("v").labels, created_at=young, size=1, ref_count=0
        ),
        volume("v-old"),
        *more,
    )


def items(profile: str, seen: Inventory) -> set[tuple[Kind, str]]:
    plan = planned(profile, seen, Protection(dangling_min_age=timedelta()))
    return {(item.kind, item.name) for item in plan.items}


def test_while_a_build_runs_what_is_younger_than_an_hour_stays_and_the_plan_says_so() -> None:
    quiet = items("everything", host())
    busy = items("everything", host(record("now", in_use=True)))
    assert quiet - busy == {
        (Kind.CONTAINER, "young"), (Kind.IMAGE, "young:1"), (Kind.NETWORK, "n-young"),
        (Kind.BUILD_CACHE, "regular young"), (Kind.BUILD_CACHE, "regular unknown"),
        (Kind.IMAGE, "app:1"),  # which the young container uses
    }  # fmt: skip
    assert busy == {
        (Kind.CONTAINER, "old"), (Kind.IMAGE, "old:1"), (Kind.NETWORK, "n-old"), (Kind.BUILD_CACHE, "regular old"),
    }  # fmt: skip


@pytest.mark.parametrize("profile", BUILT_IN)
@pytest.mark.parametrize("sign", [(record("now", in_use=True),), (STEP, builder())])
def test_every_profile_keeps_what_is_young_while_a_build_runs(
    profile: str, sign: tuple[Image | Container | CacheRecord, ...]
) -> None:
    plan = planned(profile, host(*sign), Protection(dangling_min_age=timedelta()))
    assert plan.notes == (f"{running_build(host(*sign))} What is younger than an hour stays.",)
    assert not [item for item in plan.items if "young" in item.name or item.id == STEP.id]
    assert items(profile, host(*sign)) <= items(profile, host())


def test_what_stays_for_a_build_says_so_and_until_when() -> None:
    plan = planned("everything", host(record("now", in_use=True)))
    kept = {(one.kind, one.name): one for one in plan.kept}
    young = kept[Kind.IMAGE, "young:1"]
    assert young.rule == "made or used 1 minute ago, and a build seems to run that may need it"
    assert young.because == "for a running build"
    assert young.due == ago(minutes=1) + timedelta(hours=1)


def test_another_reason_is_named_before_the_build() -> None:
    plan = planned("routine", host(record("now", in_use=True)))
    (young,) = [one for one in plan.kept if (one.kind, one.name) == (Kind.CONTAINER, "young")]
    assert young.rule == "created 1 minute ago: younger than 1 day"


def test_an_image_stays_for_the_young_container_that_stays_for_the_build() -> None:
    young = container("try", APP, created_at=ago(minutes=1))
    seen = inventory(APP, young, record("now", in_use=True))
    assert not planned("everything", seen).items
    assert {item.id for item in planned("everything", inventory(APP, young)).items} == {"id-try", APP.id}


def test_without_a_build_there_is_nothing_to_note() -> None:
    assert all(planned(profile, host()).notes == () for profile in BUILT_IN)
