"""Who and what is in the workspace: people, channels, groups, slash commands."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.trial.workspace.core import JSON, Refused

TEAM_ID = "T0TRIAL"
TEAM_DOMAIN = "deckhand-trial"
APP_ID = "A0DECK"
BOT_ID = "B0DECK"
BOT_USER_ID = "U0DECK"
SLACKBOT_ID = "USLACKBOT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    id: str
    name: str  # the handle, as in @ann
    real_name: str
    tz: str = "Etc/UTC"
    team_id: str = TEAM_ID  # another one's: somebody in a channel that both companies share
    enterprise_id: str = ""  # of the organisation that the team is in, on Enterprise Grid
    is_restricted: bool = False  # a guest
    is_ultra_restricted: bool = False  # a guest of one channel
    is_stranger: bool = False
    is_bot: bool = False
    deleted: bool = False  # deactivated; what they did just before may still be on its way

    def as_json(self) -> JSON:
        profile = {
            "real_name": self.real_name,
            "display_name": self.name,
            "email": f"{self.name}@example.com",
        }
        about: JSON = {
            "id": self.id,
            "team_id": self.team_id,
            "name": self.name,
            "real_name": self.real_name,
            "deleted": self.deleted,
            "is_bot": self.is_bot or self.id == BOT_USER_ID,
            "is_admin": False,
            "is_restricted": self.is_restricted or self.is_ultra_restricted,
            "is_ultra_restricted": self.is_ultra_restricted,
            "tz": self.tz,
            "tz_offset": 0,
            "profile": profile,
        }
        if self.is_stranger:
            about["is_stranger"] = True
        if self.enterprise_id:
            about["enterprise_user"] = {
                "id": self.id, "enterprise_id": self.enterprise_id, "teams": [self.team_id],
            }  # fmt: skip
        return about

    def in_payload(self) -> JSON:
        """Give the short form that interactive payloads carry."""
        return {"id": self.id, "username": self.name, "name": self.name, "team_id": self.team_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    id: str
    name: str
    with_person: str = ""  # a direct message between the bot and this person
    has_bot: bool = True
    is_private: bool = False
    is_archived: bool = False
    is_shared: bool = False  # with other companies
    people: tuple[str, ...] = ()  # who is in it; empty: everyone. Two without a name: their direct messages

    def as_json(self) -> JSON:
        direct = self.is_direct
        about: JSON = {
            "id": self.id,
            "is_channel": not direct,
            "is_group": False,
            "is_im": direct,
            "is_mpim": False,
            "is_private": direct or self.is_private,
            "is_archived": self.is_archived,
            "is_ext_shared": self.is_shared,
            "is_member": self.has_bot,
            "context_team_id": TEAM_ID,
        }
        about |= (
            {"user": self.with_person or self.people[0]}
            if direct
            else {"name": self.name, "name_normalized": self.name}
        )
        return about

    @property
    def is_direct(self) -> bool:
        """Between two: the bot and a person, or two people, where the bot can never be."""
        return not self.name

    def refuse_bot(self, *, writes: bool) -> None:
        """Raise Refused as the Web API does for a bot that is not in here: it does not even see what is private."""
        if self.has_bot:
            return
        if self.is_private or self.is_direct:
            raise Refused("channel_not_found")
        if writes:
            raise Refused("not_in_channel")


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    id: str
    handle: str
    name: str
    members: tuple[str, ...]

    def as_json(self) -> JSON:
        return {
            "id": self.id,
            "team_id": TEAM_ID,
            "is_usergroup": True,
            "name": self.name,
            "handle": self.handle,
            "users": list(self.members),
            "user_count": len(self.members),
            "date_delete": 0,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    name: str  # with its slash
    usage: str = ""
    description: str = ""
    should_escape: bool = False
    """Whether people, groups, channels and links in what is typed arrive in Slack's own form, and all else escaped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortcut:
    """What the app offers in the menu beside the composer, or in that of each message."""

    name: str
    callback_id: str
    of_messages: bool = False
    description: str = ""


