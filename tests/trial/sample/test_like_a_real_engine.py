"""The same removals on a real engine and on a sample engine that holds the very same objects."""

import io
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import docker
import pytest

from bot.trial.sample import SampleEngine, Universe, names
from bot.trial.sample.objects import (
    CacheRecord,
    Container,
    HistoryEntry,
    Image,
    Layer,
    Mount,
    Network,
    Volume,
)
from tests.support.machines.engine import private_engine

pytestmark = pytest.mark.engine

MOMENT = datetime(2026, 3, 1, tzinfo=UTC)
BUSYBOX = Path("/bin/busybox")
DOCKERFILE = b"""FROM scratch
COPY busybox /bin/busybox
SHELL ["/bin/busybox", "sh", "-c"]
RUN /bin/busybox dd if=/dev/zero of=/one bs=1000 count=300
RUN /bin/busybox dd if=/dev/zero of=/two bs=1000 count=500
CMD ["/bin/busybox", "sleep", "1000"]
"""

NO_DURATION = '/build/prune?all=1&filters={{"until":["7d"]}}'
"""Refused with 500 by 20.10, and with 400 in other words from 26.1 on."""

# Only calls that 26.1 and the 20.10 of the tests answer in the same words; and none that could name one of
# two containers, since the real engine then picks either.
STORY = (
    ("DELETE", "/images/nope"),
    ("DELETE", "/images/legacy:1"),
    ("DELETE", "/images/{legacy}"),
    ("DELETE", "/images/{legacy}?force=1"),
    ("DELETE", "/images/{parent}"),
    ("DELETE", "/images/{parent}?force=1"),
    ("DELETE", "/images/other:1"),
    ("DELETE", "/volumes/data"),
    ("DELETE", "/volumes/nope"),
    ("DELETE", "/networks/none"),
    ("DELETE", "/networks/nope"),
    ("POST", "/containers/run/stop?t=0"),
    ("POST", "/containers/run/stop?t=0"),
    ("DELETE", "/containers/run"),
    ("DELETE", "/containers/run"),
    ("DELETE", "/volumes/data"),
    ("DELETE", "/images/{legacy}"),
    ("DELETE", "/images/legacy:2"),
    ("DELETE", "/images/{legacy}?force=1"),
    ("DELETE", "/containers/made"),
    ("DELETE", "/images/pair:1?noprune=1"),
    ("DELETE", "/images/pair:2?noprune=1"),
    ("DELETE", "/images/{kit}"),
    ("POST", '/build/prune?all=1&filters={{"id":["a","b"]}}'),
    ("POST", '/build/prune?all=1&filters={{"id":["^{root}$"]}}'),
    ("POST", '/build/prune?all=1&filters={{"id":["^({leaf}|{root})$"]}}'),
    ("POST", NO_DURATION),
    ("POST", "/build/prune?all=1"),
)


@pytest.fixture
def real() -> Iterator[Any]:
    with private_engine() as engine:
        client = docker.APIClient(base_url=engine.url, version="1.41", timeout=60)
        try:
            yield client
        finally:
            client.close()


def _context(extra: str) -> bytes:
    buffer = io.BytesIO()
    # BuildKit of 20.10 does not know a PAX archive for one.
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        archive.add(BUSYBOX.resolve(), "busybox")
        content = DOCKERFILE + f"LABEL build={extra}\n".encode()
        header = tarfile.TarInfo("Dockerfile")
        header.size = len(content)
        archive.addfile(header, io.BytesIO(content))
    return buffer.getvalue()


def _build(client: Any, tag: str, *, version: int, extra: str) -> None:
    url = f"http+docker://localhost/v1.41/build?version={version}&t={tag}&networkmode=none"
    answer = client.post(
        url, data=_context(extra), headers={"Content-Type": "application/x-tar"}, timeout=120
    )
    assert answer.ok
    # BuildKit of 20.10 ends as the classic builder does, a newer one with the image's id.
    assert "Successfully tagged" in answer.text or "moby.image.id" in answer.text, answer.text


def _furnish(client: Any) -> None:
    _build(client, "legacy:1", version=1, extra="legacy")
    _build(client, "pair:1", version=1, extra="pair")
    _build(client, "kit:1", version=2, extra="kit")
    for repository, tag in (("legacy", "2"), ("other", "1")):
        client.tag("legacy:1", repository, tag)
    client.tag("pair:1", "pair", "2")
    config = client.create_host_config(network_mode="none", binds=["data:/data"])
    client.create_container("legacy:1", name="run", volumes=["/data"], host_config=config)
    client.create_container(
        "legacy:1", name="made", host_config=client.create_host_config(network_mode="none")
    )
    client.start("run")


