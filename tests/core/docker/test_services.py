"""What a container stands for, and what each service ran."""

from datetime import timedelta

from bot.core.docker.services import (
    RAN_FOR,
    Ran,
    Service,
    ServiceKind,
    in_order,
    ran_lately,
    remembered,
    running_now,
    service_of,
    task_of,
)
from bot.core.docker.users import Users
from tests.core.things import NOW, ago, container, image, inventory

WEB = Service(ServiceKind.CONTAINER, "web")
COMPOSE = {"com.docker.compose.project": "shop", "com.docker.compose.service": "web"}
TASK = {"com.docker.swarm.service.name": "api", "com.docker.swarm.task.id": "t1"}


def test_a_container_stands_for_its_swarm_or_compose_service_and_else_for_its_name() -> None:
    assert service_of("web", {}) == WEB
    assert service_of("shop_web_1", COMPOSE) == Service(ServiceKind.COMPOSE, "shop/web")
    assert service_of("api.1.abc", {**COMPOSE, **TASK}) == Service(ServiceKind.SWARM, "api")
    assert service_of("shop_web_run_1", {**COMPOSE, "com.docker.compose.oneoff": "True"}) is None
    assert service_of("", {}) is None
    assert (task_of(TASK), task_of(COMPOSE), task_of({"com.docker.swarm.node.id": "n"})) == (
        "api",
        None,
        "unknown",
    )


def test_what_never_started_did_not_run_and_what_ended_ran_until_then() -> None:
    app, old, new = image("app", tags=("a:1",)), image("old", tags=("a:0",)), image("new", tags=("a:2",))
    seen = inventory(
        app, old, new,
        container("web", app, "running"),
        container("web-old", old, "exited", ended_at=ago(days=3)),
        container("web-new", new, "created"),
    )  # fmt: skip
    assert running_now(seen, Users.of(seen)) == {
        (WEB, app.id): NOW,
        (Service(ServiceKind.CONTAINER, "web-old"), old.id): ago(days=3),
    }


def test_the_last_images_are_counted_by_service_the_latest_first() -> None:
    ran = in_order({(WEB, f"i{days}"): ago(days=days) for days in (3, 1, 2)})
    assert ran == {WEB: ("i1", "i2", "i3")}
    assert ran_lately(ran, 0) == {}
    assert ran_lately(ran, 2) == {"i1": "ran last as web", "i2": "ran before as web (1 release ago)"}
    api = Service(ServiceKind.SWARM, "api")
    both: Ran = {WEB: ("i1", "i2", "i3"), api: ("i3",)}
    assert ran_lately(both, 3)["i3"] == "ran last as api"
    assert ran_lately({WEB: ("a", "b", "c")}, 3)["c"] == "ran before as web (2 releases ago)"


def test_nothing_is_remembered_of_what_left_no_image_nor_for_ever() -> None:
    known = {(WEB, "i1"): ago(days=1), (WEB, "i2"): ago(days=2)}
    assert remembered(known, {}, ["i2"], NOW) == known
    assert remembered(known, {}, ["other"], NOW) == {}
    later = NOW + RAN_FOR
    assert remembered(known, {}, ["i2"], later) == {}
    assert remembered(known, {(WEB, "i2"): later}, ["i2"], later) == {**known, (WEB, "i2"): later}


def test_a_name_that_docker_gave_says_nothing_once_its_container_is_gone() -> None:
    given = Service(ServiceKind.CONTAINER, "eager_turing")
    known = {(given, "i1"): ago(days=1)}
    assert remembered(known, {}, ["i1"], NOW) == {}
    assert remembered(known, {(given, "i2"): NOW}, ["i1", "i2"], NOW) == {**known, (given, "i2"): NOW}


def test_a_clock_that_went_back_takes_nothing_away() -> None:
    known = {(WEB, "i1"): NOW}
    assert remembered(known, {(WEB, "i1"): NOW - timedelta(days=9)}, ["i1"], NOW) == known
