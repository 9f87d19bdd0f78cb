import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import docker
import pytest

from bot.trial.sample import SampleEngine, Universe, production_universe
from bot.trial.sample.filters import Filters
from bot.trial.sample.removing.images import remove_image
from bot.trial.sample.removing.objects import remove_container
from bot.trial.sample.removing.pruning import prune_cache

GB = 1_000_000_000
DOCKER = shutil.which("docker", path="/usr/bin")
Cli = Callable[..., str]


@pytest.fixture
def universe() -> Universe:
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    return production_universe(clock=lambda: moment)


def test_it_is_a_host_that_was_not_cleaned_for_months(universe: Universe) -> None:
    assert 40 * GB < universe.disk_bytes() < 80 * GB
    assert 33 <= len(universe.images) <= 42
    assert {one.state for one in universe.containers.values()} == {"created", "running", "paused", "exited"}
    assert len(universe.cache) >= 30
    assert sum(record.in_use for record in universe.cache.values()) == 1


def test_it_is_the_same_host_in_every_run(universe: Universe) -> None:
    other = production_universe(clock=universe.clock)
    assert (other.images, other.containers, other.cache) == (
        universe.images,
        universe.containers,
        universe.cache,
    )
    assert (other.volumes, other.networks, other.references) == (
        universe.volumes,
        universe.networks,
        universe.references,
    )


def test_nothing_lies_in_the_future(universe: Universe) -> None:
    now = universe.clock()
    moments = [one.created for one in universe.images.values()]
    for container in universe.containers.values():
        moments += [container.created, container.started_at or now, container.finished_at or now]
    for record in universe.cache.values():
        moments += [record.created, record.last_used or now]
    assert all(moment <= now for moment in moments)


def test_it_has_a_leftover_of_a_build_a_few_minutes_ago(universe: Universe) -> None:
    fresh = [
        one for one in universe.images.values() if universe.clock() - one.created < timedelta(minutes=10)
    ]
    assert [universe.references_of(one.id) for one in fresh] == [[]]


def test_every_layer_is_held_and_every_image_finds_its_layers(universe: Universe) -> None:
    assert universe.held_chains() == set(universe.layers)
    for image in universe.images.values():
        layered = [entry for entry in image.history if not entry.empty]
        assert len(layered) == len(image.diff_ids)


def test_its_cache_holds_layers_of_images_and_layers_of_its_own(universe: Universe) -> None:
    held = universe.image_chains()
    chains = [record.chain for record in universe.cache.values() if record.chain]
    assert any(chain in held for chain in chains)
    assert any(chain not in held for chain in chains)


def test_it_can_be_emptied_but_for_what_is_in_use(universe: Universe) -> None:
    for container in [*universe.containers]:
        remove_container(universe, container, force=True, volumes=False)
    while universe.images:
        leaf = next(one for one in universe.images.values() if not universe.children_of(one.id))
        remove_image(universe, leaf.id, force=True, prune=False)
    prune_cache(universe, Filters("", ()), take_all=True)
    assert universe.layers == {}
    assert [record.in_use for record in universe.cache.values()] == [True]


@pytest.fixture
def cli(socket_path: Path) -> Iterator[Cli]:
    if DOCKER is None:
        pytest.skip("needs /usr/bin/docker")
    with SampleEngine(socket_path=socket_path) as engine:

        def run(*arguments: str) -> str:
            command = [DOCKER, "-H", engine.url, *arguments]
            return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout

        yield run


def test_the_real_command_line_shows_its_disk_usage(cli: Cli) -> None:
    rows = {line.split("  ")[0]: line.split() for line in cli("system", "df").splitlines()}
    assert rows["Images"][1:3] == ["36", "14"]
    assert rows["Containers"][1:3] == ["14", "5"]
    assert rows["Build Cache"][-1].endswith("GB")
    assert "registry.acme.example/web" in cli("system", "df", "-v")


def test_the_real_command_line_lists_and_removes(cli: Cli) -> None:
    assert cli("image", "ls", "-a", "-q") != cli("image", "ls", "-q")
    assert "Up 5 weeks (Paused)" in cli("ps", "-a")
    assert cli("rmi", "alpine:3.20").startswith("Untagged: alpine:3.20\nUntagged: alpine@sha256:")
    cli("rm", "pg-dump")
    cli("network", "rm", "ci_1432_default")
    cli("volume", "rm", "uploads-backup")
    assert "Total reclaimed space: " in cli("builder", "prune", "-af")
    with pytest.raises(subprocess.CalledProcessError) as error:
        cli("rmi", "postgres:16.3")
    assert "is using its referenced image" in error.value.stderr


def test_the_real_sdk_reads_every_object(socket_path: Path) -> None:
    with SampleEngine(socket_path=socket_path) as engine:
        client = docker.DockerClient(base_url=engine.url)
        try:
            assert all(image.history() for image in client.images.list(all=True))
            assert all(
                container.attrs["Mounts"] is not None for container in client.containers.list(all=True)
            )
            assert client.networks.get("shop_default").containers
            assert client.volumes.get("media").attrs["Options"]
        finally:
            client.close()
