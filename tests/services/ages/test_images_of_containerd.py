"""Ages of images on the containerd store, which tells of each when it was tagged or pulled."""

import time

import pytest

from bot.core.plan.arguments import parse_arguments
from bot.core.plan.plan import Draft
from tests.services.bench import HOST, Bench
from tests.support.machines.archives import loaded
from tests.support.machines.registry import private_registry

pytestmark = pytest.mark.containerd
BUILT = {"r:1970": "1970-01-01T00:00:00Z", "r:2020": "2020-06-01T12:00:00Z", "r:none": None}


def planned(bench: Bench, words: str) -> Draft:
    _, made = bench.planning().draft(HOST, parse_arguments(words.split()))
    return made


def test_on_the_first_look_already_images_are_as_old_as_their_arrival(bench: Bench) -> None:
    for tag, created in BUILT.items():
        loaded(bench.engine, tag, created)
    young = planned(bench, "routine only=images")
    assert (young.items, young.unarrived) == ((), None)
    assert {kept.because for kept in young.kept if kept.name in BUILT} == {"younger than 7 days"}
    time.sleep(2)
    old = planned(bench, "everything only=images until=1s")
    assert ({item.name for item in old.items}, old.unarrived) == (set(BUILT), None)


def test_so_is_an_image_that_was_pulled_by_its_digest(bench: Bench) -> None:
    engine = bench.engine
    with private_registry() as registry:
        name = f"{registry.address}/app:1"
        loaded(engine, name, BUILT["r:2020"])
        engine.docker("push", "--quiet", name)
        (digest,) = engine.docker("image", "inspect", "--format", '{{join .RepoDigests " "}}', name).split()
        engine.docker("rmi", name)
        engine.docker("pull", "--quiet", digest)
    young = planned(bench, "routine only=images")
    assert (young.items, young.unarrived) == ((), None)
    (kept,) = (kept for kept in young.kept if kept.name == digest)
    assert kept.because == "younger than 7 days", kept.rule
