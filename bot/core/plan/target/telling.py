"""What a plan to a target says: each object's place in line, where the line was cut, and what is left beyond it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from bot.core.docker.inventory import Kind
from bot.core.docker.usage import BUILD_CACHE, CONTAINERS, IMAGES, VOLUMES, DiskUsage
from bot.core.plan.plan import Draft, Item, Kept
from bot.core.plan.reasons import TARGET_MET, WOULD_FREE_NOTHING
from bot.core.plan.target.line import Key, Place, key
from bot.core.plan.target.target import Reach
from bot.core.units import short_size

_WORTH_NAMING = 0.01
"""The share of a disk from which on it is named what else holds its space."""
_ROWS = {Kind.CONTAINER: CONTAINERS, Kind.IMAGE: IMAGES, Kind.BUILD_CACHE: BUILD_CACHE}
_HOLDS = {
    IMAGES: "images that stay",
    CONTAINERS: "containers that stay",
    BUILD_CACHE: "build cache that stays",
    VOLUMES: "volumes, which no target takes",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What a profile would take, and what of it a plan to a target takes."""

    whole: Draft
    made: Draft
    line: tuple[Place, ...]
    reach: Reach
    without_last: int
    """Bytes that the plan would free without the last object of its line."""


def told(cut: Cut, usage: DiskUsage) -> Draft:
    """The plan, with its order and its cut explained at each object and in its notes."""
    whole, made, reach = cut.whole, cut.made, cut.reach
    places = {key(place.item): place for place in cut.line}
    items = tuple(_item(item, places[key(item)]) for item in made.items)
    taken = {key(item) for item in items}
    left_out = {key(item): _kept(item, places) for item in whole.items if key(item) not in taken}
    stays = {(one.kind, one.id): one for one in whole.kept} | left_out
    order = [(one.kind, one.id) for one in made.kept]
    beyond = reach.lacking > 0
    return replace(
        made,
        items=items,
        kept=tuple(stays[one] for one in order),
        notes=(
            _reached(cut),
            *made.notes,
            *([_what_else(cut, usage)] if beyond else ()),
            *(whole.notes[-1:] if beyond and whole.unarrived else ()),
        ),
        unarrived=whole.unarrived if beyond else None,
        reach=reach,
    )


def _item(item: Item, place: Place) -> Item:
    return replace(item, rule=f"{item.rule}; {_nth(place.number)} in line, as {place.level} takes it")


def _kept(item: Item, places: Mapping[Key, Place]) -> Kept:
    place = places.get(key(item))
    if place is None:
        because, rule = WOULD_FREE_NOTHING, "removing it would free nothing, and this plan is about space"
    else:
        because = TARGET_MET
        rule = f"the target is met without it: {_nth(place.number)} in line, as {place.level} takes it"
    return Kept(kind=item.kind, id=item.id, name=item.name, rule=rule, because=because)


def _nth(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number // 10 % 10 != 1 else "th"
    return f"{number:,}{ending}"


def _reached(cut: Cut) -> str:
    """Where the disk is before and after, and what decided what goes."""
    reach, made = cut.reach, cut.made
    if not reach.wanted:
        return f"The disk is {reach.target.words()} already: {reach.disk}."
    before, after = f"{reach.disk.used_share:.1%}", f"{reach.after.used_share:.1%}"
    gets = f"The disk gets from {before} to {after} full, with {short_size(reach.after.free)} free"
    if reach.lacking:
        lacking = short_size(reach.lacking)
        return f"{gets}: {lacking} short of {reach.target.words()}, with all that {made.profile} takes."
    return (
        f"{gets}: {reach.target.words()}. Of the {len(cut.whole.items):,} objects that {made.profile} takes those go "
        f"first that the mildest profile takes, and of these what is unused longest; without the last one "
        f"{short_size(reach.wanted - cut.without_last)} would be lacking."
    )


def _what_else(cut: Cut, usage: DiskUsage) -> str:
    """What holds the disk that the plan leaves alone, the largest first."""
    named = [f"{what} {short_size(size)}" for size, what in sorted(_left(cut, usage), reverse=True)]
    return (
        f"What else holds its space: {', '.join(named)}."
        if named
        else "Nothing else of note holds its space."
    )


def _left(cut: Cut, usage: DiskUsage) -> Iterator[tuple[int, str]]:
    disk, least = cut.reach.disk, cut.reach.disk.size * _WORTH_NAMING
    goes = {row: sum(item.bytes for item in cut.made.items if _ROWS.get(item.kind) == row) for row in _HOLDS}
    for row in usage.rows:
        left = row.size - goes.get(row.type, 0)
        if row.type in _HOLDS and row.known and left >= least:
            yield left, _HOLDS[row.type]
    rest = disk.size - disk.free - usage.size
    if all(row.known for row in usage.rows) and rest >= least:
        yield rest, "what is in no figure of Docker's (logs, other programs)"
