"""`POST /build/prune`: which build-cache records go, and what the engine says it freed."""

from dataclasses import dataclass
from datetime import timedelta

from bot.trial.sample.errors import EngineError, InvalidParameterError
from bot.trial.sample.filters import Filters, go_duration, searches
from bot.trial.sample.objects import CacheRecord
from bot.trial.sample.universe import Universe

# `label` is let in and then ignored, as the engine does: it narrows nothing.
PRUNE_FILTERS = frozenset({
    "until", "unused-for", "id", "parent", "type", "description", "inuse", "shared", "private",
    "label", "label!",
})  # fmt: skip
_FIELDS = ("id", "parent", "type", "description", "inuse", "shared", "private")
_PREFIX = "failed to prune build cache: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """The ids that went, leaves first, and the bytes that the engine reports for them."""

    ids: list[str]
    space_reclaimed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Selection:
    fields: dict[str, str]
    unused_for: timedelta | None
    take_all: bool


def prune_cache(universe: Universe, filters: Filters, *, take_all: bool) -> Pruned:
    """Remove what the filters select and nothing uses.

    A record with children stays until they are gone. Shared records count in the reported space
    although the image keeps their layer.
    """
    selection = _Selection(fields=_fields(filters), unused_for=_unused_for(filters), take_all=take_all)
    gone: list[CacheRecord] = []
    while leaves := _leaves(universe, selection):
        for record in leaves:
            del universe.cache[record.id]
        gone += leaves
    universe.release(*(record.chain for record in gone))
    return Pruned(ids=[record.id for record in gone], space_reclaimed=sum(one.size for one in gone))


def _leaves(universe: Universe, selection: _Selection) -> list[CacheRecord]:
    parents = {parent for record in universe.cache.values() for parent in record.parents}
    held = universe.image_chains()
    return [
        record
        for record in universe.cache.values()
        if record.id not in parents
        and not record.in_use
        and _selected(record, selection, universe, shared=record.chain in held)
    ]


def _selected(record: CacheRecord, selection: _Selection, universe: Universe, *, shared: bool) -> bool:
    if not selection.take_all and (shared or record.type in {"internal", "frontend"}):
        return False
    if selection.unused_for is not None and record.last_used is not None:
        age = universe.clock() - record.last_used
        if age < selection.unused_for:
            return False
    return all(_matches(record, field, value, shared=shared) for field, value in selection.fields.items())


def _matches(record: CacheRecord, field: str, value: str, *, shared: bool) -> bool:
    # BuildKit knows a flag as present or absent, without a value: any value asked for matches nothing.
    flags = {"inuse": record.in_use, "shared": shared, "private": not shared}
    if field in flags:
        return flags[field] and not value
    if field == "id":
        return searches(value, record.id)
    if field == "parent":
        return value in record.parents
    return value == (record.type if field == "type" else record.description)


def _fields(filters: Filters) -> dict[str, str]:
    chosen: dict[str, str] = {}
    for field in _FIELDS:
        if field not in filters:
            continue
        values = filters.get(field)
        if len(values) > 1:
            raise InvalidParameterError(_PREFIX + "filters expect only one value")
        chosen[field] = values[0] if values else ""
    return chosen


def _unused_for(filters: Filters) -> timedelta | None:
    until, unused_for = filters.get("until"), filters.get("unused-for")
    if until and unused_for:
        raise InvalidParameterError(_PREFIX + 'conflicting filters: "until" and "unused-for"')
    values = until or unused_for
    if not values:
        return None
    if len(values) > 1:
        raise InvalidParameterError(_PREFIX + "filters expect only one value")
    try:
        return go_duration(values[0])
    except ValueError as error:
        name = "until" if until else "unused-for"
        raise EngineError(
            _PREFIX + f"\"{name}\" filter expects a duration (e.g., '24h'): {error}",
        ) from error
