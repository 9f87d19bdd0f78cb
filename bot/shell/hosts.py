"""``deckhand df`` and ``deckhand hosts``: looking at hosts from a shell."""

import getpass
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Annotated

import typer

from bot.config.settings import Settings, load
from bot.core.audit import facts
from bot.core.docker.sightings import is_known
from bot.core.errors import DeckhandError, UsageError
from bot.core.rules.hosts import Host
from bot.engines.contexts import names_in_environment
from bot.engines.importing import ssh_aliases
from bot.engines.ssh.known_hosts import pin
from bot.process.clock import SteadyClock
from bot.services.look.fleet import Fleet
from bot.shell.options import FAILED, AsJson, Config, HostName, Selection, agree, connected, opened_store
from bot.shell.show import hosts as output_hosts
from bot.shell.show import output
from bot.shell.show import records as output_records

CHECKS_AT_ONCE = 16
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
    output_records.show_engine(glance.engine)
    output_hosts.show_disk(glance.disk)
    output_records.show_usage(glance.usage)


def _df_of_several(settings: Settings, selected: tuple[Host, ...], *, as_json: bool) -> None:
    with ExitStack() as closing:
        engines = closing.enter_context(connected(settings))
        fleet = Fleet.opened(engines, SteadyClock(), closing)
        closing.callback(
            engines.close
        )  # before the fleet's threads: what is still being asked then ends at once
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
        known = store.ledger.known_engines().get(name)
        if known is not None and is_known(known, engine):
            output.say(f"{name} is known to be this engine since {known.first_at:%Y-%m-%d}; nothing changed.")
            return
        was = f"It was {known.name} ({known.id}, Docker {known.version}). " if known else ""
        output.say(f"{name}: {was}Now {engine.name} ({engine.id}, Docker {engine.version}) answers.")
        agree(f"Is {name} this engine from now on?", yes, engine.id, "--yes ENGINE_ID")
        store.ledger.accept_engine(name, engine, f"shell:{getpass.getuser()}")
    output.say(f"{name} is {engine.id} from now on.")


@hosts.command("check")
def hosts_check(
    selected: Annotated[
        list[str] | None, typer.Argument(metavar="[HOSTS]…", help="Hosts, @tags or 'pattern-*'; else all.")
    ] = None,
    config: Config = None,
    as_json: AsJson = False,  # noqa: FBT002 - typer's flags
) -> None:
    """Try every step on the way to each host's engine, and say which one fails; exit code 1 when one does."""
    settings = load(config)
    found = settings.hosts.select(",".join(selected or ["all"]))
    with connected(settings) as engines, ThreadPoolExecutor(CHECKS_AT_ONCE) as pool:
        checked = list(zip(found, pool.map(lambda host: engines.check(host.name), found), strict=True))
    if as_json:
        output.print_json([output_hosts.check_json(host, steps) for host, steps in checked])
    else:
        for host, steps in checked:
            output_hosts.show_check(host, steps)
    if any(step.ok is False for _, steps in checked for step in steps):
        raise typer.Exit(FAILED)


@hosts.command("trust")
def hosts_trust(
    host: HostName,
    yes: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FINGERPRINT", help="Trust this key (SHA256:…) without asking; may be repeated."
        ),
    ] = None,
    config: Config = None,
) -> None:
    """Show the key of a host's SSH server, and that of each jump host, and trust it after a yes."""
    settings = load(config)
    name = settings.hosts.find(host).name
    pinned: set[str] = set()
    with connected(settings) as engines:
        while (found := engines.untrusted(name)) is not None:
            shown, known = found
            if shown.name in pinned:
                raise DeckhandError(f"{shown.name} shows another key each time: {shown.fingerprint}.")
            output_hosts.show_key(shown, known)
            given = (
                None if yes is None else next((one for one in yes if one == shown.fingerprint), " ".join(yes))
            )
            agree(f"Is this the key of {shown.name}?", given, shown.fingerprint, "--yes")
            pin(settings.pins, shown)
            pinned.add(shown.name)
            output.say(f"{shown.name} is trusted from now on ({settings.pins}).")
    if not pinned:
        output.say(f"{name}: every key on the way is trusted already.")


@hosts.command("import")
def hosts_import(
    ssh_config: Annotated[bool, typer.Option("--ssh-config", help="The hosts of ~/.ssh/config.")] = False,  # noqa: FBT002 - typer's flags
    contexts: Annotated[bool, typer.Option("--contexts", help="Docker's contexts.")] = False,  # noqa: FBT002 - typer's flags
) -> None:
    """Print what this machine knows of hosts as TOML to paste into deckhand.toml; adds nothing by itself."""
    if not (ssh_config or contexts):
        raise UsageError("Import from where? deckhand hosts import --ssh-config, or --contexts, or both.")
    found = [(alias, "ssh") for alias in ssh_aliases()] if ssh_config else []
    found += [(name, "context") for name in names_in_environment()] if contexts else []
    taken: set[str] = set()
    for name, key in found:
        output.say(*output_hosts.host_toml(name, key, taken).split("\n"))
        taken.add(name)
