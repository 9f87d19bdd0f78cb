"""Menus whose choices are not in the message or view: those that the app loads, of conversations and of people."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from bot.trial.workspace.core import JSON
from bot.trial.workspace.people.team import Channel, Team

EXTERNAL = frozenset({"external_select", "multi_external_select"})
CONVERSATIONS = frozenset({"conversations_select", "multi_conversations_select"})
PEOPLE = frozenset({"users_select", "multi_users_select"})
QUERY_LENGTH = 3
"""Characters that a person types before a menu loads its options, where the menu does not say."""


class Suggested:
    """The options that the app gave to one person for one menu: they can choose no other one.

    Call with the workspace's lock held.
    """

    def __init__(self) -> None:
        self._given: dict[tuple[str, str, str], dict[str, JSON]] = {}

    def remember(self, user: str, where: str, action_id: str, options: Sequence[JSON]) -> None:
        """``where`` is a message's ts or a view's id."""
        given = self._given.setdefault((user, where, action_id), {})
        given.update({option["value"]: option for option in options})

    def of(self, user: str, where: str, element: JSON) -> list[JSON]:
        first = [element.get("initial_option"), *element.get("initial_options", ())]
        given = self._given.get((user, where, str(element.get("action_id"))), {})
        return [*filter(None, first), *given.values()]


def filled(blocks: Sequence[JSON], team: Team, suggested: Suggested, user: str, where: str) -> list[JSON]:
    """The same blocks, in which each menu says what this person can choose in it."""

    def fill(element: JSON) -> JSON:
        if element.get("type") in EXTERNAL:
            return {**element, "options": suggested.of(user, where, element)}
        if element.get("type") in CONVERSATIONS:
            return {**element, "conversations": [channel.id for channel in fitting(team, user, element)]}
        if element.get("type") in PEOPLE:
            return {**element, "users": [person.id for person in team.people]}
        return element

    return [_with_elements(block, fill) for block in blocks]


def _with_elements(block: JSON, fill: Callable[[JSON], JSON]) -> JSON:
    changed: JSON = {
        key: fill(block[key]) for key in ("element", "accessory") if isinstance(block.get(key), dict)
    }
    if isinstance(block.get("elements"), list):
        changed["elements"] = [fill(each) if isinstance(each, dict) else each for each in block["elements"]]
    return {**block, **changed}


def fitting(team: Team, user: str, element: JSON) -> Iterator[Channel]:
    """The conversations that this person can choose in a menu."""
    rules: Mapping[str, object] = element.get("filter") or {}
    included = rules.get("include")
    for channel in team.channels:
        kind = "im" if channel.is_direct else "private" if channel.is_private else "public"
        hidden = (
            (isinstance(included, list) and kind not in included)
            or (rules.get("exclude_bot_users") and channel.with_person)
            or (rules.get("exclude_external_shared_channels") and channel.is_shared)
        )
        if team.sees(user, channel.id) and not hidden and not channel.is_archived:
            yield channel


def with_current(view: JSON, team: Team, user: str, channel: str) -> JSON:
    """The view in which menus that ask for it begin with the conversation that the person has before them."""

    def fill(element: JSON) -> JSON:
        asks = element.get("type") in CONVERSATIONS and element.get("default_to_current_conversation")
        if not asks or element.get("initial_conversation"):
            return element
        fits = any(each.id == channel for each in fitting(team, user, element))
        return {**element, "initial_conversation": channel} if fits else element

    return {**view, "blocks": [_with_elements(block, fill) for block in view["blocks"]]}
