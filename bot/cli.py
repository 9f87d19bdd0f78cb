"""The command line: ``deckhand run | try | df | plan | audit | hosts | policy | schedules | doctor | db``."""

import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bot import app as application
from bot import cli_audit, output, output_rules
from bot.config import Settings, load
from bot.core.arguments import EXAMPLE, parse_several
from bot.core.audit_filter import EXAMPLE as FILTER_EXAMPLE
from bot.core.audit_filter import AuditFilter, parse_filter
from bot.core.errors import ConfigurationError, DeckhandError, UsageError
from bot.engines.registry import DockerEngines
from bot.services import explaining, facts, review
from bot.shell import FAILED, MISUSED, AsJson, Config, opened_store
from bot.slack.chat import web_client
from bot.slack.directory import SlackDirectory
from bot.store.database import migrate, open_store
from bot.store.store import SqlStore

cli = typer.Typer(
    help="Deckhand shows where Docker hosts' disks went, and removes exactly what a person approved.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
audit = typer.Typer(help="Read the audit.", no_args_is_help=True)
database = typer.Typer(help="Look after the database.", no_args_is_help=True)
hosts = typer.Typer(help="Look after the registered hosts.", no_args_is_help=True)
cli.add_typer(audit, name="audit")
cli.add_typer(database, name="db")
cli.add_typer(hosts, name="hosts")
policy = typer.Typer(help="Look at who may do what.", no_args_is_help=True)
cli.add_typer(policy, name="policy")
cli_audit.register(audit)

HostName = Annotated[str, typer.Argument(metavar="HOST", help="A registered host.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What words of a filter mean: the hosts (None for all), and everything else."""

    hosts: tuple[str, ...] | None
    matching: AuditFilter


@contextmanager
def _engines(settings: Settings) -> Iterator[DockerEngines]:
    with closing(DockerEngines(settings.hosts.by_name)) as engines:
        yield engines


@cli.command()
def run(config: Config = None) -> None:
    """Run the bot: connect to Slack and serve until SIGTERM."""
    settings = load(config, for_slack=True)
    application.run(settings)


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
    application.run_trial(port, data)


@cli.command()
def df(host: HostName, config: Config = None, as_json: AsJson = False) -> None:  # noqa: FBT002 - typer's flags
    """Show a host's disk usage, as its own `docker system df` does. Removes nothing."""
    settings = load(config)
    name = settings.hosts.find(host).name
    with _engines(settings) as engines:
        engine = engines.connect(name)
        usage, info = engine.disk_usage(), engine.info()
    if as_json:
        output.print_json(facts.usage(usage))
        return
    output.show_engine(info)
    output.show_usage(usage)


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
    with _engines(settings) as engines, opened_store(config) as store:
        planning = application.make_planning(settings, engines, store)
        if why is not None:
            explanations = planning.explain(name, why)
            output.show_explanations(explanations, as_json=as_json)
            return
        _, drafts = planning.drafts(name, requests)
    if as_json:
        plans = [output.draft_json(name, draft) for draft in drafts]
        output.print_json(plans[0] if len(plans) == 1 else list(plans))
        return
    for draft in drafts:
        output.show_draft(name, draft)


@hosts.command("list")
def hosts_list(config: Config = None) -> None:
    """List the registered hosts, and how each is reached."""
    output.show_hosts(load(config).hosts)


@policy.command("explain")
def policy_explain(
    host: HostName,
    user: Annotated[str, typer.Argument(metavar="USER", help="A Slack user's id (U… or W…).")],
    channel: Annotated[
        str, typer.Option(metavar="CHANNEL", help="The id of the channel (C… or G…) where the person asks.")
    ] = "",
    config: Config = None,
    as_json: AsJson = False,  # noqa: FBT002 - typer's flags
) -> None:
    """Say what a person may do on a host and why, and which cleanups may run there and when."""
    settings = load(config)
    registered = settings.hosts.find(host)
    asked = explaining.asked(user, channel)
    token, now = settings.slack.bot_token, datetime.now(UTC)
    lookup: explaining.Lookup = lambda _group: None  # noqa: E731 - one line says it
    unknown = "cannot be read without SLACK_BOT_TOKEN → counts as no"
    if token is not None:
        client = web_client(token.get_secret_value(), settings.slack.api_url)
        lookup, unknown = SlackDirectory(client, lambda: now).lookup, "cannot be read now → counts as no"
    answers = explaining.answers(registered, asked, lookup, unknown)
    if as_json:
        output.print_json(explaining.policy_json(registered, asked, answers, now))
    else:
        output_rules.show_policy(registered, asked, answers, now)


@cli.command()
def schedules(config: Config = None, as_json: AsJson = False) -> None:  # noqa: FBT002 - typer's flags
    """Show the schedules and when each comes next, by the configuration and in the database."""
    settings, now = load(config), datetime.now(UTC)
    with opened_store(config) as store:
        timers = store.schedules()
    if as_json:
        output.print_json(output_rules.schedules_json(settings.schedules, timers, now))
    elif settings.schedules or timers:
        output_rules.show_schedules(settings.schedules, timers, now)
    else:
        output.say("No schedule is configured; README.md shows how, under “On a schedule”.")


Filter = Annotated[
    list[str] | None, typer.Argument(metavar="[FILTER…]", help=f"Which cleanups: {FILTER_EXAMPLE}")
]


@contextmanager
def _asked(config: Path | None, words: Sequence[str] | None) -> Iterator[tuple[SqlStore, Asked]]:
    """The store, and what a filter means in it: in a shell, hosts that are registered no longer count too."""
    settings = load(config)
    with opened_store(config) as store:
        known = store.hosts_of_cleanups() | settings.hosts.by_name.keys()
        matching = parse_filter(words or (), known, datetime.now(UTC))
        yield store, Asked(hosts=review.meant_hosts(matching, settings.hosts), matching=matching)


@audit.command("list")
def audit_list(
    words: Filter = None,
    limit: Annotated[int, typer.Option(help="How many at most; 0 for all of them.", min=0)] = 20,
    config: Config = None,
    as_json: AsJson = False,  # noqa: FBT002 - typer's flags
) -> None:
    """List cleanups, newest first."""
    with _asked(config, words) as (store, asked):
        cleanups = review.every_cleanup(store, asked.hosts, asked.matching, limit)
        if as_json:
            output.stream_json(review.cleanup_json(cleanup) for cleanup in cleanups)
        else:
            output.show_cleanups(cleanups)


@audit.command("stats")
def audit_stats(words: Filter = None, config: Config = None, as_json: AsJson = False) -> None:  # noqa: FBT002 - typer's flags
    """Count cleanups and what they freed: by host, profile, month, requester and outcome."""
    with _asked(config, words) as (store, asked):
        statistics = store.statistics(hosts=asked.hosts, matching=asked.matching)
    if as_json:
        output.print_json(review.statistics_json(statistics))
    else:
        output.show_statistics(statistics)


@audit.command("show")
def audit_show(
    cleanup_id: Annotated[str, typer.Argument(metavar="ID", help="The id of a cleanup or of a plan.")],
    config: Config = None,
    as_json: AsJson = False,  # noqa: FBT002 - typer's flags
) -> None:
    """Show one cleanup: every object and what became of it, and every event."""
    with opened_store(config) as store:
        state = review.find(store, cleanup_id)
        events = store.events(state.plan.id)
    if as_json:
        output.print_json(review.plan_json(state, events))
        return
    output.show_record(state)
    output.say("")
    output.show_table(
        ("SEQ", "AT", "EVENT", "BY"),
        ((str(e.seq), f"{e.at:%Y-%m-%d %H:%M:%S}Z", e.event.tag, e.event.actor) for e in events),
    )


@database.command("upgrade")
def db_upgrade(config: Config = None) -> None:
    """Bring the database's schema up to date; `deckhand run` does this by itself."""
    migrate(load(config).database_url.get_secret_value())
    output.say("The database is up to date.")


@cli.command()
def doctor(config: Config = None) -> None:
    """Check the configuration, the database and every host; exit code 1 when something fails."""
    settings = load(config)
    failed = 0
    with closing(open_store(settings.database_url.get_secret_value())):
        output.say(f"ok    {settings.file} and its database")
    with _engines(settings) as engines:
        for host in settings.hosts.all():
            try:
                info = engines.connect(host.name).info()
            except DeckhandError as error:
                failed += 1
                output.say(f"fail  {error}")
            else:
                output.say(f"ok    {host.name}: Docker Engine {info.version} at {host.address}")
    for problem in settings.slack.problems():
        output.say(f"note  {problem}")
    if failed:
        raise typer.Exit(FAILED)


def main() -> None:
    """Run the command line; whatever goes wrong is told in a sentence, with an exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for noisy in ("slack_sdk", "slack_bolt", "uvicorn", "alembic", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    try:
        cli()
    except (ConfigurationError, UsageError) as error:
        print(f"deckhand: {error}", file=sys.stderr)  # noqa: T201 - the one place that tells the shell
        sys.exit(MISUSED)
    except DeckhandError as error:
        print(f"deckhand: {error}", file=sys.stderr)  # noqa: T201 - the one place that tells the shell
        sys.exit(FAILED)
