"""What hosts hold, what others do on them, and what is in use there."""

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

from bot.core.docker.inventory import Kind
from bot.trial.sample import Builder, Step, Universe
from bot.trial.sample.errors import EngineError
from bot.trial.sample.making.builder import mounted
from bot.trial.sample.names import parse
from bot.trial.sample.objects import PREDEFINED_NETWORKS, Image
from bot.trial.sample.removing.images import remove_image, tag_image
from bot.trial.sample.removing.objects import remove_container, remove_volume, start_container


def furnished(name: str, rnd: random.Random) -> Universe:
    """Images with up to three names, on each other; containers, volumes, networks and cache."""
    universe, old = Universe(name=name), timedelta(days=90)
    build = Builder(universe)
    images: list[Image] = []
    for number in range(rnd.randint(2, 5)):
        names = [f"app:{number}-{n}" for n in range(rnd.choice((0, 1, 1, 2, 3)))]
        base = rnd.choice([None, *images])
        steps = (Step(command=f"COPY {number} /", size=100 + number),)
        images.append(build.image(*names, steps=steps, base=base, age=old))
    volumes = [build.volume("", size=5, age=old) for _ in range(rnd.randint(0, 2))]
    for number in range(rnd.randint(0, 3)):
        image = rnd.choice(images)
        mounts = tuple(mounted(each, "/data") for each in volumes[:1] if rnd.random() < 0.3)
        state: Any = rnd.choice(("exited", "exited", "created", "running"))
        build.container(f"c{number}", image.id, state=state, created=old, mounts=mounts)
    for number in range(rnd.randint(0, 1)):
        build.network(f"net{number}", age=old)
    for number in range(rnd.randint(0, 2)):
        build.record(f"mount / {number}", size=7, age=old)
    return universe


def changed(universe: Universe, rnd: random.Random, new: str) -> set[str]:
    """Somebody who knows nothing of Deckhand does something that the engine may refuse; the names they untagged."""
    untagged: set[str] = set()
    images, containers = list(universe.images), list(universe.containers)
    names = sorted(str(each) for each in universe.references)
    ways: list[Callable[[], object]] = []
    if images:
        image = rnd.choice(images)
        ways += [
            lambda: Builder(universe).container(new, image, state=rnd.choice(("running", "created"))),
            lambda: tag_image(universe, image, "extra", new),
        ]
    if names:
        name = parse(rnd.choice(names))
        ways += [
            lambda: tag_image(universe, rnd.choice(images), name.repository, name.tag),
            lambda: _untag(universe, str(name), untagged),
        ]
    if containers:
        container = rnd.choice(containers)
        ways += [
            lambda: start_container(universe, container),
            lambda: remove_container(universe, container, force=False, volumes=False),
        ]
    if universe.volumes:
        ways.append(lambda: remove_volume(universe, rnd.choice(list(universe.volumes)), force=False))
    if ways:
        with suppress(EngineError):
            rnd.choice(ways)()
    return untagged


def _untag(universe: Universe, name: str, untagged: set[str]) -> None:
    remove_image(universe, name, force=False, prune=False)
    untagged.add(name)


def in_use(universe: Universe, kind: Kind, object_id: str) -> bool:
    if kind is Kind.IMAGE:
        return bool(universe.containers_of(object_id))
    if kind is Kind.VOLUME:
        return bool(universe.volume_users(object_id))
    if kind is Kind.CONTAINER:
        return object_id in universe.containers and universe.containers[object_id].running
    if kind is Kind.NETWORK:
        name = universe.networks[object_id].name if object_id in universe.networks else ""
        used = any(name in container.networks for container in universe.containers.values())
        return name in PREDEFINED_NETWORKS or used
    return object_id in universe.cache and universe.cache[object_id].in_use
