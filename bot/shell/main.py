"""The command line: ``deckhand run | try | df | plan | audit | hosts | policy | schedules | doctor | db``."""

import signal
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Annotated, NoReturn, cast

import typer

from bot.config.settings import Settings, load
from bot.core.docker.inventory import EngineInfo
from bot.core.errors import ConfigurationError, DeckhandError, UsageError
from bot.core.plan.arguments import EXAMPLE, parse_several
from bot.core.rules.hosts import Host
from bot.engines.registry import DockerEngines
from bot.process import private
from bot.process.arriving import Arriving
from bot.process.clock import process_now
from bot.process.logs import log_to_stderr
from bot.services.clocks import Clocks
from bot.services.look.planning import Planning
from bot.shell import audit as cli_audit
from bot.shell import refusals
from bot.shell import review as cli_review
from bot.shell import verify as cli_verify
from bot.shell.hosts import CHECKS_AT_ONCE, df, hosts
from bot.shell.options import FAILED, MISUSED, AsJson, Config, HostName, connected, opened_store
from bot.shell.rules import policy, schedules
from bot.shell.show import output
from bot.shell.show import records as output_records
from bot.store.opening import migrate, open_store

cli = typer.Typer(
    help="Deckhand shows where Docker hosts' disks went, and removes exactly what a person approved.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
audit = typer.Typer(help="Read the audit.", no_args_is_help=True)
database = typer.Typer(help="Look after the database.", no_args_is_help=True)
cli.add_typer(audit, name="audit")
cli.add_typer(database, name="db")
cli.add_typer(hosts, name="hosts")
cli.add_typer(policy, name="policy")
cli_review.register(audit)
cli_audit.register(audit)
cli_verify.register(audit)
cli.command()(df)
cli.command()(schedules)


@cli.command()
def run(config: Config = None) -> None:
    """Run the bot: connect to Slack and serve until SIGTERM."""
    arriving = Arriving(signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    from bot import app as application  # noqa: PLC0415 - Slack's packages take a second that no other command needs

    application.run(load(config, for_slack=True), arriving)


@cli.command("try")
def try_it(
    port: Annotated[
        int, typer.Option(help="Where the page is served, on 127.0.0.1.", min=0, max=65535)
    ] = 8765,
    data: Annotated[
        Path | None, typer.Option(help="Keep the database here; else it ends with the trial.")
    ] = None,
) -> None:
    """Try Deckhand on a local page that looks like Slack, with a sample host."""
    from bot.shell.trying import run_trial  # noqa: PLC0415 - as above

    run_trial(port, data)


@cli.command()
def plan(
    host: HostName,
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PROFILE…] [ARGUMENT…]", help=f"Profiles, and what narrows them: {EXAMPLE}"),
    ] = None,
    why: Annotated[
        str | None, typer.Option(metavar="OBJECT", help="Say why each profile takes or keeps this object.")
    ] = None,
    config: Config = None,
    as_json: AsJson = False,  # noqa: FBT002 - typer's flags
) -> None:
    """Print what cleanups would remove and what they keep, and why. Removes nothing."""
    settings = load(config)
    name, requests = settings.hosts.find(host).name, parse_several(words or ())
    with connected(settings) as engines, opened_store(settings) as store:
        planning = Planning(
            engines=engines, ledger=store.ledger, protection=settings.protection, profiles=settings.profiles,
            policy_of=settings.hosts.policy_of, clocks=Clocks(ledger=store.ledger, process=process_now),
        )  # fmt: skip
        if why is not None:
            explanations = planning.explain(name, why)
            output_records.show_explanations(explanations, as_json=as_json)
            return
        _, drafts = planning.drafts(name, requests)
    if as_json:
        plans = [output_records.draft_json(name, draft) for draft in drafts]
        output.print_json(plans[0] if len(plans) == 1 else list(plans))
        return
    for draft in drafts:
        output_records.show_draft(name, draft)


@database.command("upgrade")
def db_upgrade(config: Config = None) -> None:
    """Bring the database's schema up to date; `deckhand run` does this by itself."""
    migrate(load(config).database_url.get_secret_value())
    output.say("The database is up to date.")


@cli.command()
def doctor(config: Config = None) -> None:
    """Check the configuration, the database and every host; exit code 1 when something fails."""
    settings = load(config)
    with closing(open_store(settings.database_url.get_secret_value())) as store:
        output.say(f"ok    {settings.file} and its database")
        clocks = Clocks(ledger=store.ledger, process=process_now)
        _note(clocks.own())
        failed = _hosts_checked(settings, clocks)
    for problem in settings.slack.problems():
        _note(problem)
    if failed:
        raise typer.Exit(FAILED)


def _hosts_checked(settings: Settings, clocks: Clocks) -> int:
    """Say of each host whether its engine answers; how many do not."""
    failed = 0
    with connected(settings) as engines, ThreadPoolExecutor(CHECKS_AT_ONCE) as pool:
        registered = settings.hosts.all()
        answers = pool.map(lambda host: _engine_of(engines, clocks, host), registered)
        for host, answer in zip(registered, answers, strict=True):
            if isinstance(answer, DeckhandError):
                failed += 1
                output.say(f"fail  {answer}")
            else:
                info, clock = answer
                output.say(f"ok    {host.name}: Docker Engine {info.version} at {host.address}")
                _note(clock)
    return failed


def _note(sentence: str | None) -> None:
    if sentence:
        output.say(f"note  {sentence}")


def _engine_of(
    engines: DockerEngines, clocks: Clocks, host: Host
) -> tuple[EngineInfo, str | None] | DeckhandError:
    """Which engine a host has, and what there is to say of its clock."""
    try:
        engine = engines.connect(host.name)
        info, began = engine.info(), clocks.now()
        shown = engine.clock()
        return info, None if shown is None else clocks.of_engine(host.name, shown, began)
    except DeckhandError as error:
        return error


_MistypedError = cast("type[typer.BadParameter]", typer.BadParameter.__base__)
"""Every mistake on a command line, which typer has no name for."""


def main() -> None:
    """Run the command line; whatever goes wrong is told in a sentence, with an exit code."""
    private.from_here_on()
    log_to_stderr()
    sys.excepthook = output.tell_defect
    try:
        code = cli(standalone_mode=False)
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
