"""An approved cleanup of many images beside docker's own removal of the same ones, in one run on one engine.

`tests/run --long tests/bench/test_cleanup_speed.py -s` prints the figures.
"""

import io
import itertools
import json
import tarfile
import time
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from statistics import median

import pytest

from bot.core.audit.events import Tag
from bot.core.docker.inventory import Kind
from bot.core.life.states import Outcome
from bot.store.opening import Store
from tests.bench.test_cleanups import say, sockets
from tests.storms.storm import BEN, Storm
from tests.support.machines.engine import PrivateEngine
from tests.support.workers import assembled, serve_engines

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(3_600),
    pytest.mark.parametrize(
        "url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
    ),
]
ROUNDS = {200: 3, 2_000: 1}
BY_DOCKER = 200
"""Images that docker's own removal is measured with: of more it takes as long for each, and to load them far longer."""
LOAD_SECONDS = 1_200
HOST = "real"
HOSTS, OBJECTS = 20, 40
__all__ = ["sockets"]  # a fixture of the other bench


def archive(images: int) -> bytes:
    """So many images of one layer and one name each, as ``docker load`` takes them."""
    whole, listed = io.BytesIO(), []
    with tarfile.open(fileobj=whole, mode="w") as tar:

        def put(name: str, content: bytes) -> None:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))

        for number in range(images):
            layer = io.BytesIO()
            with tarfile.open(fileobj=layer, mode="w") as one:
                content = f"{number:08}".encode() * 100
                entry = tarfile.TarInfo("file")
                entry.size = len(content)
                one.addfile(entry, io.BytesIO(content))
            digest = sha256(layer.getvalue()).hexdigest()
            image = {
                "architecture": "amd64", "os": "linux", "created": "2020-01-01T00:00:00Z",
                "config": {}, "history": [{"created": "2020-01-01T00:00:00Z"}],
                "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
            }  # fmt: skip
            text = json.dumps(image).encode()
            name = f"{sha256(text).hexdigest()}.json"
            put(name, text)
            put(f"{digest}/layer.tar", layer.getvalue())
            listed.append({"Config": name, "RepoTags": [f"app:{number}"], "Layers": [f"{digest}/layer.tar"]})
        put("manifest.json", json.dumps(listed).encode())
    return whole.getvalue()


def by_docker(engine: PrivateEngine, images: int) -> float:
    """Seconds that ``docker rmi`` takes for so many images, by their ids."""
    ids = loaded(engine, archive(BY_DOCKER))
    began = time.monotonic()
    engine.docker("rmi", *ids)
    return (time.monotonic() - began) * images / BY_DOCKER


def by_deckhand(engine: PrivateEngine, load: bytes, store: Store, number: int) -> float:
    """Seconds from the first event of an approved cleanup of all images to its last, in a process that works."""
    count, urls = len(loaded(engine, load)), {HOST: engine.url}
    storm = Storm(store=store, urls=urls, ids=itertools.count(number))
    assert storm.propose(Kind.IMAGE) == count
    (plan_id,) = storm.plans
    parts = assembled(store, urls)
    parts.worker.start()
    parts.decide(plan_id, BEN, approve=True)
    while not storm.states()[0].finished_at:
        time.sleep(count / 400)  # reading the whole plan takes this process's time from the run
    parts.worker.stop()
    (state,) = storm.states()
    assert len(state.with_outcome(Outcome.REMOVED)) == count
    events = store.audit.events(plan_id)
    begins, ends = (
        next(link.at for link in events if link.event.tag is tag)
        for tag in (Tag.CLEANUP_STARTED, Tag.CLEANUP_FINISHED)
    )
    assert store.chain.verify().broken is None
    return (ends - begins).total_seconds()


def loaded(engine: PrivateEngine, load: bytes) -> Sequence[str]:
    (engine.directory / "images.tar").write_bytes(load)
    engine.docker("load", "--quiet", "--input", str(engine.directory / "images.tar"), seconds=LOAD_SECONDS)
    return engine.docker("images", "--quiet", "--no-trunc").split()


@pytest.mark.parametrize("images", ROUNDS)
def test_a_cleanup_of_many_images_takes_at_most_twice_as_long_as_docker_rmi(
    store: Store, url: str, clean_engine: PrivateEngine, images: int
) -> None:
    load, docker, deckhand = archive(images), [], []
    for number in range(ROUNDS[images]):
        docker.append(by_docker(clean_engine, images))
        deckhand.append(by_deckhand(clean_engine, load, store, number))
    theirs, ours = median(docker), median(deckhand)
    say(url, f"{images} images: {ours:.2f} s, docker rmi {theirs:.2f} s: {ours / theirs:.2f} times")
    assert ours <= 2 * theirs


def test_twenty_hosts_at_once_take_no_longer_than_one_after_the_other(
    store: Store, url: str, sockets: Path
) -> None:
    took: dict[bool, float] = {}
    for at_once in (False, True):
        names = [f"{'many' if at_once else 'one'}-{number}" for number in range(HOSTS)]
        process, urls = serve_engines(sockets, names, containers=OBJECTS, images=0, pause=0)
        storm = Storm(store=store, urls=urls, ids=itertools.count(HOSTS * at_once))
        storm.propose(Kind.CONTAINER)
        parts = assembled(store, urls)
        parts.worker.start()
        began = time.monotonic()
        for plan_id in storm.plans:
            parts.decide(plan_id, BEN, approve=True)
            while not at_once and not ended(store, plan_id):
                time.sleep(0.01)
        while not all(ended(store, plan_id) for plan_id in storm.plans):
            time.sleep(0.1)
        took[at_once] = time.monotonic() - began
        parts.worker.stop()
        process.kill()
        process.join()
    say(
        url,
        f"{HOSTS} cleanups of {OBJECTS} objects: {took[True]:.1f} s at once, {took[False]:.1f} s one by one",
    )
    assert took[True] <= 1.2 * took[False]


def ended(store: Store, plan_id: str) -> bool:
    state = store.plans.get(plan_id)
    return state is not None and state.finished_at is not None
