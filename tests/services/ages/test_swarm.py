"""A real swarm of one node: what its services name is needed, and their tasks are their own business."""

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from bot.core.docker.inventory import Inventory, Kind
from bot.core.life.states import Outcome
from bot.engines.clients import Clients
from bot.engines.docker.engine import DockerEngine
from bot.engines.registry import DockerEngines
from bot.store.opening import Store
from tests.core.things import planned
from tests.services.bench import HOST, Bench, hosts_at
from tests.support.machines.engine import BUSYBOX, PrivateEngine, private_engine

PATIENCE = 60.0
ALONE = ("unshare", "--net", "--", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")
"""Networks of its own: a swarm makes bridges and listens on ports of the machine."""


@pytest.fixture(scope="module")
def manager() -> Iterator[PrivateEngine]:
    with private_engine(inside=ALONE) as engine:
        engine.docker("swarm", "init", "--advertise-addr", "127.0.0.1", "--listen-addr", "127.0.0.1:2377")
        yield engine
        engine.docker("swarm", "leave", "--force")


def seen(engine: PrivateEngine) -> Inventory:
    by_name = hosts_at(engine).by_name
    with closing(Clients(by_name)) as clients:
        return DockerEngine(HOST, lambda: clients.client(HOST)).survey().inventory


def version(engine: PrivateEngine, tag: str) -> None:
    engine.build(["FROM scratch", "COPY busybox /bin/busybox", f"LABEL of={tag}"], tag)


def tasks_ended(engine: PrivateEngine, count: int) -> None:
    """Wait until so many tasks of the service have ended."""
    until = time.monotonic() + PATIENCE
    while len(engine.docker("ps", "--all", "--quiet", "--filter", "status=exited").split()) < count:
        assert time.monotonic() < until, engine.docker("service", "ps", "web")
        time.sleep(0.2)


def test_what_services_name_stays_and_tasks_between_restarts_are_no_stopped_containers(
    manager: PrivateEngine,
) -> None:
    for tag in ("app:1", "app:2", "app:3"):
        version(manager, tag)
    create = ("service", "create", "--detach", "--name", "web", "--network", "host", "--no-resolve-image")
    slow = ("--restart-condition", "any", "--restart-delay", "1h")
    manager.docker(*create, *slow, "app:1", BUSYBOX, "true")
    tasks_ended(manager, 1)
    manager.docker("service", "update", "--detach", "--no-resolve-image", "--image", "app:2", "web")
    tasks_ended(manager, 2)
    found = seen(manager)
    assert found.engine.swarm == "manager"
    (service,) = found.services or ()
    assert (service.name, service.images, service.previous_images) == ("web", ("app:2",), ("app:1",))

    plan = planned("everything", found)
    assert {item.name for item in plan.items if item.kind in {Kind.IMAGE, Kind.CONTAINER}} == {"app:3"}
    tasks = [kept.rule for kept in plan.kept if kept.kind is Kind.CONTAINER]
    assert set(tasks) == {"Swarm service web runs it, and removes it itself"}

    # Where the tasks went (the history of a service is short), the service still needs both.
    without = planned(
        "everything",
        replace(found, containers=(), images=tuple(replace(i, containers=0) for i in found.images)),
    )
    rules = {kept.name: kept.rule for kept in without.kept if kept.because == "a service needs it"}
    assert rules == {
        "app:2": "Swarm service web needs it",
        "app:1": "Swarm service web would need it to go back",
    }


def test_what_a_service_names_since_the_plan_was_made_stays(manager: PrivateEngine, store: Store) -> None:
    version(manager, "later:1")
    by_name = hosts_at(manager).by_name
    with closing(DockerEngines(by_name)) as engines, closing(Clients(by_name)) as clients:
        bench = Bench(engine=manager, store=store, engines=engines, clients=clients)
        plan = bench.approved("everything", Kind.IMAGE)
        manager.docker(
            "service",
            "create",
            "--detach",
            "--name",
            "idle",
            "--replicas",
            "0",
            "--no-resolve-image",
            "later:1",
        )
        state = bench.run(plan)
    ends = {each.item.name: (each.outcome, each.reason) for each in state.items}
    assert ends["later:1"] == (Outcome.KEPT, "Swarm service idle needs it")
