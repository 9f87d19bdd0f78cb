"""A local look-alike of Slack: its Web API and Socket Mode for the bot, a page for people.

It knows nothing of the bot, and the bot nothing of it: what passes between them is Slack's own protocol.
"""

from bot.trial.workspace.core import JSON, Refused
from bot.trial.workspace.messages import Message
from bot.trial.workspace.page.acts import Outcome
from bot.trial.workspace.people.team import (
    DEFAULT_CHANNELS,
    DEFAULT_COMMANDS,
    DEFAULT_GROUPS,
    DEFAULT_PEOPLE,
    Channel,
    Command,
    Group,
    Person,
    Shortcut,
    Team,
)
from bot.trial.workspace.server import Workspace

__all__ = [
    "DEFAULT_CHANNELS",
    "DEFAULT_COMMANDS",
    "DEFAULT_GROUPS",
    "DEFAULT_PEOPLE",
    "JSON",
    "Channel",
    "Command",
    "Group",
    "Message",
    "Outcome",
    "Person",
    "Refused",
    "Shortcut",
    "Team",
    "Workspace",
]
