"""Generated hosts of any size for the measurements: bases that images share, and what uses and caches them."""

import random
from datetime import UTC, datetime, timedelta

from bot.core.docker.inventory import CacheRecord, Container, EngineInfo, Image, Inventory

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LAYERS = 20
ENGINE = EngineInfo(
    id="E1", name="bench", version="28.0", api_version="1.48", store="overlay2", data_root="/var/lib/docker"
)


def host(images: int, records: int, containers: int, seed: int = 1) -> Inventory:
    """A host whose images have 20 layers each, about half of them shared with others."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    made = _images(images, chance)
    return Inventory(
        engine=ENGINE,
        taken_at=NOW,
        images=made,
        containers=tuple(_container(number, chance.choice(made), chance) for number in range(containers)),
        cache=_records(records, made, chance),
    )


def _images(count: int, chance: random.Random) -> tuple[Image, ...]:
    bases: list[tuple[tuple[str, ...], tuple[int, ...]]] = []
    made: list[Image] = []
    for number in range(count):
        chains, sizes = chance.choice(bases) if bases and chance.random() < 0.9 else ((), ())
        depth = chance.randrange(LAYERS) if chains else 0
        chains, sizes = chains[:depth], sizes[:depth]
        for layer in range(depth, LAYERS):
            chains = (*chains, f"sha256:{number:032x}{layer:032x}")
            sizes = (*sizes, chance.randrange(1, 10**8))
        if len(bases) < 1 + count // 20:
            bases.append((chains, sizes))
        made.append(
            Image(
                id=f"sha256:{number:064x}",
                tags=(f"registry.example/app-{number % 97}:{number}",) if number % 5 else (),
                built_at=NOW - timedelta(hours=chance.randrange(2, 2_000)),
                size=sum(sizes),
                chain_ids=chains,
                history=sizes,
            )
        )
    return tuple(made)


def _container(number: int, image: Image, chance: random.Random) -> Container:
    return Container(
        id=f"{number:064x}",
        name=f"job-{number}",
        state=chance.choice(("running", "exited", "exited")),
        image_id=image.id,
        created_at=NOW - timedelta(hours=chance.randrange(1, 500)),
        networks=("bridge",),
        size_rw=chance.randrange(10**6),
    )


def _records(count: int, images: tuple[Image, ...], chance: random.Random) -> tuple[CacheRecord, ...]:
    """Half of them hold the layers of images, from the ground up; the others stand alone."""
    made: list[CacheRecord] = []
    while len(made) < count:
        image = images[len(made) // LAYERS % len(images)]
        parent: tuple[str, ...] = ()
        for size in image.history or ():
            name = f"r{len(made):08x}"
            made.append(_record(name, parent, size, chance, shared=True))
            made.append(_record(f"{name}s", (), chance.randrange(10**6), chance, shared=False))
            parent = (name,)
    return tuple(made[:count])


def _record(
    name: str, parents: tuple[str, ...], size: int, chance: random.Random, *, shared: bool
) -> CacheRecord:
    return CacheRecord(
        id=name,
        type="regular",
        parents=parents,
        size=size,
        shared=shared,
        in_use=False,
        last_used_at=NOW - timedelta(hours=chance.randrange(1, 500)),
    )
