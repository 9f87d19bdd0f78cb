"""The whole ``deckhand.toml``: its tables, read one by one as far as they can be, and each mistake of a single key."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Self, TypeGuard, get_args, get_origin

from pydantic import Field, ValidationError

from bot.config.on_call import OnCallTable
from bot.config.rollout import RolloutTable
from bot.config.tables import (
    AuditTable,
    DatabaseTable,
    HostTable,
    LogTable,
    MetricsTable,
    PolicyTable,
    RegistryTable,
    ScheduleTable,
    SlackTable,
    WatchTable,
)
from bot.config.taking import ProfileTable, ProtectTable
from bot.config.toml import EXAMPLE
from bot.config.types import Name, RegistryName, Table


class ConfigFile(Table):
    """The whole file. A policy's unset keys come from ``[policies.default]``; unset there means nobody."""

    database: DatabaseTable = DatabaseTable()
    slack: SlackTable = SlackTable()
    audit: AuditTable = AuditTable()
    metrics: MetricsTable = MetricsTable()
    log: LogTable = LogTable()
    protect: ProtectTable = ProtectTable()
    watch: WatchTable = WatchTable()
    hosts: Annotated[dict[Name, HostTable], Field(min_length=1)]
    policies: dict[Name, PolicyTable] = {}
    profiles: dict[Name, ProfileTable] = {}
    schedules: dict[Name, ScheduleTable] = {}
    on_call: dict[Name, OnCallTable] = {}
    rollout: RolloutTable = RolloutTable()
    registries: dict[RegistryName, RegistryTable] = {}

    @classmethod
    def readable(cls, raw: Mapping[str, Any]) -> Self:
        """Table by table, each as far as it can be read; what is no table is left out."""
        found: dict[str, Any] = {"hosts": {}}
        for key, field in cls.model_fields.items():
            inner, value = _table(field.annotation), raw.get(key)
            if isinstance(value, dict) and _has_names(field.annotation):
                found[key] = {
                    name: inner.readable(one) for name, one in value.items() if isinstance(one, dict)
                }
            elif isinstance(value, dict):
                found[key] = inner.readable(value)
        return cls.model_construct(**found)


def read_tables(raw: Mapping[str, Any]) -> tuple[ConfigFile, list[str]]:
    """The tables of a file and each mistake of a single key; beside mistakes, as much of them as can be read."""
    try:
        return ConfigFile.model_validate(raw), []
    except ValidationError as error:
        return ConfigFile.readable(raw), [_mistake(one) for one in error.errors()]


def _mistake(error: Any) -> str:
    """One mistake: the key, what is wrong and what to write instead."""
    place = [str(part) for part in error["loc"] if part != "[key]"]
    key = ".".join(place)
    if error["type"] == "extra_forbidden":
        known = _keys_at(place[:-1])
        nearest = get_close_matches(place[-1], known, n=1)
        hint = f"did you mean {nearest[0]}?" if nearest else f"the keys here are {', '.join(known)}"
        return f"{key}: there is no such key; {hint}"
    if error["type"] == "missing":
        return f"{key}: is missing; {EXAMPLE}"
    if error["type"] in {"model_type", "dict_type"}:
        return f"{key}: is a table, and this is {error['input']!r}; {EXAMPLE}"
    message = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] != "value_error":
        message = f"{message[:1].lower()}{message[1:]}, and this is {error['input']!r}; {EXAMPLE}"
    return f"{key}: {message}"


def _keys_at(place: list[str]) -> list[str]:
    """The keys that the table at this place knows."""
    model: type[Table] = ConfigFile
    parts = iter(place)
    for part in parts:
        below = model.model_fields[part].annotation
        model = _table(below)
        if _has_names(below):
            next(parts)
    return list(model.fields_by_key())


def tables() -> Iterator[tuple[str, type[Table]]]:
    """Every table that a file may have, as its head is written, from the top down."""
    yield from _tables_of(ConfigFile, "")


def _tables_of(model: type[Table], above: str) -> Iterator[tuple[str, type[Table]]]:
    for key, field in model.model_fields.items():
        if any(_is_table(one) for one in (field.annotation, *get_args(field.annotation))):
            place = f"{above}{key}{'.NAME' if _has_names(field.annotation) else ''}"
            below = _table(field.annotation)
            yield place, below
            yield from _tables_of(below, f"{place}.")


def _has_names(annotation: Any) -> bool:
    """Whether below a key stand names that somebody chose, each with a table."""
    return get_origin(annotation) is dict


def _table(annotation: Any) -> type[Table]:
    """The table that stands below a key, or below each name below it."""
    return next(one for one in (annotation, *get_args(annotation)) if _is_table(one))


def _is_table(annotation: Any) -> TypeGuard[type[Table]]:
    return isinstance(annotation, type) and issubclass(annotation, Table)