def _mirror(client: Any) -> Universe:
    """Copy a real engine's objects, ids and sizes and all, into a universe."""
    universe = Universe(clock=lambda: MOMENT)
    universe.networks.clear()
    for one in client.networks():
        network = Network(id=one["Id"], name=one["Name"], driver=one["Driver"], created=MOMENT)
        universe.networks[network.id] = network
    for one in client.images(all=True):
        _mirror_image(universe, client.inspect_image(one["Id"]), client.history(one["Id"]))
    for volume in client.volumes()["Volumes"]:
        universe.volumes[volume["Name"]] = Volume(name=volume["Name"], created=MOMENT, size=0)
    for container in reversed(client.containers(all=True)):
        _mirror_container(universe, container)
    # From 23.0 on only an answer in a newer version of the API tells the parents.
    usage = client.get("http+docker://localhost/system/df", timeout=60).json()
    _mirror_cache(universe, usage["BuildCache"], client.inspect_image("kit:1")["Id"])
    return universe


def _mirror_image(universe: Universe, shown: dict[str, Any], history: list[dict[str, Any]]) -> None:
    entries = [
        HistoryEntry(created=MOMENT, created_by=one["CreatedBy"], empty=one["Size"] == 0)
        for one in reversed(history)
    ]
    image = Image(
        id=shown["Id"],
        created=MOMENT,
        history=tuple(entries),
        diff_ids=tuple(shown["RootFS"].get("Layers") or ()),
        parent=shown["Parent"] or None,
    )
    universe.images[image.id] = image
    sizes = [one["Size"] for one in reversed(history) if one["Size"]]
    below: str | None = None
    for chain, diff_id, size in zip(image.chain_ids, image.diff_ids, sizes, strict=True):
        universe.layers[chain] = Layer(chain_id=chain, diff_id=diff_id, parent=below, size=size)
        below = chain
    for tag in shown["RepoTags"]:
        universe.references[names.parse(tag)] = image.id


def _mirror_container(universe: Universe, shown: dict[str, Any]) -> None:
    image = universe.images[shown["ImageID"]]
    mounts = [
        Mount(type="volume", source=one["Name"], destination=one["Destination"]) for one in shown["Mounts"]
    ]
    universe.containers[shown["Id"]] = Container(
        id=shown["Id"],
        name=shown["Names"][0].removeprefix("/"),
        image_id=image.id,
        image_ref=shown["Image"],
        top=image.chain_ids[-1],
        state="running" if shown["State"] == "running" else "created",
        created=MOMENT,
        mounts=tuple(mounts),
        networks=("none",),
    )


def _parent(record: dict[str, Any]) -> str:
    """Engine 20.10 names it, a newer one lists it under a key that begins with a space."""
    return record.get("Parent") or "".join(record.get(" Parents") or ())


def _mirror_cache(universe: Universe, shown: list[dict[str, Any]], image_id: str) -> None:
    chains = iter(universe.images[image_id].chain_ids)
    by_parent = {_parent(one): one for one in shown if one["Shared"]}
    layered, parent = {}, ""
    while parent in by_parent:
        parent = by_parent[parent]["ID"]
        layered[parent] = next(chains)
    for one in shown:
        universe.cache[one["ID"]] = CacheRecord(
            id=one["ID"],
            type=one["Type"],
            description=one["Description"],
            size=one["Size"],
            created=MOMENT,
            last_used=MOMENT,
            parents=(_parent(one),) if _parent(one) else (),
            chain=layered.get(one["ID"]),
        )


def _answer(client: Any, method: str, path: str) -> tuple[int, Any]:
    response = client.request(method, f"http+docker://localhost/v1.41{path}", timeout=60)
    body = response.json() if response.content else None
    if isinstance(body, dict) and body.get("CachesDeleted"):
        # Which of two leaves goes first is the order of a Go map.
        body["CachesDeleted"] = sorted(body["CachesDeleted"])
    return response.status_code, body


def test_every_removal_is_answered_as_the_real_engine_answers_it(real: Any, socket_path: Path) -> None:
    _furnish(real)
    universe = _mirror(real)
    leaf = next(one.id for one in universe.cache.values() if "of=/two" in one.description)
    parents = {one.id: one.parents for one in universe.cache.values()}
    [middle] = parents[leaf]
    known = {
        "legacy": universe.image("legacy:1").id,
        "parent": str(universe.image("legacy:1").parent),
        "kit": universe.image("kit:1").id,
        "leaf": leaf,
        "root": parents[middle][0],
    }
    with SampleEngine(socket_path=socket_path, universe=universe) as engine:
        sample = docker.APIClient(base_url=engine.url, version="1.41")
        try:
            as_old = real.version(api_version=False)["Version"].startswith("20.10")
            for method, template in STORY if as_old else [call for call in STORY if NO_DURATION not in call]:
                path = template.format(**known)
                assert (path, *_answer(sample, method, path)) == (path, *_answer(real, method, path))
                ours, theirs = sample.df(), real.df()
                assert ours["LayersSize"] == theirs["LayersSize"], path
                assert len(ours["Images"]) == len(theirs["Images"]), path
                flags = {one["ID"]: (one["Shared"], one["Size"]) for one in theirs["BuildCache"] or []}
                assert {one["ID"]: (one["Shared"], one["Size"]) for one in ours["BuildCache"]} == flags, path
        finally:
            sample.close()
