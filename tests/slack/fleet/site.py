"""Several sample hosts behind one bot: each with two images that nothing uses."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.core.audit.events import Event, Tag
from bot.core.life.fleets import FleetState
from bot.trial.sample import Builder, SampleEngine
from bot.trial.workspace import Message, Workspace
from tests.slack.place import Place, deckhand_at, eventually, shown, write_configuration
from tests.support.fleets import two_unused

HOSTS = ("web-1", "web-2", "web-3", "web-4")


@dataclass(frozen=True, kw_only=True)
class Site:
    place: Place
    engines: Mapping[str, SampleEngine]

    @property
    def workspace(self) -> Workspace:
        return self.place.workspace

    def message(self, text: str) -> Message:
        return self.place.message(text)

    def fleet(self) -> FleetState:
        """The only fleet."""
        state = self.place.store.fleets.get(self.fleet_id())
        assert state is not None
        return state

    def fleet_id(self) -> str:
        def look() -> str:
            with self.place.store.sessions._db.connect() as connection:
                return str(connection.exec_driver_sql("SELECT id FROM fleet").scalar() or "")

        return eventually(look)

    def comes_to(self, check: Callable[[FleetState], bool]) -> FleetState:
        eventually(lambda: check(self.fleet()))
        return self.fleet()

    def events(self, tag: Tag) -> list[Event]:
        return self.place.events(self.fleet_id(), tag)

    def images(self, host: str) -> set[str]:
        universe = self.engines[host].universe
        with universe.lock:
            return {str(reference).rpartition("/")[2] for reference in universe.references}

    def untouched(self) -> set[str]:
        """Hosts on which everything is still there."""
        return {host for host in self.engines if "old:1" in self.images(host)}


def rows(message: Message) -> Mapping[str, tuple[str, ...]]:
    """The table of a message, by host."""
    (found,) = [block for block in message.blocks if block["type"] == "table"]
    return {row[0]["text"]: tuple(cell["text"] for cell in row[1:]) for row in found["rows"][1:]}


def menu_of(message: Message) -> Mapping[str, str]:
    """By host: the value of its option in the menu that opens one host."""
    elements = [each for block in message.blocks if block["type"] == "actions" for each in block["elements"]]
    (menu,) = [each for each in elements if each["type"] == "static_select"]
    return {option["text"]["text"]: option["value"] for option in menu["options"]}


def named(event: Event, name: str) -> list[str]:
    """The hosts that an event lists under this name."""
    listed = event.facts[name]
    assert isinstance(listed, list)
    return [str(one["host"]) for one in listed if isinstance(one, dict)]


def said(message: Message) -> str:
    return shown(message)


def hosts_toml(engines: Mapping[str, SampleEngine], tags: Mapping[str, list[str]]) -> str:
    return "\n".join(
        f'[hosts.{name}]\ndocker = "{engine.url}"\nwatch = "off"\ntags = {json.dumps(tags.get(name, ["web"]))}'
        for name, engine in engines.items()
    )


def sites(
    workspace: Workspace, sample: SampleEngine, tmp_path: Path, closing: ExitStack
) -> Iterator[Callable[..., Site]]:
    """Starts Deckhand with these policies, and hosts with these tags."""
    folder = Path(closing.enter_context(TemporaryDirectory(prefix="fleet-")))
    engines = {
        name: closing.enter_context(
            SampleEngine(socket_path=folder / f"{name}.sock", universe=two_unused(name))
        )
        for name in HOSTS
    }

    def started(policies: str, tags: Mapping[str, list[str]] | None = None) -> Site:
        more = f"{hosts_toml(engines, tags or {})}\n{policies}"
        place = deckhand_at(workspace, sample, write_configuration(tmp_path, sample, more), closing)
        return Site(place=place, engines=engines)

    yield started


def use(site: Site, host: str, image: str) -> None:
    """Have a container use an image after the plan was made."""
    universe = site.engines[host].universe
    with universe.lock:
        Builder(universe).container(f"uses-{image.replace(':', '-')}", image)
