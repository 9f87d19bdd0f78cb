"""``deckhand doctor``: whether everything is in order."""

from collections.abc import Mapping
from contextlib import closing

import typer

from bot.config.settings import Settings, load
from bot.core.docker.inventory import EngineInfo
from bot.core.docker.sightings import KnownEngine
from bot.core.docker.swarm import node_words
from bot.core.errors import HostError
from bot.core.rules.hosts import Host
from bot.engines.registry import DockerEngines
from bot.process.clock import process_now
from bot.services.clocks import Clocks
from bot.shell.options import Config
from bot.shell.reached import connected, of_each
from bot.shell.refusals import FAILED
from bot.shell.show import output
from bot.shell.show.hosts import show_failed, twins_told
from bot.store.opening import open_store


def doctor(config: Config = None) -> None:
    """Check the configuration, the database and every host; exit code 1 when something fails."""
    settings = load(config)
    with closing(open_store(settings.database_url.get_secret_value())) as store:
        output.say(f"ok    {settings.file} and its database")
        clocks = Clocks(ledger=store.ledger, process=process_now)
        _note(clocks.own())
        failed = _hosts_checked(settings, clocks, store.ledger.known_engines())
    for problem in settings.slack.problems():
        _note(problem)
    if failed:
        raise typer.Exit(FAILED)


def _hosts_checked(settings: Settings, clocks: Clocks, known: Mapping[str, KnownEngine]) -> int:
    """Say of each host whether its engine answers; how many do not."""
    failed, reached = list[HostError](), dict[str, EngineInfo]()
    with connected(settings) as engines:
        for host, answer in of_each(
            settings.rules.hosts.all(), lambda host: _engine_of(engines, clocks, host)
        ):
            if isinstance(answer, HostError):
                failed.append(answer)
            else:
                info, clock = answer
                reached[host.name] = info
                output.say(
                    f"ok    {host.name}: Docker Engine {info.version}{node_words(info.swarm)} at {host.address}"
                )
                _note(clock)
    show_failed(failed)
    for sentence in twins_told(reached, known):
        _note(sentence)
    return len(failed)


def _note(sentence: str | None) -> None:
    if sentence:
        output.say(f"note  {sentence}")


def _engine_of(
    engines: DockerEngines, clocks: Clocks, host: Host
) -> tuple[EngineInfo, str | None] | HostError:
    """Which engine a host has, and what there is to say of its clock."""
    try:
        engine = engines.connect(host.name)
        info, began = engine.info(), clocks.now()
        shown = engine.clock()
        return info, None if shown is None else clocks.of_engine(host.name, shown, began)
    except HostError as error:
        return error
