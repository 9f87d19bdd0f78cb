"""What services of a swarm need of one of its nodes."""

from dataclasses import replace

import pytest

from bot.core.docker.inventory import Inventory, SwarmService
from bot.core.docker.swarm import INACTIVE, MANAGER, needs_image, needs_volume, node_words
from tests.core.things import container, image, inventory, planned, rule, taken, volume

DIGEST = "sha256:" + "a" * 64
APP = image("app", ("a", 1), tags=("reg:5000/app:2",), digests=(f"reg:5000/app@{DIGEST}",))
TASK = {"com.docker.swarm.service.name": "web", "com.docker.swarm.task.id": "t"}


def node(seen: Inventory, swarm: str, *services: SwarmService, told: bool = True) -> Inventory:
    return replace(seen, engine=replace(seen.engine, swarm=swarm), services=services if told else None)


@pytest.mark.parametrize(
    "named",
    [
        "reg:5000/app:2",
        f"reg:5000/app:2@{DIGEST}",
        f"reg:5000/app:other@{DIGEST}",
        f"reg:5000/app@{DIGEST}",
    ],
)
def test_what_a_service_names_by_tag_or_by_digest_is_needed(named: str) -> None:
    present, before = (
        SwarmService(name="web", images=(named,)),
        SwarmService(name="web", previous_images=(named,)),
    )
    assert needs_image([present], APP) == "Swarm service web needs it"
    assert needs_image([before], APP) == "Swarm service web would need it to go back"
    assert needs_image([SwarmService(name="web", images=("reg:5000/app:3",))], APP) == ""


@pytest.mark.parametrize("named", ["postgres", "docker.io/library/postgres:latest", "docker.io/postgres"])
def test_docker_hubs_own_names_are_the_short_ones(named: str) -> None:
    db = image("db", ("d", 1), tags=("postgres:latest",))
    assert needs_image([SwarmService(name="db", images=(named,))], db)


def test_what_a_service_mounts_by_name_or_by_path_is_needed() -> None:
    by_name, by_path = (
        SwarmService(name="db", volumes=("v",)),
        SwarmService(name="db", binds=("/d/volumes/v/_data",)),
    )
    for service in (by_name, by_path):
        assert needs_volume([service], volume("v"), "/d") == "Swarm service db mounts it"
        assert needs_volume([service], volume("w"), "/d") == ""


def test_a_task_is_its_services_business_on_every_node_and_a_container_where_there_is_no_swarm() -> None:
    seen = inventory(APP, container("web.1.t", APP, labels=TASK))
    for swarm in (MANAGER, "worker", "locked", ""):
        plan = planned("everything", node(seen, swarm))
        assert not taken(plan)
        assert rule(plan, "id-web.1.t") == "Swarm service web runs it, and removes it itself"
    assert taken(planned("everything", node(seen, INACTIVE))) == {"web.1.t", APP.id}


def test_a_node_that_does_not_tell_of_its_services_keeps_what_they_may_need() -> None:
    bare = image("bare", ("b", 1))
    plan = planned("everything", node(inventory(APP, bare), "locked", told=False))
    assert taken(plan) == {bare.id}
    assert "does not tell of its services" in rule(plan, APP.id)
    assert not planned("volumes", node(inventory(volume("v")), MANAGER, told=False)).items


def test_a_node_is_shown_as_such_and_an_engine_of_no_swarm_is_not() -> None:
    assert [node_words(swarm) for swarm in (MANAGER, "worker", "locked", INACTIVE, "")] == [
        ", Swarm manager", ", Swarm worker", ", Swarm locked", "", "",
    ]  # fmt: skip


def test_a_plan_does_not_carry_what_its_engine_is_to_a_swarm() -> None:
    assert planned("everything", node(inventory(APP), MANAGER)).engine.swarm == ""
