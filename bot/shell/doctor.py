"""``deckhand doctor``: whether everything is in order."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Annotated

import typer

from bot.config.settings import Settings, load
from bot.core.docker.inventory import EngineInfo
from bot.core.docker.sightings import KnownEngine
from bot.core.docker.swarm import node_words
from bot.core.errors import HostError, UsageError
from bot.core.rules.gaps import gaps
from bot.core.rules.hosts import Host
from bot.core.rules.policy import Right, is_channel, is_group
from bot.engines.registry import DockerEngines
from bot.process.clock import process_now
from bot.services.clocks import Clocks
from bot.shell.kinds import every_kind
from bot.shell.options import Config
from bot.shell.reached import connected, of_each
from bot.shell.refusals import FAILED
from bot.shell.show import output
from bot.shell.show.hosts import show_failed, twins_told
from bot.slack import checking
from bot.slack.trying_out import tried_out
from bot.store.opening import open_store

Thorough = Annotated[
    bool,
    typer.Option(
        "--slack", help="Compare the app's scopes, and try each channel and user group; posts nothing."
    ),
]


Channel = Annotated[
    str,
    typer.Option(
        metavar="C…",
        help="With --slack: post each kind of message to this channel once and delete it, and validate each form.",
    ),
]


def doctor(config: Config = None, slack: Thorough = False, channel: Channel = "") -> None:  # noqa: FBT002 - typer's way to declare a flag
    """Check the configuration, the database, the tokens and every host; exit code 1 when something fails."""
    if channel and not (slack and is_channel(channel)):
        raise UsageError("--channel takes a channel's id (C… or G…), and goes with --slack.")
    settings = load(config)
    with closing(open_store(settings.database_url.get_secret_value())) as store:
        output.say(f"ok    {settings.file} and its database")
        clocks = Clocks(ledger=store.ledger, process=process_now)
        _note(clocks.own())
        hosts_failed = _hosts_checked(settings, clocks, store.ledger.known_engines())
    for gap in gaps(settings.rules.hosts.all(), settings.rules.on_call):
        _note(gap)
    slack_failed = _slack_checked(settings, thorough=slack) + _each_kind_tried(settings, channel)
    failed = hosts_failed or slack_failed
    output.say(f"next  {_next(settings, hosts=hosts_failed, slack=slack_failed, thorough=slack)}")
    if failed:
        raise typer.Exit(FAILED)


def _slack_checked(settings: Settings, *, thorough: bool) -> int:
    """Say what Slack says of the tokens and, where asked, of all else; how much of it is not in order."""
    slack = settings.slack
    for problem in slack.problems():
        _note(problem)
    if slack.bot_token is None:
        return 0
    token = slack.bot_token.get_secret_value()
    found = [checking.whose(token, slack.api_url)]
    if thorough and slack.mode == "socket" and slack.app_token is not None:
        found.append(checking.connects(slack.app_token.get_secret_value(), slack.api_url))
    if thorough and found[0].ok:
        found += checking.looked_into(token, slack.api_url, _named(settings))
    for finding in found:
        output.say(f"{'ok  ' if finding.ok else 'fail'}  Slack: {finding.sentence}")
    return sum(not finding.ok for finding in found)


def _each_kind_tried(settings: Settings, channel: str) -> int:
    """Say of each kind of message and form what Slack answers to it; how many it does not take."""
    token = settings.slack.bot_token
    if not channel or token is None:
        return 0
    output.say(f"note  Slack: one of each kind is made of sample hosts, posted to {channel}, and deleted")
    kinds, failed = every_kind(), 0
    for finding in tried_out(token.get_secret_value(), settings.slack.api_url, channel, kinds):
        output.say(f"{'ok  ' if finding.ok else 'fail'}  Slack: {finding.sentence}")
        failed += not finding.ok
    return failed


def _named(settings: Settings) -> Mapping[str, Sequence[str]]:
    """The channels and user groups that the configuration names, each with where it does."""
    named: dict[str, dict[str, None]] = {}
    for policy in {host.policy.name: host.policy for host in settings.rules.hosts.all()}.values():
        for right in Right:
            for entry in policy.entries(right):
                if is_group(entry) or is_channel(entry):
                    named.setdefault(entry, {})[f"policy {policy.name}"] = None
    for schedule in settings.rules.schedules:
        named.setdefault(schedule.channel, {})[f"schedule {schedule.name}"] = None
    if settings.audit.head_channel:
        named.setdefault(settings.audit.head_channel, {})["the end of the audit"] = None
    return {an_id: tuple(places) for an_id, places in named.items()}


def _next(settings: Settings, *, hosts: int, slack: int, thorough: bool) -> str:
    if hosts:
        return "deckhand hosts check: every step to each host, and what to do about the one that fails"
    if slack:
        return "do what the lines with “fail” say, then deckhand doctor --slack"
    if settings.slack.problems():
        return "give it its tokens, then deckhand doctor --slack"
    return "deckhand run" if thorough else "deckhand doctor --slack, then deckhand run"


def _hosts_checked(settings: Settings, clocks: Clocks, known: Mapping[str, KnownEngine]) -> int:
    """Say of each host whether its engine answers; how many do not."""
    failed, reached = list[HostError](), dict[str, EngineInfo]()
    with connected(settings) as engines:
        for host, answer in of_each(
            settings.rules.hosts.all(), lambda host: _engine_of(engines, clocks, host)
        ):
            if isinstance(answer, HostError):
                failed.append(answer)
            else:
                info, clock = answer
                reached[host.name] = info
                output.say(
                    f"ok    {host.name}: Docker Engine {info.version}{node_words(info.swarm)} at {host.address}"
                )
                _note(clock)
    show_failed(failed)
    for sentence in twins_told(reached, known):
        _note(sentence)
    return len(failed)


def _note(sentence: str | None) -> None:
    if sentence:
        output.say(f"note  {sentence}")


def _engine_of(
    engines: DockerEngines, clocks: Clocks, host: Host
) -> tuple[EngineInfo, str | None] | HostError:
    """Which engine a host has, and what there is to say of its clock."""
    try:
        engine = engines.connect(host.name)
        info, began = engine.info(), clocks.now()
        shown = engine.clock()
        return info, None if shown is None else clocks.of_engine(host.name, shown, began)
    except HostError as error:
        return error
