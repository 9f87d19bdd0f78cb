"""Options that several commands of the shell share."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from bot.config import Settings
from bot.engines.registry import DockerEngines

FAILED, MISUSED = 1, 2
"""Exit codes: something is in the way; the command or the configuration is wrong."""

Config = Annotated[
    Path | None,
    typer.Option("--config", help="The configuration file; else DECKHAND_CONFIG, else ./deckhand.toml."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, with sizes in bytes.")]
HostName = Annotated[str, typer.Argument(metavar="HOST", help="A registered host.")]
Selection = Annotated[
    str,
    typer.Argument(metavar="HOSTS", help="A host, @tag, 'pattern-*', all, or several with commas between."),
]


@contextmanager
def connected(settings: Settings) -> Iterator[DockerEngines]:
    """The engines of all registered hosts, each connected when it is first asked."""
    with closing(DockerEngines(settings.hosts.by_name)) as engines:
        yield engines
