"""``deckhand policy explain``: what a person may do on a host, and why."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from bot.config.settings import load
from bot.services.rules import explaining
from bot.shell.options import AsJson, Config, HostName
from bot.shell.show import output
from bot.shell.show import rules as output_rules
from bot.slack.client import web_client
from bot.slack.directory import SlackDirectory


def policy_explain(
    host: HostName,
    user: Annotated[str, typer.Argument(metavar="USER", help="A Slack user's id (U…, W… or T…/U…).")],
    channel: Annotated[
        str, typer.Option(metavar="CHANNEL", help="The id of the channel (C… or G…) where the person asks.")
    ] = "",
    config: Config = None,
    as_json: AsJson = False,  # noqa: FBT002 - typer's flags
) -> None:
    """Say what a person may do on a host and why, and which cleanups may run there and when."""
    settings = load(config)
    registered = settings.rules.hosts.find(host)
    asked = explaining.asked(user, channel)
    token, now = settings.slack.bot_token, datetime.now(UTC)
    lookup: explaining.Lookup = lambda _group: None  # noqa: E731 - one line says it
    unknown = "cannot be read without SLACK_BOT_TOKEN → counts as no"
    if token is not None:
        client = web_client(token.get_secret_value(), settings.slack.api_url)
        directory = SlackDirectory(client)
        asked = explaining.told(asked, directory.person(asked.who.user))
        lookup, unknown = directory.lookup, "cannot be read now → counts as no"
    answers = explaining.answers(registered, asked, lookup, unknown)
    if as_json:
        output.print_json(explaining.policy_json(registered, asked, answers, now))
    else:
        output_rules.show_policy(registered, asked, answers, now)
