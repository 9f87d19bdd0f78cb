"""What Restore could bring back is known before an approval: registries are asked, and a policy may demand it."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.docker.inventory import Kind
from bot.core.errors import NothingToRemoveError
from bot.core.plan.plan import Plan
from bot.core.rules.registries import RegistryLogin
from bot.engines.docker.engine import DockerEngine
from bot.engines.docker.registries.logins import Logins
from bot.engines.registry import DockerEngines
from bot.services.run.standing_rules import OfRun
from tests.services.bench import HOST, OPEN_TO_ALL, Bench, hosts_at, imported
from tests.support.machines.registry import PrivateRegistry, private_registry

LOGIN = ("puller", "a-password")


@pytest.fixture(scope="module")
def registry() -> Iterator[PrivateRegistry]:
    with private_registry() as started:
        yield started


@pytest.fixture(scope="module")
def closed() -> Iterator[PrivateRegistry]:
    with private_registry(LOGIN) as started:
        yield started


def pushed(bench: Bench, name: str) -> str:
    image_id = imported(bench.engine, name)
    bench.engine.docker("push", "--quiet", name)
    return image_id


def images(plan: Plan) -> set[str]:
    return {item.id for item in plan.draft.items if item.kind is Kind.IMAGE}


def test_a_plan_says_what_can_be_pulled_again_what_is_refused_and_what_was_not_checked(
    bench: Bench, registry: PrivateRegistry, closed: PrivateRegistry
) -> None:
    pushed(bench, f"{registry.address}/good:1")
    pushed(bench, f"{registry.address}/lost:1")
    registry.forget("lost")
    bench.engine.docker("login", "--username", LOGIN[0], "--password-stdin", closed.address, stdin=LOGIN[1])
    pushed(bench, f"{closed.address}/private:1")
    bench.engine.docker("logout", closed.address)
    imported(bench.engine, "built-here:1")
    plan = bench.proposed("everything")
    (said,) = [note for note in plan.draft.notes if "can be pulled again" in note]
    assert said.startswith("1 image can be pulled again (checked a moment ago); registry refuses 2 images: ")
    assert "lost:1 (manifest unknown" in said
    assert "no login for this registry is configured" in said
    registry.stop()
    try:
        (said,) = [note for note in bench.proposed("everything").draft.notes if "not checked" in note]
    finally:
        registry.start()
    assert "not checked: 2 images, " in said


def test_with_a_login_a_private_registry_says_yes_and_the_plan_never_shows_it(
    bench: Bench, closed: PrivateRegistry, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    bench.engine.docker("login", "--username", LOGIN[0], "--password-stdin", closed.address, stdin=LOGIN[1])
    pushed(bench, f"{closed.address}/mine:1")
    bench.engine.docker("logout", closed.address)
    password = tmp_path_factory.mktemp("login") / "password"
    password.write_text(LOGIN[1])
    password.chmod(0o600)
    logins = Logins({closed.address: RegistryLogin(username=LOGIN[0], password_file=str(password))})
    hosts = hosts_at(bench.engine, OPEN_TO_ALL)
    with closing(DockerEngines(hosts.by_name, None, logins)) as engines:
        bench.engines = engines
        plan = bench.proposed("everything")
    assert any("1 image can be pulled again" in note for note in plan.draft.notes)
    stored = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert b"can be pulled again" in stored
    assert LOGIN[1].encode() not in stored


ONLY_RESTORABLE = replace(OPEN_TO_ALL, only_restorable=True)


def test_a_policy_lets_only_go_what_a_registry_has_just_said_to_have(
    bench: Bench, registry: PrivateRegistry
) -> None:
    good, lost = pushed(bench, f"{registry.address}/one:1"), pushed(bench, f"{registry.address}/two:1")
    registry.forget("two")
    built = imported(bench.engine, "built-here:2")
    bench.engine.stopped(bench.engine.base())
    bench.engine.network("idle")
    bench.policy = ONLY_RESTORABLE
    plan = bench.proposed("everything")
    assert [item.kind for item in plan.draft.items] == [Kind.IMAGE]
    assert images(plan) == {good}
    why = {kept.id: kept for kept in plan.draft.kept}
    for image_id in (lost, built):
        assert why[image_id].because == "cannot be brought back"
    assert {kept.because for kept in plan.draft.kept if kept.kind is Kind.CONTAINER} == {
        "cannot be brought back"
    }
    registry.stop()
    try:
        with pytest.raises(NothingToRemoveError, match="cannot be brought back"):
            bench.proposed("everything")
    finally:
        registry.start()
    report = bench.planning().report(plan.host)
    offered = {item.kind for offer in report.offers for item in offer.items}
    assert offered == {Kind.IMAGE}


def test_a_policy_that_comes_to_demand_it_counts_for_plans_that_wait(
    bench: Bench, registry: PrivateRegistry
) -> None:
    good = pushed(bench, f"{registry.address}/three:1")
    bench.engine.stopped(bench.engine.base())
    plan = bench.proposed("everything")
    assert len({item.kind for item in plan.draft.items}) > 1
    bench.policy = ONLY_RESTORABLE
    planning = bench.planning()
    objection = OfRun(planning, plan, bench.engines.connect(plan.host))
    kept = {item.id for item in plan.draft.items if objection(item)}
    assert {item.id for item in plan.draft.items} - kept == {good}
    under = bench.proposed("everything")
    unchanged = OfRun(planning, under, bench.engines.connect(plan.host))
    assert [unchanged(item) for item in under.draft.items] == [None]


def test_a_look_asks_no_registry(
    bench: Bench, registry: PrivateRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushed(bench, f"{registry.address}/four:1")

    def asked(*_: object) -> None:
        raise AssertionError("a registry was asked")

    monkeypatch.setattr(DockerEngine, "registries_say", asked)
    assert bench.planning().report(HOST).offers
