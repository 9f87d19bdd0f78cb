"""What there is to say of each part of a disk, and what to do about it; sentences for every place that shows them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from shlex import quote

from bot.core.docker.builders import BuilderCache, builder_cache
from bot.core.docker.inventory import Container, Inventory, Volume
from bot.core.docker.logs import COMPOSE, DAEMON_JSON, JSON_FILE, Logs, names_of
from bot.core.docker.usage import ACTIVE_STATES, Survey
from bot.core.docker.users import Users
from bot.core.units import short_size

MOST_NAMED = 5
_WROTE_MUCH = 100_000_000
"""From so many bytes on that a running container wrote into itself it is named."""
LEFT_OVER = frozenset({"dead", "removing"})
"""States of containers that the engine began to remove and could not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    says: tuple[str, ...] = ()
    """What it is, a sentence each."""
    does: tuple[str, ...] = ()
    """What to do, a sentence each."""


def of_images(held: int, by_rules: Mapping[str, int]) -> Advice:
    rest = "The rest is of images that containers use, or young, or protected."
    return Advice(says=(rest,) if held else (), does=_plan(by_rules))


def of_cache(held: int, by_rules: Mapping[str, int]) -> Advice:
    own = "BuildKit takes some of it back by itself as the disk fills."
    return Advice(says=(own,) if held else (), does=_plan(by_rules))


def of_containers(inventory: Inventory, by_rules: Mapping[str, int]) -> Advice:
    """What running containers wrote into themselves no plan takes."""
    running = [one for one in inventory.containers if one.state in ACTIVE_STATES]
    large = sorted((one for one in running if (one.size_rw or 0) >= _WROTE_MUCH), key=_written, reverse=True)
    left = [one for one in inventory.containers if one.state in LEFT_OVER]
    says = [_wrote(one) for one in large[:MOST_NAMED]]
    does = list(_plan(by_rules))
    if large:
        does.append(
            "What a running container wrote into itself goes when it is made anew; such data wants a volume."
        )
    if left:
        names = ", ".join(one.name for one in left[:MOST_NAMED])
        says.append(f"{_count(left, 'container')} the engine began to remove and could not: {names}.")
        does.append("What the engine could not remove, a restart of the engine mostly clears.")
    return Advice(says=tuple(says), does=tuple(does))


def _written(container: Container) -> int:
    return container.size_rw or 0


def _wrote(container: Container) -> str:
    return f"{container.name} is {container.state}, and wrote {short_size(_written(container))} into itself."


def of_volumes(inventory: Inventory, by_rules: Mapping[str, int]) -> Advice:
    users = Users.of(inventory)
    idle = [one for one in inventory.volumes if one.ref_count == 0 and not users.of_volume(one)]
    caches = list(_builders(inventory, users))
    says = [
        f"{volume.name}, {_size(volume)}: {', '.join(cache.words(inventory.taken_at))}."
        for volume, cache in caches[:MOST_NAMED]
    ]
    does = list(_plan(by_rules))
    others = {volume.name for volume, _ in caches}
    unused = [one for one in idle if one.name not in others]
    if unused:
        total = short_size(sum(one.size or 0 for one in unused))
        says.append(f"{total} in {_count(unused, 'volume')} that no container mounts.")
        does.append("Volumes are data: a person picks each by its name (Volumes… under the host's report).")
    does += _about_builders([cache for _, cache in caches])
    return Advice(says=tuple(says), does=tuple(does))


def _builders(inventory: Inventory, users: Users) -> Iterator[tuple[Volume, BuilderCache]]:
    """The caches of other builders, the largest first."""
    for volume in sorted(inventory.volumes, key=lambda one: (-(one.size or 0), one.name)):
        cache = builder_cache(volume, users.of_volume(volume))
        if cache is not None:
            yield volume, cache


def _about_builders(caches: Sequence[BuilderCache]) -> Iterator[str]:
    live = sorted({cache.builder for cache in caches if cache.container is not None})
    if live:
        yield f"What a live builder keeps, it clears itself: docker buildx prune --builder {quote(live[0])}"
    if any(cache.container is None for cache in caches):
        yield "The cache of a builder that is gone is of use to nobody: pick its volume (Volumes…)."


def of_rest(survey: Survey, logs: Logs) -> Advice:
    """What is in no figure of Docker's can only be narrowed down by the API."""
    unbounded = logs.unbounded
    says = [
        "Logs of containers, other programs, and leftovers of the engine: no engine tells how large those are."
    ]
    root = survey.inventory.engine.data_root or "/var/lib/docker"
    does = [f"What it is, the machine itself tells: sudo du -xh --max-depth=2 {quote(root)} | sort -h | tail"]
    if unbounded:
        many = _count(unbounded, "container")
        says.append(f"{many} with a log that grows without an end: {names_of(unbounded, MOST_NAMED)}.")
        does += [
            f"Bound logs in /etc/docker/daemon.json, for containers made from then on: {' '.join(DAEMON_JSON)}",
            f"Or for one service in its Compose file: {' '.join(line.strip() for line in COMPOSE)}",
        ]
    elif logs.containers:
        says.append("Every container's log has an end, or is kept elsewhere.")
    elif logs.default == JSON_FILE:
        says.append("The engine's own log driver, json-file, has no end unless its options say so.")
    return Advice(says=tuple(says), does=tuple(does))


def _plan(by_rules: Mapping[str, int]) -> tuple[str, ...]:
    """The mildest plan that takes nearly as much as the most does."""
    if not by_rules:
        return ()
    most = max(by_rules.values())
    profile, size = next((name, size) for name, size in by_rules.items() if size >= most / 2)
    more = (
        f"; {max(by_rules, key=lambda name: by_rules[name])} takes {short_size(most)}" if size < most else ""
    )
    return (f"A plan takes {short_size(size)} of it now: {profile}{more}.",)


def _size(volume: Volume) -> str:
    return "size unknown" if volume.size is None else short_size(volume.size)


def _count(things: Sequence[object], what: str) -> str:
    return f"{len(things):,} {what}{'' if len(things) == 1 else 's'}"
