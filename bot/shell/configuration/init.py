"""``deckhand init``: five questions, and a first configuration."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from bot.config import toml
from bot.config.settings import load
from bot.core.errors import DeckhandError, UsageError
from bot.engines.contexts import names_in_environment
from bot.engines.importing import ssh_aliases
from bot.process import private
from bot.shell.configuration import first
from bot.shell.options import Config
from bot.shell.show import output

T = TypeVar("T")
Words = str | None


def init(  # noqa: PLR0913, PLR0917 - typer reads options from parameters
    hosts: Annotated[
        Words, typer.Option(help="The hosts: names that this machine knows, or user@host.")
    ] = None,
    prod: Annotated[Words, typer.Option(help="Which of them are production; '' for none.")] = None,
    ci: Annotated[Words, typer.Option(help="Which of them run CI; '' for none.")] = None,
    approve: Annotated[Words, typer.Option(help="Who may approve: Slack ids (U…, S…).")] = None,
    channel: Annotated[
        Words, typer.Option(help="The id of the channel (C…) of the cleanups; '' for any.")
    ] = None,
    config: Config = None,
) -> None:
    """Ask five questions and write a first deckhand.toml for a small team. What an option answers is not asked."""
    file = toml.place(config)
    if file.exists() or file.is_symlink():
        raise DeckhandError(f"{file} is there already. `deckhand config check` says whether it is in order.")
    known = first.Known(
        aliases=ssh_aliases(), contexts=[name for name in names_in_environment() if name != "default"]
    )
    if hosts is None:
        output.say(f"This machine knows these hosts: {', '.join(known.names())}.")
    named = _answer(
        "1. Which hosts? Names from there, or user@host",
        "--hosts",
        hosts,
        lambda text: first.hosts(text, known),
    )
    some: Callable[[str], list[str]] = lambda text: first.some_of(text, named)  # noqa: E731 - one line says it
    answers = first.Answers(
        hosts=named,
        prod=_answer("2. Which of them are production? Approve asks once more there", "--prod", prod, some),
        ci=_answer("3. Which of them run CI? Their containers are followed", "--ci", ci, some),
        approvers=_answer("4. Who may approve cleanups? Slack ids: “Copy member ID” in a profile", "--approve",
                          approve, first.people),
        channel=_answer("5. In which channel are cleanups asked for? Its id, or nothing for any", "--channel",
                        channel, first.channel),
    )  # fmt: skip
    _write(file, first.text_of(answers))
    load(file)
    output.say(f"{file} is written.")
    if answers.approvers == answers.approvers[:1] and not answers.approvers[0].startswith("S"):
        output.say("note  Only one person may approve, and never their own plans: name a second one.")
    _say_what_is_next(answers, file, config)


def _answer(question: str, option: str, given: str | None, read: Callable[[str], T]) -> T:
    """What was given or is typed, asked again until it can be read."""
    if given is not None:
        return read(given)
    if not sys.stdin.isatty():
        raise UsageError(f"Nobody is there to answer. In a script, write {option} too.")
    while True:
        try:
            return read(output.ask_text(question))
        except UsageError as error:
            output.say(str(error))


def _write(file: Path, text: str) -> None:
    try:
        with private.new(file) as opened:
            opened.write(text)
    except OSError as error:
        raise DeckhandError(f"{file} cannot be written: {error.strerror}.") from error


def _say_what_is_next(answers: first.Answers, file: Path, config: Path | None) -> None:
    named = f" --config {file}" if config is not None else ""
    over_ssh = [name for name, (key, _) in answers.hosts.items() if key == "ssh"]
    if over_ssh:
        output.say(
            f"Next: deckhand hosts trust {over_ssh[0]}{named}   (compare its key; then the other hosts)"
        )
    output.say(f"{'Then' if over_ssh else 'Next'}: deckhand hosts check{named}")
