"""Pulling by digest: what was pulled once can be pulled again, as the real engine tells it."""

import json
from datetime import timedelta
from typing import Any

import docker
import pytest

from bot.trial.sample import Builder, SampleEngine, Step, Universe, names
from tests.support.machines.engine import private_engine
from tests.support.machines.registry import private_registry
from tests.trial.sample.conftest import Host

MEGABYTE = 10**6


def reports(client: Any, name: str, digest: str) -> tuple[int, list[dict[str, Any]]]:
    """The status of the answer, and what it tells line by line."""
    answer = client.post(
        client._url("/images/create"),
        params={"fromImage": name, "tag": digest},
        headers={"X-Registry-Auth": "e30="},
    )
    return answer.status_code, [json.loads(line) for line in answer.text.splitlines() if line.strip()]


def pulled(host: Host) -> tuple[str, str]:
    """The id and the digest of an image that was pulled, and removed since."""
    base = host.build.image("base:1", steps=(Step(command="ADD /", size=5 * MEGABYTE),), pulled=True)
    image = host.build.image("app:1", base=base, steps=(Step(command="COPY", size=MEGABYTE),), pulled=True)
    [digest] = host.client.inspect_image("app:1")["RepoDigests"]
    host.client.remove_image("app:1")
    return image.id, digest.partition("@")[2]


def test_a_removed_image_comes_back_the_same_under_its_digest_alone(host: Host) -> None:
    before = host.universe.disk_bytes()
    image_id, digest = pulled(host)
    host.clock.pass_time(timedelta(days=1))
    status, told = reports(host.client, "app", digest)
    assert (status, told[-1]) == (200, {"status": f"Status: Downloaded newer image for app@{digest}"})
    assert [report["status"] for report in told[1:3]] == ["Already exists", "Pull complete"]
    found = host.client.inspect_image(f"app@{digest}")
    assert (found["Id"], found["RepoTags"], found["RepoDigests"]) == (image_id, [], [f"app@{digest}"])
    assert host.universe.disk_bytes() == before + 6 * MEGABYTE


def test_a_registry_says_what_it_has_as_a_real_one_does(host: Host) -> None:
    _, digest = pulled(host)
    found = host.client.inspect_distribution(f"app@{digest}", auth_config={})
    assert found["Descriptor"]["digest"] == digest
    with pytest.raises(docker.errors.NotFound, match="manifest unknown: manifest unknown"):
        host.client.inspect_distribution(f"app@{digest[:-4]}0000", auth_config={})


def test_what_is_there_is_up_to_date(host: Host) -> None:
    _, digest = pulled(host)
    reports(host.client, "app", digest)
    _, told = reports(host.client, "app", digest)
    assert told[-1] == {"status": f"Status: Image is up to date for app@{digest}"}


@pytest.mark.engine
def test_the_reports_and_refusals_are_those_of_a_real_engine(socket_path: Any) -> None:
    with private_registry() as registry, private_engine() as engine, SampleEngine(
        socket_path=socket_path, universe=Universe()
    ) as sample:  # fmt: skip
        name = f"{registry.address}/team/app"
        engine.build(["FROM scratch", "COPY busybox /bin/busybox"], f"{name}:1")
        engine.docker("push", "--quiet", f"{name}:1")
        real: Any = docker.APIClient(base_url=engine.url, version="1.41")
        ours: Any = docker.APIClient(base_url=sample.url, version="1.41")
        [digest] = [each.partition("@")[2] for each in real.inspect_image(f"{name}:1")["RepoDigests"]]
        _mirror(sample.universe, name, digest)
        for client in (real, ours):
            client.remove_image(f"{name}:1")
        for again in range(2):
            theirs, mine = reports(real, name, digest), reports(ours, name, digest)
            assert (mine[0], mine[1][0], mine[1][-2:]) == (theirs[0], theirs[1][0], theirs[1][-2:]), again
        nowhere = "sha256:" + "0" * 64
        assert reports(ours, name, nowhere) == reports(real, name, nowhere)
        real.close()
        ours.close()


def _mirror(universe: Universe, name: str, digest: str) -> None:
    """Give the sample engine an image of that name and digest, pulled long ago."""
    image = Builder(universe).image(f"{name}:1", steps=(Step(command="COPY", size=MEGABYTE),), pulled=True)
    [made] = [reference for reference in universe.references if reference.digest]
    wanted = names.parse(f"{name}@{digest}")
    universe.registry[wanted] = universe.registry.pop(made)
    del universe.references[made]
    universe.references[wanted] = image.id
