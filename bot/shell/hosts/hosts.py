"""Looking after hosts: ``deckhand hosts list | check | trust | import``."""

from typing import Annotated

import typer

from bot.config.settings import load
from bot.core.errors import DeckhandError, UsageError
from bot.engines.contexts import names_in_environment
from bot.engines.importing import ssh_aliases
from bot.engines.ssh.known_hosts import pin
from bot.shell.line import completing
from bot.shell.options import AsJson, Config, HostName, agree
from bot.shell.reached import connected, of_each
from bot.shell.refusals import FAILED
from bot.shell.show import hosts as output_hosts
from bot.shell.show import output


def hosts_list(
    selected: Annotated[
        str,
        typer.Argument(
            metavar="[HOSTS]",
            help="A host, @tag, 'pattern-*', or several with commas between.",
            autocompletion=completing.selections,
        ),
    ] = "all",
    config: Config = None,
) -> None:
    """List the registered hosts, and how each is reached."""
    output_hosts.show_hosts(load(config).rules.hosts.select(selected))


def hosts_check(
    selected: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[HOSTS]…",
            help="Hosts, @tags or 'pattern-*'; else all.",
            autocompletion=completing.selections,
        ),
    ] = None,
    config: Config = None,
    as_json: AsJson = False,  # noqa: FBT002 - typer's flags
) -> None:
    """Try every step on the way to each host's engine, and say which one fails; exit code 1 when one does."""
    settings = load(config)
    found = settings.rules.hosts.select(",".join(selected or ["all"]))
    with connected(settings) as engines:
        checked = of_each(found, lambda host: engines.check(host.name))
        reached = {
            host.name: engines.connect(host.name).info()
            for host, steps in checked
            if all(s.ok for s in steps)
        }
    if as_json:
        output.print_json([output_hosts.check_json(host, steps) for host, steps in checked])
    else:
        for host, steps in checked:
            output_hosts.show_check(host, steps)
        for sentence in output_hosts.twins_told(reached, {}):
            output.say(f"note  {sentence}")
    if any(step.ok is False for _, steps in checked for step in steps):
        raise typer.Exit(FAILED)


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
    name = settings.rules.hosts.find(host).name
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
