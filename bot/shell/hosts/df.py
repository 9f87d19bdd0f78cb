"""``deckhand df``: what a host's disk holds, or that of several."""

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Annotated

import typer

from bot.config.settings import Settings, load
from bot.core.audit import facts
from bot.core.rules.hosts import Host
from bot.core.watch.outlook import Outlook
from bot.process.clock import SteadyClock, process_now
from bot.services.look.fleet import Fleet
from bot.shell.options import AsJson, Config, Selection
from bot.shell.reached import LOOKING, connected
from bot.shell.refusals import FAILED
from bot.shell.show import hosts as output_hosts
from bot.shell.show import output
from bot.shell.show import records as output_records

PATIENCE = 150.0
"""Seconds for the one host that somebody waits for."""

WithDisk = Annotated[
    bool,
    typer.Option(
        "--disk", help="With --json: the form that several hosts have, with their disks, for one too."
    ),
]


def df(
    host: Selection,
    config: Config = None,
    as_json: AsJson = False,  # noqa: FBT002 - typer's flags
    disk: WithDisk = False,  # noqa: FBT002 - typer's flags
) -> None:
    """Show a host's disk usage, as its own `docker system df` does, or that of several. Removes nothing."""
    settings = load(config)
    if settings.rules.hosts.means_several(host) or (disk and as_json):
        _df_of_several(settings, settings.rules.hosts.select(host), as_json=as_json)
        return
    name = settings.rules.hosts.find(host).name
    with connected(settings) as engines:
        engine = engines.connect(name)
        if as_json:
            output.print_json(facts.usage(engine.disk_usage()))
            return
        glance = engine.glance(PATIENCE)
    output_records.show_engine(glance.engine)
    output_hosts.show_disk(glance.disk)
    output_records.show_usage(glance.usage)
    left = _outlook(settings, (name,)).words(name)
    if left:
        output.say(f"How long the disk lasts: {left}. `deckhand history {name}` says more.")


def _outlook(settings: Settings, hosts: Sequence[str]) -> Outlook:
    from bot.shell.stored import known_forecasts  # noqa: PLC0415 - machines that read JSON need no database for it

    return Outlook(forecasts=known_forecasts(settings, hosts), now=process_now())


def _df_of_several(settings: Settings, selected: tuple[Host, ...], *, as_json: bool) -> None:
    with ExitStack() as closing:
        engines = closing.enter_context(connected(settings))
        fleet = Fleet.opened(engines, SteadyClock(), closing)
        closing.callback(
            engines.close
        )  # before the fleet's threads: what is still being asked then ends at once
        with output.counting(LOOKING, len(selected)) as done:
            gathering = fleet.gather(selected, lambda known: done(len(known.answers)))
        if as_json:
            output.print_json(output_hosts.gathering_json(gathering))
        else:
            outlook = _outlook(settings, [answer.host for answer in gathering.reached])
            output_hosts.show_gathering(gathering, outlook)
    if gathering.failed or gathering.waiting:
        raise typer.Exit(FAILED)
