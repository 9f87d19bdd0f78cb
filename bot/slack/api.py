"""Slack's API, as one process uses it."""

from bot.ports import NO_METRICS, Metrics
from bot.slack.chat import SlackChat
from bot.slack.client import web_client
from bot.slack.directory import SlackDirectory
from bot.slack.kit.native import Natives


class SlackApi:
    """What Slack is asked, and what is sent through it."""

    def __init__(self, token: str, url: str | None, metrics: Metrics = NO_METRICS) -> None:
        """``url`` is None for Slack's own."""
        self.client = web_client(token, url, metrics=metrics)
        self.directory = SlackDirectory(self.client)
        natives = Natives()
        self.chat = SlackChat(self.client, self.directory.name_of, natives)
        """Waits while Slack wants a pause."""
        quick = web_client(token, url, patient=False, metrics=metrics)
        self.impatient = SlackChat(quick, self.directory.name_of, natives)
        """Raises when Slack wants a pause."""
