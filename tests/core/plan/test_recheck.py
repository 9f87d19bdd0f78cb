"""The last look: every objection, and that there is none where nothing has changed."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from bot.core.docker.inventory import Container, Image, Kind, SwarmService
from bot.core.plan.reasons import SERVICES_UNKNOWN
from bot.core.plan.recheck import (
    STAYS_WITH_IT,
    cache_objection,
    container_objection,
    image_objection,
    lost_reference,
    network_objection,
    references_to_untag,
    service_objection,
    volume_objection,
)
from tests.core.things import NOW, ago, container, image, item, network, record, volume

APP = image("app", ("l", 1), tags=("app:1", "app:2"), digests=("app@sha256:d",))
OTHER = image("other", ("o", 1))
AFTER = ago(microseconds=-1)
PLANNED_C = item(Kind.CONTAINER, "id-c", name="c", bytes=5)


@pytest.mark.parametrize(
    ("state", "objection"),
    [
        ("created", None),
        ("exited", None),
        ("dead", None),
        ("running", "it is running now"),
        ("paused", "it is paused now"),
        ("restarting", "it is restarting now"),
        ("removing", "it is removing now"),
        ("", "the engine does not say whether it runs now"),
    ],
)
def test_a_container_goes_only_when_it_is_stopped_now(state: str, objection: str | None) -> None:
    assert container_objection(PLANNED_C, container("c", APP, state), NOW) == objection


def test_a_container_that_ran_in_between_stays() -> None:
    assert container_objection(PLANNED_C, container("c", APP, started_at=AFTER), NOW) == (
        "it has run since the plan was made"
    )
    assert container_objection(PLANNED_C, container("c", APP, started_at=NOW), NOW) is None
    assert container_objection(PLANNED_C, container("c", APP, started_at=None), NOW) is None


@pytest.mark.parametrize(
    ("name", "size", "objection"),
    [
        ("c", 5, None),
        ("c", 4, None),
        ("d", 5, "it was renamed to d since the plan was made"),
        ("c", 6, "it was written to since the plan was made: it holds 6 bytes now, and held 5 then"),
        ("c", None, "the engine does not tell what it holds now"),
    ],
)
def test_a_container_that_is_not_as_it_was_planned_stays(
    name: str, size: int | None, objection: str | None
) -> None:
    assert container_objection(PLANNED_C, container(name, APP, size_rw=size), NOW) == objection


# --- images -------------------------------------------------------------------------------------


def objection(now: Image, containers: Iterable[Container] = ()) -> str | None:
    return image_objection(item(Kind.IMAGE, APP.id, references=APP.references), now, containers, NOW)


def test_what_a_service_of_a_swarm_needs_by_now_stays() -> None:
    web = SwarmService(name="web", images=("app:2",), volumes=("v",))
    assert service_objection(APP, [web], "/data") == "Swarm service web needs it"
    assert service_objection(V, [web], "/data") == "Swarm service web mounts it"
    assert service_objection(OTHER, [web], "/data") is None
    assert service_objection(APP, (), "/data") is None
    for each in (APP, V):
        assert service_objection(each, None, "/data") == SERVICES_UNKNOWN
    assert service_objection(replace(APP, tags=(), digests=()), None, "/data") is None


def test_an_unchanged_image_may_go() -> None:
    assert objection(APP, [container("c", OTHER, image="other:1")]) is None


def test_an_image_with_fewer_references_than_planned_may_go() -> None:
    assert objection(replace(APP, tags=("app:2",), digests=())) is None


def test_a_reference_that_is_gone_is_named() -> None:
    planned = item(Kind.IMAGE, APP.id, references=APP.references)
    assert lost_reference(planned, APP) is None
    assert lost_reference(planned, replace(APP, tags=(*APP.tags, "new:1"))) is None
    assert lost_reference(planned, replace(APP, tags=())) == "app:1 no longer names it"
    assert lost_reference(planned, replace(APP, digests=())) == "app@sha256:d no longer names it"


def test_an_image_that_gained_a_reference_stays() -> None:
    assert objection(replace(APP, tags=("app:1", "z:1", "b:1"))) == "it has a new name: b:1"
    assert objection(replace(APP, digests=("app@sha256:e",))) == "it has a new name: app@sha256:e"


def test_an_image_stays_while_any_container_has_it_by_id_or_by_name() -> None:
    by_id, by_name = container("by-id", APP), container("by-name", OTHER, image="app:2")
    assert objection(APP, [by_id]) == "container by-id uses it now"
    assert objection(APP, [container("c", OTHER), by_name]) == "container by-name uses it now"


def test_a_container_that_names_no_tag_means_latest() -> None:
    latest = replace(APP, tags=("registry:5000/app:latest",))
    planned = item(Kind.IMAGE, APP.id, references=latest.references)
    user = container("c", OTHER, image="registry:5000/app")
    assert image_objection(planned, latest, [user], NOW) == "container c uses it now"
    assert objection(APP, [container("c", OTHER, image="app")]) is None


def test_an_image_that_was_tagged_or_pulled_in_between_stays() -> None:
    assert objection(replace(APP, tagged_at=AFTER)) == (
        "it has been tagged or pulled again since the plan was made"
    )
    assert objection(replace(APP, tagged_at=NOW)) is None


# --- networks, volumes, build cache -------------------------------------------------------------


@pytest.mark.parametrize("by", ["id-net", "net"])
def test_a_network_stays_while_a_container_names_it_by_id_or_name(by: str) -> None:
    user = container("c", APP, networks=("other", by))
    assert network_objection(network("net"), [user]) == "container c needs it now"


def test_a_network_stays_while_the_engine_counts_an_endpoint() -> None:
    other = container("c", APP, networks=("other",))
    assert network_objection(network("net", in_use=True), [other]) == "the engine counts a container on it"
    assert network_objection(network("net", in_use=False), [other]) is None


V = volume("v")
PLANNED_V = item(Kind.VOLUME, "v", created_at=V.created_at, bytes=7)


def test_a_volume_stays_while_a_container_mounts_it() -> None:
    user, other = container("c", APP, volumes=("v",)), container("d", APP, volumes=("w",))
    assert volume_objection(PLANNED_V, V, [other, user], NOW, "/data") == "container c mounts it now"
    assert volume_objection(PLANNED_V, V, [other], NOW, "/data") is None


def test_a_volume_stays_while_a_container_mounts_a_path_in_it() -> None:
    by_path = container("c", APP, binds=("/data/volumes/v/_data/dumps",))
    assert volume_objection(PLANNED_V, V, [by_path], NOW, "/data") == "container c mounts it now"
    assert volume_objection(PLANNED_V, V, [by_path], NOW, "/elsewhere") == "container c mounts it now"
    beside = container("c", APP, binds=("/data/volumes/vw/_data", "/data/volumes", "/srv/v"))
    assert volume_objection(PLANNED_V, V, [beside], NOW, "/data") is None


def test_a_volume_of_the_same_name_made_at_another_or_an_unknown_time_stays() -> None:
    other = "it is not the volume that was planned: it was written to, or created anew, since"
    assert volume_objection(item(Kind.VOLUME, "v", created_at=ago(days=8)), V, (), NOW, "/data") == other
    assert volume_objection(item(Kind.VOLUME, "v"), V, (), NOW, "/data") == other
    assert volume_objection(item(Kind.VOLUME, "v"), replace(V, created_at=None), (), NOW, "/data") == other
    assert volume_objection(PLANNED_V, replace(V, created_at=None), (), NOW, "/data") == other


@pytest.mark.parametrize(
    ("measured", "size", "objection"),
    [
        (True, 7, None),
        (True, 6, "it was written to since the plan was made: it holds 6 bytes now, and held 7 then"),
        (True, None, "the engine does not tell what it holds now"),
        (False, 6, None),
    ],
)
def test_a_volume_that_holds_something_else_than_it_did_stays(
    *, measured: bool, size: int | None, objection: str | None
) -> None:
    planned = replace(PLANNED_V, measured=measured)
    assert volume_objection(planned, replace(V, size=size), (), NOW, "/data") == objection


@pytest.mark.parametrize(("age", "goes"), [(1.0, True), (0.999999, False), (0.0, False)])
def test_a_volume_made_in_the_second_of_the_plan_stays(age: float, *, goes: bool) -> None:
    made = ago(seconds=age)
    planned = item(Kind.VOLUME, "v", created_at=made, bytes=7)
    objection = volume_objection(planned, replace(V, created_at=made), (), NOW, "/data")
    newer = "it was created in the second of the plan: it may be a newer one of the same name"
    assert objection == (None if goes else newer)


@pytest.mark.parametrize(
    ("planned_shared", "shared", "in_use", "objection"),
    [
        (False, False, False, None),
        (False, False, True, "a build uses it now"),
        (False, True, False, "an image holds it now"),
        (True, True, False, "an image that stays holds it too: removing it would free nothing"),
        (True, False, False, None),
        (True, True, True, "a build uses it now"),
    ],
)
def test_a_record_stays_when_a_build_uses_it_or_an_image_has_come_to_share_it(
    *, planned_shared: bool, shared: bool, in_use: bool, objection: str | None
) -> None:
    planned = item(Kind.BUILD_CACHE, "r", shared=planned_shared)
    assert cache_objection(planned, record("r", shared=shared, in_use=in_use), NOW) == objection


def test_a_record_with_bytes_of_its_own_goes_beside_the_images_that_were_to_stay() -> None:
    now, own = record("r", shared=True), item(Kind.BUILD_CACHE, "r", shared=True)
    assert cache_objection(own, now, NOW, beside_images=True) is None
    assert cache_objection(own, now, NOW) == STAYS_WITH_IT
    gained = replace(own, shared=False)
    assert cache_objection(gained, now, NOW, beside_images=True) == "an image holds it now"


def test_a_record_that_a_build_used_in_between_stays() -> None:
    planned = item(Kind.BUILD_CACHE, "r")
    used = "a build has used it since the plan was made"
    assert cache_objection(planned, record("r", last_used_at=AFTER), NOW) == used
    assert cache_objection(planned, record("r", last_used_at=NOW), NOW) is None
    assert cache_objection(planned, record("r", last_used_at=None), NOW) is None


# --- what must be untagged first ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("tags", "digests", "untagged"),
    [
        ((), (), ()),
        (("app:1",), (), ()),
        (("b:1", "a:1"), (), ("a:1",)),
        (("app:2", "app:1", "app:3"), (), ("app:1", "app:2")),
        (("app:1",), ("app@sha256:1", "app@sha256:2"), ()),
        (("app:1", "app:2"), ("app@sha256:1",), ("app:1",)),
        ((), ("app@sha256:1",), ()),
        ((), ("app@sha256:1", "app@sha256:2"), ()),
        ((), ("a@sha256:1", "b@sha256:1"), ("a@sha256:1",)),
        ((), ("a@sha256:1", "a@sha256:2", "b@sha256:1"), ("a@sha256:1", "a@sha256:2")),
        (("app:1",), ("other@sha256:1",), ("app:1",)),
        (("app:1",), ("o@sha256:1", "o@sha256:2", "p@sha256:1"), ("app:1", "o@sha256:1", "o@sha256:2")),
        (("reg:5000/app:1",), ("reg:5000/app@sha256:1",), ()),
        (("reg:5000/app:1",), ("reg:5001/app@sha256:1",), ("reg:5000/app:1",)),
        (("reg:5000/app:1",), ("reg@sha256:1",), ("reg:5000/app:1",)),
        (("team/app:1",), ("app@sha256:1",), ("team/app:1",)),
    ],
)
def test_references_are_untagged_until_one_repository_with_one_tag_is_left(
    tags: tuple[str, ...], digests: tuple[str, ...], untagged: tuple[str, ...]
) -> None:
    assert references_to_untag(image("app", tags=tags, digests=digests)) == untagged
