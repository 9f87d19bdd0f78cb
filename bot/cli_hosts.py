"""``deckhand df`` and ``deckhand hosts``: looking at hosts from a shell."""

import getpass
from contextlib import ExitStack
from typing import Annotated

import typer

from bot import app as application
from bot import output, output_hosts
from bot.cli_options import FAILED, AsJson, Config, HostName, Selection, agree, connected, opened_store
from bot.config import Settings, load
from bot.core.hosts import Host
from bot.services import facts

PATIENCE = 150.0
"""Seconds for the one host that somebody waits for."""

hosts = typer.Typer(help="Look after the registered hosts.", no_args_is_help=True)

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
    if settings.hosts.means_several(host) or (disk and as_json):
        _df_of_several(settings, settings.hosts.select(host), as_json=as_json)
        return
    name = settings.hosts.find(host).name
    with connected(settings) as engines:
        engine = engines.connect(name)
        if as_json:
            output.print_json(facts.usage(engine.disk_usage()))
            return
        glance = engine.glance(PATIENCE)
    output.show_engine(glance.engine)
    output_hosts.show_disk(glance.disk)
    output.show_usage(glance.usage)


def _df_of_several(settings: Settings, selected: tuple[Host, ...], *, as_json: bool) -> None:
    with ExitStack() as closing:
        engines = closing.enter_context(connected(settings))
        fleet = application.make_fleet(engines, closing)
        gathering = fleet.gather(selected, lambda _known: None)
    if as_json:
        output.print_json(output_hosts.gathering_json(gathering))
    else:
        output_hosts.show_gathering(gathering)
    if gathering.failed or gathering.waiting:
        raise typer.Exit(FAILED)


@hosts.command("list")
def hosts_list(
    selected: Annotated[
        str,
        typer.Argument(metavar="[HOSTS]", help="A host, @tag, 'pattern-*', or several with commas between."),
    ] = "all",
    config: Config = None,
) -> None:
    """List the registered hosts, and how each is reached."""
    output_hosts.show_hosts(load(config).hosts.select(selected))


@hosts.command("accept")
def hosts_accept(
    host: HostName,
    yes: Annotated[
        str | None, typer.Option(metavar="ENGINE_ID", help="Accept this engine without asking, for scripts.")
    ] = None,
    config: Config = None,
) -> None:
    """Let a host be the engine that answers there now, after it was another one before."""
    settings = load(config)
    name = settings.hosts.find(host).name
    with connected(settings) as engines, opened_store(settings) as store:
        engine = engines.connect(name).info()
        known = store.known_engines().get(name)
        if known is not None and known.id == engine.id:
            output.say(f"{name} is known to be this engine since {known.first_at:%Y-%m-%d}; nothing changed.")
            return
        was = f"It was {known.name} ({known.id}, Docker {known.version}). " if known else ""
        output.say(f"{name}: {was}Now {engine.name} ({engine.id}, Docker {engine.version}) answers.")
        agree(f"Is {name} this engine from now on?", yes, engine.id, "--yes ENGINE_ID")
        store.accept_engine(name, engine, f"shell:{getpass.getuser()}")
    output.say(f"{name} is {engine.id} from now on.")
