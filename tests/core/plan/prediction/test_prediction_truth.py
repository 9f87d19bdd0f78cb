"""Seeded universes of images, containers and build cache: the prediction against a layer store's own truth."""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.docker.inventory import CacheRecord, Container, Image, Inventory, Kind
from bot.core.plan.plan import Draft
from bot.core.plan.profiles import BUILT_IN
from tests.core.things import NOW, container, image, inventory, planned, record

PATHS = st.text("abc", min_size=1, max_size=4)


@dataclass(frozen=True)
class Universe:
    """Layers are paths of letters; an image or a record holds its path and every beginning of it."""

    seen: Inventory
    sizes: Mapping[str, int]
    held: Mapping[str, str]
    """The path that each image and each record holds, by id."""

    def freed(self, plan: Draft) -> int:
        going = {item.id for item in plan.items}
        left = {self.held[key][:n] for key in self.held.keys() - going for n in range(1, 9)}
        every = {path[:n] for path in self.held.values() for n in range(1, 9)}
        own = {c.id: c.size_rw or 0 for c in self.seen.containers}
        own |= {r.id: r.size or 0 for r in self.seen.cache if not r.shared}
        return sum(self.sizes[path] for path in every - left) + sum(own.get(key, 0) for key in going)


@st.composite
def universes(draw: st.DrawFn) -> Universe:
    paths = sorted(draw(st.sets(PATHS, min_size=1, max_size=6)))
    layers = sorted({path[:n] for path in paths for n in range(1, len(path) + 1)})
    sizes = {path: draw(st.integers(1, 4)) for path in layers}
    images = [built(path, sizes) for path in paths]
    containers: list[Container] = []
    for number, one in enumerate(images):
        state = draw(st.sampled_from(["", "running", "exited"]))
        if state:
            containers.append(container(f"c{number}", one, state, size_rw=number))
    records: list[CacheRecord] = [record("own", 50)]
    for path in draw(st.sets(st.sampled_from(paths), max_size=2)):
        bases = draw(st.integers(0, len(path)))
        names = {one.id for one in records}
        records += [
            cached(path[:n], 0 if n <= bases else sizes[path[:n]], in_use=draw(st.booleans()))
            for n in range(1, len(path) + 1)
            if f"r{path[:n]}" not in names
        ]
    held = {one.id: path for one, path in zip(images, paths, strict=True)}
    held |= {one.id: one.id.removeprefix("r") for one in records if one.shared}
    return Universe(inventory(*images, *containers, *records), sizes, held)


def built(path: str, sizes: Mapping[str, int]) -> Image:
    layers = [(path[:n], sizes[path[:n]]) for n in range(1, len(path) + 1)]
    return image(path, *layers, tags=(f"{path}:1",))


def cached(path: str, size: int, *, in_use: bool) -> CacheRecord:
    parents = (f"r{path[:-1]}",) if len(path) > 1 else ()
    used = NOW if in_use else None
    return record(f"r{path}", size, shared=True, parents=parents, in_use=in_use, last_used_at=used)


@pytest.mark.parametrize("profile", BUILT_IN)
@given(universes())
def test_what_is_freed_lies_in_the_predicted_range_and_exact_means_exact(
    profile: str, universe: Universe
) -> None:
    plan = planned(profile, universe.seen)
    assert plan.frees.low <= universe.freed(plan) <= plan.frees.high
    assert plan.frees.exact is (plan.frees.low == plan.frees.high)
    assert sum(item.bytes for item in plan.items) == plan.frees.high
    assert all(item.bytes >= 0 for item in plan.items)


@given(universes())
def test_parents_never_go_before_what_builds_on_them(universe: Universe) -> None:
    plan = planned("everything", universe.seen)
    place = {item.id: number for number, item in enumerate(plan.items) if item.kind is Kind.BUILD_CACHE}
    for one in universe.seen.cache:
        if any(parent in place for parent in one.parents):
            assert place[one.id] < min(place[parent] for parent in one.parents)
