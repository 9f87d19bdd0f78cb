"""Real engines that their id does not tell apart: one under two names, and a clone on another data root."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest

from bot.core.docker.inventory import Kind
from bot.core.plan.arguments import Arguments
from bot.core.rules.hosts import Host, Hosts, SocketAddress
from bot.engines.registry import DockerEngines
from tests.services.bench import ANNA, BEN, LEASE, OPEN_TO_ALL, Bench, imported
from tests.support.machines.engine import PrivateEngine, private_engine


def registered(**engines: PrivateEngine) -> Hosts:
    return Hosts(
        {
            name: Host(name=name, address=SocketAddress(url=engine.url), policy=OPEN_TO_ALL)
            for name, engine in engines.items()
        }
    )


@pytest.fixture
def clone(bench: Bench) -> Iterator[PrivateEngine]:
    """Another engine with the same id: before 24 that lies beside the configuration, then in the data root."""
    made, own = private_engine(), bench.engine.directory / "data" / "engine-id"
    if own.exists():
        (made.directory / "data").mkdir()
        shutil.copy(own, made.directory / "data" / "engine-id")
    with made:
        yield made


def test_a_look_at_a_clone_wipes_nothing_of_the_other(bench: Bench, clone: PrivateEngine) -> None:
    ids = {engine.docker("info", "--format", "{{.ID}}") for engine in (bench.engine, clone)}
    assert len(ids) == 1, "these engines are no clones"
    imported(bench.engine, "app:1")
    hosts = registered(one=bench.engine, other=clone)
    with closing(DockerEngines(hosts.by_name)) as engines:
        planning = bench.planning(engines, hosts)
        first = planning.report("one").survey.inventory.images[0].first_seen_at
        imported(clone, "app:1")
        other = planning.report("other")
        again = planning.report("one")
    assert again.survey.inventory.images[0].first_seen_at == first
    assert other.survey.inventory.images[0].first_seen_at != first
    (twin,) = other.twins
    assert not twin.same
    assert str(twin).startswith("one (")
    assert f"{bench.engine.directory}/data, first seen {datetime.now(UTC):%Y-}" in str(twin)
    assert str(twin).endswith(" shares its engine id, as cloned machines do, and is another engine")


def test_one_engine_under_two_names_is_said_and_cleaned_by_one_run_at_a_time(bench: Bench) -> None:
    imported(bench.engine, "app:1")
    imported(bench.engine, "bpp:1")
    hosts = registered(prod=bench.engine, production=bench.engine)
    plans = []
    with bench.elsewhere(hosts) as propose:
        for name in ("prod", "production"):
            asked = Arguments(profile="everything", only=frozenset({Kind.IMAGE}))
            plans.append(propose(name, asked, ANNA, "C0DISK").plan)
            bench.approve_on(hosts, plans[-1], BEN)
        report = propose.planning.report("production")
    assert [str(twin) for twin in report.twins] == [
        "prod is the same engine: it is counted once, and one cleanup at a time runs on it"
    ]
    first, second = plans
    assert bench.store.runs.claim(first.id, "replica-1", LEASE)
    assert bench.store.runs.claim(second.id, "replica-2", LEASE) is None
    assert bench.state(second).waits_for == first.id


def test_a_host_that_comes_to_lead_to_a_clone_is_told_by_its_data_root(
    bench: Bench, clone: PrivateEngine
) -> None:
    bench.planning().report("prod-3")
    hosts = registered(**{"prod-3": clone})
    with closing(DockerEngines(hosts.by_name)) as engines:
        report = bench.planning(engines, hosts).report("prod-3")
    assert report.changed is not None
    assert f"{clone.directory}/data" in str(report.changed)
    assert not report.offers
