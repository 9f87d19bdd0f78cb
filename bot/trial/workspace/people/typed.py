"""What Slack makes of what a person typed: how commands arrive, and what a reader sees of a long text."""

import re
from html import escape

from bot.trial.workspace.people.team import Team

_LINK = re.compile(
    r"(?<![\w@/.<|])(https?://[^\s<>|]+|(?:[a-z0-9-]+\.)+(?:com|org|net|io|dev|example)(?:[:/][^\s<>|]*)?)"
)
_CALL = re.compile(r"(?<![\w<])([@#])([\w-]+)")
FOLDED_CHARACTERS, FOLDED_LINES = 700, 10
"""What a section shows before "see more", unless it says `expand`: reported, not documented."""


def escaped(team: Team, text: str) -> str:
    """A message, or a command under `should_escape`: people, groups, channels and links in Slack's own form.

    What would else be read as such a form is escaped.
    """
    people = {person.name: f"<@{person.id}|{person.name}>" for person in (*team.people, team.bot)}
    groups = {group.handle: f"<!subteam^{group.id}|@{group.handle}>" for group in team.groups}
    channels = {channel.name: f"<#{channel.id}|{channel.name}>" for channel in team.channels if channel.name}

    def call(found: re.Match[str]) -> str:
        known = {**groups, **people} if found[1] == "@" else channels
        return known.get(found[2], found[0])

    def link(found: re.Match[str]) -> str:
        url = found[0] if "://" in found[0] else f"http://{found[0]}"
        return f"<{url}>" if url == found[0] else f"<{url}|{found[0]}>"

    return _LINK.sub(link, _CALL.sub(call, escape(text, quote=False)))


def is_folded(section: dict[str, object]) -> bool:
    """Whether a reader sees only the beginning of a section until they press "see more"."""
    text = section.get("text")
    if section.get("type") != "section" or section.get("expand") or not isinstance(text, dict):
        return False
    shown = str(text.get("text", ""))
    return len(shown) > FOLDED_CHARACTERS or shown.count("\n") >= FOLDED_LINES
