"""The engines of the registered hosts, for a command; whoever needs none does without Docker's packages."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing, contextmanager
from typing import TypeVar

from bot.config.settings import Settings
from bot.core.rules.hosts import Host
from bot.engines.docker.registries.logins import Logins
from bot.engines.registry import DockerEngines
from bot.shell.show import output

CHECKS_AT_ONCE = 16
LOOKING = "looking at hosts"
T = TypeVar("T")


@contextmanager
def connected(settings: Settings) -> Iterator[DockerEngines]:
    """The engines of all registered hosts, each connected when it is first asked."""
    with closing(
        DockerEngines(settings.rules.hosts.by_name, settings.pins, Logins(settings.registries))
    ) as engines:
        yield engines


def of_each(hosts: Sequence[Host], ask: Callable[[Host], T]) -> list[tuple[Host, T]]:
    """What is found out of each host, in their order; several at once, and who waits sees how many are done."""
    with ThreadPoolExecutor(CHECKS_AT_ONCE) as pool, output.counting(LOOKING, len(hosts)) as done:
        asked = {pool.submit(ask, host): host for host in hosts}
        for number, _ in enumerate(as_completed(asked), start=1):
            done(number)
        return [(host, future.result()) for future, host in asked.items()]