DEFAULT_PEOPLE = (
    Person(id="U0ANN", name="ann", real_name="Ann"),
    Person(id="U0BOB", name="bob", real_name="Bob"),
)
DEFAULT_CHANNELS = (Channel(id="C0OPS", name="ops"),)
DEFAULT_GROUPS = (Group(id="S0OPS", handle="ops-team", name="Ops team", members=("U0ANN", "U0BOB")),)
DEFAULT_COMMANDS = (
    Command(name="/docker-df", usage="[host | @tag | pattern]", description="Show where the disk went"),
    Command(
        name="/docker-prune",
        usage="host [profile] [until=168h] [keep=3]",
        description="Propose a cleanup for someone to approve",
    ),
    Command(
        name="/docker-audit",
        usage="[host] [since=30d] [by=@user]",
        description="Look at what was removed",
        should_escape=True,
    ),
)
DEFAULT_SHORTCUTS = (
    Shortcut(name="Plan a cleanup", callback_id="plan_cleanup", description="Choose a host and what may go"),
    Shortcut(
        name="Plan a cleanup here",
        callback_id="plan_cleanup_here",
        of_messages=True,
        description="Choose a host and what may go; a thread takes no commands",
    ),
)


DEFAULT_SCOPES = frozenset({
    "commands", "chat:write", "files:write", "im:write", "im:history", "channels:read", "groups:read",
    "app_mentions:read", "usergroups:read", "users:read",
})  # fmt: skip
"""What an app is granted that was made from the manifest."""


class Team:
    """The directory of the workspace. Direct messages come into being when first opened."""

    def __init__(  # noqa: PLR0913 - each by its name
        self,
        *,
        people: Sequence[Person] = DEFAULT_PEOPLE,
        channels: Sequence[Channel] = DEFAULT_CHANNELS,
        groups: Sequence[Group] = DEFAULT_GROUPS,
        commands: Sequence[Command] = DEFAULT_COMMANDS,
        shortcuts: Sequence[Shortcut] = DEFAULT_SHORTCUTS,
        app_name: str = "Deckhand",
    ) -> None:
        if not people or not channels:
            raise ValueError("a workspace needs at least one person and one channel")
        self.people = tuple(people)
        self.groups = tuple(groups)
        self.commands = tuple(commands)
        self.shortcuts = tuple(shortcuts)
        self.app_name = app_name
        self.scopes: frozenset[str] | None = DEFAULT_SCOPES  # granted to the app; None: every one
        self.takes_messages = (
            True  # in its direct messages: else the Messages tab is read-only, and has no commands
        )
        self.takes_native = False  # Slack's own charts and sortable tables, which not every workspace has
        self.overhears = False  # whether the app has subscribed to what is said in channels too
        self.enterprise_id = ""  # of the organisation that the workspace is in, on Enterprise Grid
        self.bot = Person(id=BOT_USER_ID, name=app_name.lower(), real_name=app_name)
        self._channels = {channel.id: channel for channel in channels}

    @property
    def channels(self) -> tuple[Channel, ...]:
        return tuple(self._channels.values())

    def person(self, user_id: str) -> Person:
        """Raise Refused (`user_not_found`) for an id that nobody here has."""
        for person in (*self.people, self.bot):
            if person.id == user_id:
                return person
        raise Refused("user_not_found")

    def channel(self, name: str) -> Channel:
        """Find a channel by id, by `#name`, or by a person's id (their direct message)."""
        if name in self._channels:
            return self._channels[name]
        for channel in self._channels.values():
            if channel.name and name.removeprefix("#") == channel.name:
                return channel
        if any(person.id == name for person in self.people):
            return self.direct(name)
        raise Refused("channel_not_found")

    def direct(self, user_id: str) -> Channel:
        person = self.person(user_id)
        channel_id = "D" + person.id.removeprefix("U")
        return self._channels.setdefault(channel_id, Channel(id=channel_id, name="", with_person=person.id))

    def sees(self, user_id: str, channel_id: str) -> bool:
        channel = self._channels.get(channel_id)
        return channel is not None and user_id in (*self._people_in(channel), BOT_USER_ID)

    def members(self, channel: Channel) -> list[str]:
        return [*self._people_in(channel), *([BOT_USER_ID] if channel.has_bot else [])]

    def _people_in(self, channel: Channel) -> Sequence[str]:
        if channel.with_person:
            return [channel.with_person]
        return channel.people or [person.id for person in self.people]

    def group(self, group_id: str) -> Group:
        for group in self.groups:
            if group.id == group_id:
                return group
        raise Refused("no_such_subteam")

    def command(self, name: str) -> Command | None:
        return next((command for command in self.commands if command.name == name), None)

    def shortcut(self, callback_id: str, *, of_messages: bool) -> Shortcut:
        """Raise Refused (`no_such_shortcut`) for what no menu offers there."""
        for shortcut in self.shortcuts:
            if (shortcut.callback_id, shortcut.of_messages) == (callback_id, of_messages):
                return shortcut
        raise Refused("no_such_shortcut")
