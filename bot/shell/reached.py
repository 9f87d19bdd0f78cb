"""The engines of the registered hosts, for a command; whoever needs none does without Docker's packages."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from bot.config.settings import Settings
from bot.engines.docker.registries.logins import Logins
from bot.engines.registry import DockerEngines

CHECKS_AT_ONCE = 16


@contextmanager
def connected(settings: Settings) -> Iterator[DockerEngines]:
    """The engines of all registered hosts, each connected when it is first asked."""
    with closing(
        DockerEngines(settings.rules.hosts.by_name, settings.pins, Logins(settings.registries))
    ) as engines:
        yield engines
