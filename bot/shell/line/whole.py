"""What stands before every command: the version, and what completes words in bash, zsh and fish."""

from typing import Annotated

import typer

from bot.shell.show import output


def _tell_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        from bot.core.audit.facts import deckhand  # noqa: PLC0415 - only who asks for it waits for the core

        output.say(f"Deckhand {deckhand()}")
        raise typer.Exit


def whole(
    version: Annotated[  # noqa: FBT002 - typer's flags; its callback does it
        bool,
        typer.Option("--version", callback=_tell_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Options of the command line as a whole; their callbacks do all."""
