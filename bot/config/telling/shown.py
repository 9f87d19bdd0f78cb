"""The configuration as it counts: each value, and where it comes from. No secret is in it."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from bot.config import toml, values
from bot.config.environment import NAMES, SECRETS
from bot.config.file import ConfigFile
from bot.config.settings import masked
from bot.config.tables import DEFAULT_POLICY
from bot.config.telling.written import plain
from bot.config.types import Table

BY_ITSELF = "default"
DATABASE = "DECKHAND_DATABASE_URL"
_Place: TypeAlias = tuple[str, ...]
"""The parts of a table's head."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One value: its table as the head is written (empty: the environment), its key, what counts (or None), whence."""

    table: str
    key: str
    value: Any
    place: str


def shown(given: Path | None = None, environment: Mapping[str, str] = os.environ) -> Iterator[Shown]:
    """Every value of a configuration that can be used, table by table, then those of the environment."""
    file = toml.place(given, environment)
    raw = toml.read(file)
    showing = _Showing(str(file), raw, ConfigFile.model_validate(raw), environment)
    for place, table, written in showing.tables(showing.parsed, raw, ()):
        yield from showing.table(place, table, written)
    yield from _of_environment(environment)


@dataclass(frozen=True, slots=True)
class _Showing:
    file: str
    raw: Mapping[str, Any]
    parsed: ConfigFile
    environment: Mapping[str, str]

    def tables(
        self, table: Table, raw: Mapping[str, Any], above: _Place
    ) -> Iterator[tuple[_Place, Table, Mapping[str, Any]]]:
        """The tables below one, those below them right behind each; what is below a host or a rule is written."""
        for key, value in dict(table).items():
            for place, inner in _tables_in(key, value).items():
                written = raw.get(key, {})
                written = written if isinstance(value, Table) else written.get(place[-1], {})
                if not above or written:
                    yield (*above, *place), inner, written
                    yield from self.tables(inner, written, (*above, *place))

    def table(self, place: _Place, table: Table, written: Mapping[str, Any]) -> Iterator[Shown]:
        """The values of one table."""
        for key, name in table.fields_by_key().items():
            value = getattr(table, name)
            if _tables_in(key, value):
                continue
            if key in written:
                counts, at = written[key], self.file
            else:
                counts, at = self._unwritten(place, key, value)
            if place == ("database",):
                overruled = self.environment.get(DATABASE)
                counts, at = masked(overruled or counts), DATABASE if overruled else at
            yield Shown(table=toml.dotted(place), key=key, value=counts, place=at)

    def _unwritten(self, place: _Place, key: str, value: Any) -> tuple[Any, str]:
        if place[-1] == "pressure" or place[:2] == ("watch", "pressure"):
            return self._of_pressure(place, key)
        top, name = place[0], ".".join(place[1:])
        if top == "hosts":
            return self._of_host(name, key, value)
        if top == "watch" and name:
            return plain(getattr(self.parsed.watch, key)), "[watch]"
        default = self.raw.get("policies", {}).get(DEFAULT_POLICY, {})
        if top == "policies" and key != "tags" and key in default and name in self.parsed.policies:
            return default[key], f"[policies.{DEFAULT_POLICY}]"
        return plain(value), BY_ITSELF

    def _of_pressure(self, place: _Place, key: str) -> tuple[Any, str]:
        """What a table of lines leaves out: a host's is by its tag, else, as a tag's, as all have it."""
        everywhere, raw = self.parsed.watch.pressure, self.raw.get("watch", {}).get("pressure", {})
        host = self.parsed.hosts.get(place[1])
        tags = host.tags if host and place[0] == "hosts" else ()
        tag = next((tag for tag in everywhere.tags if tag in tags), "")
        if tag and key in raw["tags"][tag]:
            return raw["tags"][tag][key], f"[watch.pressure.tags.{tag}]"
        if key in raw and place != ("watch", "pressure"):
            return raw[key], "[watch.pressure]"
        return plain(getattr(everywhere, everywhere.fields_by_key()[key])), BY_ITSELF

    def _of_host(self, name: str, key: str, value: Any) -> tuple[Any, str]:
        """What a host's table leaves out may come from elsewhere in the file."""
        table, host = self.parsed.hosts[name], values.hosts(self.parsed).by_name[name]
        if key == "policy":
            return host.policy.name, host.policy_because
        if key == "events":
            return host.events, f"by tag {values.EVENTS_TAG}" if host.events else BY_ITSELF
        if key == "watch":
            tag = next((tag for tag in self.parsed.watch.tags if tag in table.tags), None)
            return plain(host.watch.every) or "off", f"[watch.tags.{tag}]" if tag else "[watch]"
        return plain(value), BY_ITSELF


def _tables_in(key: str, value: object) -> Mapping[_Place, Table]:
    """The table below a key, or those with names of their own."""
    if isinstance(value, Table):
        return {(key,): value}
    if not isinstance(value, Mapping):
        return {}
    return {(key, name): one for name, one in value.items() if isinstance(one, Table)}


def _of_environment(environment: Mapping[str, str]) -> Iterator[Shown]:
    for name in NAMES:
        file = environment.get(f"{name}_FILE") if name in SECRETS else None
        if file:
            yield Shown(table="", key=name, value="***", place=f"{name}_FILE ({file})")
        elif environment.get(name):
            value = "***" if name in SECRETS else environment[name]
            yield Shown(table="", key=name, value=value, place="environment")
