"""Held engines for tests: whose connections prove nothing, and the comparison at the beginning alone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from bot.core.docker.inventory import EngineInfo
from bot.core.docker.usage import DiskSpace
from bot.core.errors import EngineChangedError
from bot.engines.clients import Held
from bot.engines.held import HeldDockerEngine

E = TypeVar("E", bound=HeldDockerEngine)


class _Unproven:
    def __init__(self, client: Callable[[], Any]) -> None:
        self.client = client

    @staticmethod
    def disk(_engine: EngineInfo) -> DiskSpace | None:
        return None

    def check(self) -> None:
        """The configuration of a test changes nothing."""


def unproven(client: Callable[[], Any]) -> Held:
    """What a HeldDockerEngine is made of, on any client."""
    return cast("Held", _Unproven(client))


@contextmanager
def holding(host: str, engine: E, meant: EngineInfo) -> Iterator[E]:
    """What ``Engines.hold`` gives, where a test's own engine stands behind every name."""
    found = engine.info().identity
    if found != meant.identity:
        raise EngineChangedError(
            host, f"{meant.identity} was meant, and the host's name now leads to {found}."
        )
    yield engine
