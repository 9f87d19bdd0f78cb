"""``deckhand hosts accept``: another engine is the one of a host from now on."""

import getpass
from typing import Annotated

import typer

from bot.config.settings import load
from bot.core.docker.sightings import is_known
from bot.shell.options import Config, HostName, agree
from bot.shell.reached import connected
from bot.shell.show import output
from bot.shell.stored import opened_store


def hosts_accept(
    host: HostName,
    yes: Annotated[
        str | None, typer.Option(metavar="ENGINE_ID", help="Accept this engine without asking, for scripts.")
    ] = None,
    config: Config = None,
) -> None:
    """Let a host be the engine that answers there now, after it was another one before."""
    settings = load(config)
    name = settings.rules.hosts.find(host).name
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
