from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import docker
import pytest

from bot.trial.sample import Builder, SampleEngine, Universe

MOMENT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@dataclass(kw_only=True)
class Clock:
    """A clock that stands still until a test moves it."""

    now: datetime = MOMENT

    def __call__(self) -> datetime:
        return self.now

    def pass_time(self, span: timedelta) -> None:
        self.now += span


@dataclass(frozen=True, kw_only=True)
class Host:
    """A sample engine with nothing on it, what fills it, and the real SDK talking to it."""

    engine: SampleEngine
    universe: Universe
    build: Builder
    client: Any  # a docker.APIClient, whose stubs leave half of the calls untyped
    clock: Clock

    def get(self, path: str) -> Any:
        return self.client.get(f"http+docker://localhost{path}", timeout=10)

    def delete_image(self, name: str, *, force: bool = False, noprune: bool = False) -> Any:
        return self.client.remove_image(name, force=force, noprune=noprune)

    def prune(self, filters: dict[str, Any] | None = None, *, everything: bool = True) -> Any:
        return self.client.prune_builds(filters=filters, all=everything)

    def layers_freed(self, records: list[dict[str, str]], sizes: dict[str, int]) -> int:
        return sum(sizes.get(record.get("Deleted", ""), 0) for record in records)

    def layer_sizes(self) -> dict[str, int]:
        return {chain: layer.size for chain, layer in self.universe.layers.items()}


@pytest.fixture
def socket_path() -> Iterator[Path]:
    # pytest's own folders can be longer than a unix socket's path may be.
    with TemporaryDirectory(prefix="sample-") as folder:
        yield Path(folder) / "engine.sock"


@pytest.fixture
def host(socket_path: Path) -> Iterator[Host]:
    clock = Clock()
    universe = Universe(clock=clock)
    with SampleEngine(socket_path=socket_path, universe=universe) as engine:
        client = docker.APIClient(base_url=engine.url, timeout=10)
        try:
            yield Host(engine=engine, universe=universe, build=Builder(universe), client=client, clock=clock)
        finally:
            client.close()
