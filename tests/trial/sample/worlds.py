"""Engines made at random: what builds, pulls, runs and forced removals may leave behind on one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from bot.trial.sample import Builder, Step, Universe
from bot.trial.sample.making.builder import mounted
from bot.trial.sample.objects import ContainerState, Image

MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)
AGES = st.sampled_from([timedelta(hours=hours) for hours in (2, 30, 100, 200, 900, 5000)])
STEPS = st.builds(
    Step,
    command=st.sampled_from(("RUN make", "COPY a /", "COPY b /", "ENV a=b")),
    size=st.sampled_from((None, 0, 1, 20, 300, 4000)),
)
STATES: st.SearchStrategy[ContainerState] = st.sampled_from(
    ("exited", "exited", "exited", "created", "running", "paused")
)


@st.composite
def worlds(draw: st.DrawFn) -> Universe:
    universe = Universe(clock=lambda: MOMENT)
    build = Builder(universe)
    images = _images(draw, build)
    _users(draw, build, images)
    _cache(draw, build, images)
    _force_removed(draw, universe)
    return universe


def _images(draw: st.DrawFn, build: Builder) -> list[Image]:
    """Images on each other, by both builders; many without a name, some with several."""
    images: list[Image] = []
    for number in range(draw(st.integers(2, 6))):
        base = draw(st.sampled_from((None, *images)))
        steps = draw(st.lists(STEPS, min_size=1, max_size=4))
        if base is None:
            steps.insert(0, Step(command="ADD root /", size=50))
        names = draw(st.sampled_from(((), (f"app:{number}",), (f"app:{number}", f"reg:5000/x/app:{number}"))))
        if draw(st.sampled_from((False, False, True))):
            images.append(build.legacy_image(*names, steps=steps, base=base, age=_age(draw, base)))
        else:
            pulled = bool(names) and draw(st.booleans())
            images.append(build.image(*names, steps=steps, base=base, age=_age(draw, base), pulled=pulled))
    return images


def _age(draw: st.DrawFn, base: Image | None) -> timedelta:
    """Nothing is older than what it was built on."""
    age = draw(AGES)
    return age if base is None else min(age, MOMENT - base.created)


def _users(draw: st.DrawFn, build: Builder, images: list[Image]) -> None:
    volumes = [
        build.volume(draw(st.sampled_from(("", f"v{number}"))), size=number + 7, age=timedelta(hours=3))
        for number in range(draw(st.integers(0, 2)))
    ]
    networks = [build.network(f"n{number}", age=timedelta(hours=3)).name for number in range(2)]
    for number in range(draw(st.integers(0, 4))):
        mounts = draw(st.lists(st.sampled_from(volumes), max_size=1)) if volumes else []
        build.container(
            f"c{number}", draw(st.sampled_from(images)).id, state=draw(STATES), created=draw(AGES),
            size_rw=draw(st.integers(0, 99)), network=draw(st.sampled_from(("bridge", *networks))),
            mounts=tuple(mounted(volume, "/data") for volume in mounts),
        )  # fmt: skip


def _cache(draw: st.DrawFn, build: Builder, images: list[Image]) -> None:
    """What builds of these images, and of some that are gone, left; one of them may be running."""
    for number in range(draw(st.integers(0, 3))):
        base = draw(st.sampled_from((None, *images)))
        steps = draw(st.lists(STEPS, max_size=2))
        build.build_cache(steps, base=base, age=_age(draw, base))
        build.record(f"cache {number}", size=1_000 + number, type="exec.cachemount", age=draw(AGES))
    for record in tuple(build.universe.cache.values()):
        if draw(st.sampled_from((False,) * 20 + (True,))):
            build.universe.cache[record.id] = replace(record, in_use=True)


def _force_removed(draw: st.DrawFn, universe: Universe) -> None:
    """An image that somebody deleted by force under its stopped containers: they hold its layers on."""
    used = sorted({one.image_id for one in universe.containers.values()})
    if not used or not draw(st.sampled_from((False,) * 5 + (True,))):
        return
    image = universe.images[draw(st.sampled_from(used))]
    if universe.children_of(image.id) or any(one.running for one in universe.containers_of(image.id)):
        return
    del universe.images[image.id]
    for reference in universe.references_of(image.id):
        del universe.references[reference]
    universe.release(*image.chain_ids[-1:])
