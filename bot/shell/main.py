"""The command line: ``deckhand …``. ``bot.shell.commands`` lists what there is."""

import sys
from collections.abc import Sequence
from typing import NoReturn, cast

import typer

from bot.core.errors import ConfigurationError, DeckhandError, UsageError
from bot.process import private
from bot.process.logs import log_to_stderr
from bot.shell import refusals
from bot.shell.commands import cli
from bot.shell.refusals import FAILED, MISUSED
from bot.shell.show import output

_MistypedError = cast("type[typer.BadParameter]", typer.BadParameter.__base__)
"""Every mistake on a command line, which typer has no name for."""


def main() -> None:
    """Run the command line; whatever goes wrong is told in a sentence, with an exit code."""
    private.from_here_on()
    log_to_stderr()
    sys.excepthook = output.tell_defect
    try:
        code = cli(prog_name="deckhand", standalone_mode=False)
    except ConfigurationError as error:
        _fail(MISUSED, *error.problems)
    except UsageError as error:
        _fail(MISUSED, refusals.words(error))
    except DeckhandError as error:
        _fail(FAILED, refusals.words(error))
    except _MistypedError as error:
        _fail(MISUSED, *_mistakes(error))
    except typer.Abort:
        _fail(FAILED, "Nothing was changed.")
    sys.exit(code)


def _mistakes(error: typer.BadParameter) -> Sequence[str]:
    """What is wrong with a command line; nothing where no command was given: the help was shown then."""
    said = error.format_message().rstrip(".")
    shows = f". `{error.ctx.command_path} --help` shows how." if error.ctx else ""
    return [f"{said}{shows}"] if said else []


def _fail(code: int, *problems: str) -> NoReturn:
    for number, problem in enumerate(problems):
        output.complain(problem if number else f"deckhand: {problem}")
    sys.exit(code)
