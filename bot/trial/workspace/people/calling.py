"""Whom a message calls: Slack notifies for each mention in a new message, and for none in an edited one."""

import re
from collections.abc import Iterator

from bot.trial.workspace.people.team import Team

_CALL = re.compile(
    r"<(?:@(?P<user>[UW][A-Z0-9]+)|!subteam\^(?P<group>S[A-Z0-9]+)|!(?P<all>channel|here|everyone))"
)


def calls_in(value: object) -> frozenset[str]:
    """Ids of people and groups, and `channel`, that are called anywhere in a message's text and blocks."""
    return frozenset(_calls(value))


def _calls(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield from (found["user"] or found["group"] or "channel" for found in _CALL.finditer(value))
    elif isinstance(value, dict):
        yield from _rich(value)
        if value.get("type") != "plain_text":
            for key, inner in value.items():
                if key not in ("confirm", "value", "action_id", "block_id", "url"):
                    yield from _calls(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _calls(inner)


def _rich(part: dict[str, object]) -> Iterator[str]:
    kind = part.get("type")
    if kind in ("user", "usergroup"):
        yield str(part.get(f"{kind}_id"))
    elif kind == "broadcast":
        yield "channel"


def reaches(team: Team, calls: frozenset[str], user: str) -> bool:
    """Whether one of these calls is for this person."""
    groups = {group.id for group in team.groups if user in group.members}
    return bool(calls & {user, "channel", *groups})
