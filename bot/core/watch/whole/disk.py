"""The whole disk of a host: what holds it, how much, since when it grows, and what to do. No chat's language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.core.docker.inventory import Kind
from bot.core.docker.logs import NOT_KNOWN, Logs
from bot.core.docker.usage import BUILD_CACHE, CONTAINERS, IMAGES, VOLUMES, DiskSpace, Survey
from bot.core.plan.plan import Draft
from bot.core.watch.samples import KINDS, REST, Sample
from bot.core.watch.whole.advice import Advice, of_cache, of_containers, of_images, of_rest, of_volumes
from bot.core.watch.whole.grown import Grown, grown

FREE = "Free"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is known of a host."""

    survey: Survey
    offers: Sequence[Draft] = ()
    """What each allowed profile would take now."""
    logs: Logs = NOT_KNOWN
    samples: Sequence[Sample] = ()
    """In order of time."""
    rates: Mapping[str, int] = field(default_factory=dict)
    """What each kind grows by, in bytes a day; those that are missing are not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a disk."""

    name: str
    bytes: int | None
    """None: not counted, or nobody can see it."""
    share: float | None
    """Of the disk, from 0 to 1; of all that Docker counts where nobody can see the disk."""
    grown: Grown | None = None
    rate: int | None = None
    """Bytes a day."""
    advice: Advice = Advice()  # noqa: RUF009 - frozen, like all values here


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeDisk:
    disk: DiskSpace | None
    parts: tuple[Part, ...]
    """Docker's four kinds in its order, what is in none of them, and what is free; they add up to the disk."""
    logs: Logs


def whole_disk(seen: Seen) -> WholeDisk:
    """All of a disk, part by part."""
    disk, usage = seen.survey.disk, seen.survey.usage
    held = {row.type: row.size if row.known else None for row in usage.rows}
    counted = disk is not None and all(row.known for row in usage.rows)
    held[REST] = max(disk.size - disk.free - usage.size, 0) if disk and counted else None
    whole = disk.size if disk else usage.size
    parts = [_part(seen, name, held.get(name), whole) for name in (*KINDS, REST)]
    if disk is not None:
        parts.append(Part(name=FREE, bytes=disk.free, share=_share(disk.free, whole)))
    return WholeDisk(disk=disk, parts=tuple(parts), logs=seen.logs)


def _part(seen: Seen, name: str, size: int | None, whole: int) -> Part:
    def then(sample: Sample) -> int | None:
        figures = sample.kinds.get(name)
        return sample.rest if name == REST else figures.size if figures else None

    return Part(
        name=name, bytes=size, share=_share(size, whole), grown=grown(seen.samples, then), rate=seen.rates.get(name),
        advice=_advice(seen, name, size or 0),
    )  # fmt: skip


def _advice(seen: Seen, name: str, held: int) -> Advice:
    inventory = seen.survey.inventory
    if name == IMAGES:
        return of_images(held, _by_rules(seen.offers, Kind.IMAGE, held))
    if name == CONTAINERS:
        return of_containers(inventory, _by_rules(seen.offers, Kind.CONTAINER, held))
    if name == VOLUMES:
        return of_volumes(inventory, _by_rules(seen.offers, Kind.VOLUME, held))
    if name == BUILD_CACHE:
        return of_cache(held, _by_rules(seen.offers, Kind.BUILD_CACHE, held))
    return of_rest(seen.survey, seen.logs)


def _by_rules(offers: Sequence[Draft], kind: Kind, held: int) -> Mapping[str, int]:
    """What each profile on offer takes of a kind, in bytes; those that take none are left out.

    A plan counts what several objects share at the last of them, and Docker in the row of images: it is never more
    than the row holds.
    """
    found = {one.profile: sum(item.bytes for item in one.items if item.kind is kind) for one in offers}
    return {profile: min(size, held) for profile, size in found.items() if min(size, held) > 0}


def _share(size: int | None, whole: int) -> float | None:
    return None if size is None or whole <= 0 else size / whole
