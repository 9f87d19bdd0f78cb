"""Who did what where: what handlers know of Slack's payloads."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from slack_bolt import Respond

from bot.core.plan.plan import Person
from bot.core.rules.hosts import Hosts
from bot.core.rules.policy import Right
from bot.services.rules.rights import Rights
from bot.services.rules.visible import Door

Body: TypeAlias = Mapping[str, Any]
MENTIONED = re.compile(r"\s*<@[UW][A-Z0-9]+(?:\|[^>]*)?>[\s:,]*")
"""That we are meant, where somebody writes in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who did what where: all that a handler knows of Slack's payload beside the value."""

    person: Person
    channel: str
    """Where they did it. A Home has no channel, so what is posted there goes to the person: it is their own id.

    A form's is the one that it carries; empty where it carries none.
    """
    respond: Respond
    team: str = ""
    """Their team, as the payload says; empty where it does not."""
    trigger_id: str = ""
    """Slack's own id of this one command, click or form: the same each time that it is delivered."""
    said: str = ""
    """The command as it was typed; empty for all else."""
    line: str = ""
    """The same, or what was written in words: what to send again once it is put right."""
    detail: str = ""
    """What follows the colon of the action id."""
    message: str = ""
    """The message whose button was pressed; empty in a view, and where only they see it: it cannot be edited."""
    thread: str = ""
    """The thread that this message is in, or begins."""
    within: str = ""
    """The thread in which the message whose button was pressed is; empty where it stands in the channel itself."""
    view: Body = field(default_factory=dict)
    """The form that was submitted, pressed in or filled, or the Home that was opened, as Slack sends it."""

    def door(self, hosts: Hosts, rights: Rights, right: Right = Right.LOOK) -> Door:
        """Which of these hosts they may know of here, and on which they have the right."""
        return Door(hosts=hosts, rights=rights, person=self.person, channel=self.channel, right=right)


def asked_by_command(body: Body, respond: Respond) -> Asked:
    said = f"{_text(body, 'command')} {_text(body, 'text')}".strip()
    return Asked(
        person=Person(id=_text(body, "user_id"), name=_text(body, "user_name")),
        channel=_text(body, "channel_id"),
        respond=respond,
        team=_text(body, "team_id"),
        trigger_id=_text(body, "trigger_id"),
        said=said,
        line=said,
    )


def asked_by_click(body: Body, action: Body, respond: Respond) -> Asked:
    user, container = _part(body, "user"), _part(body, "container")
    channel, message_ts = _text(_part(body, "channel"), "id"), _text(container, "message_ts")
    thread = _text(_part(body, "message"), "thread_ts") or _text(container, "thread_ts")
    view = _part(body, "view")
    carried = _carried(view)
    return Asked(
        person=_person(user),
        channel=channel or _text(container, "channel_id") or carried[1] or _text(user, "id"),
        respond=respond,
        team=_text(user, "team_id"),
        trigger_id=_text(body, "trigger_id"),
        detail=_text(action, "action_id").partition(":")[2],
        message="" if container.get("is_ephemeral") else message_ts,
        thread=thread or message_ts,
        within=carried[2] or ("" if thread == message_ts else thread),
        view=view,
    )


def asked_by_shortcut(body: Body, respond: Respond) -> Asked:
    """Who chose a shortcut: that of a message tells where it is, the global one of no channel."""
    user, message = _part(body, "user"), _part(body, "message")
    return Asked(
        person=_person(user),
        channel=_text(_part(body, "channel"), "id") or _text(user, "id"),
        respond=respond,
        team=_text(user, "team_id"),
        trigger_id=_text(body, "trigger_id"),
        thread=_text(message, "thread_ts"),
        within=_text(message, "thread_ts"),
    )


def asked_by_menu(body: Body, respond: Respond) -> Asked:
    """Who types into a menu of a form that asks for its options."""
    user, view = _part(body, "user"), _part(body, "view")
    _, channel, within = _carried(view)
    return Asked(
        person=_person(user),
        channel=channel,
        respond=respond,
        team=_text(user, "team_id"),
        within=within,
        view=view,
    )


def asked_by_form(body: Body, view: Body, respond: Respond) -> tuple[Asked, str]:
    """Who submitted a form, and the id that it carries: a channel may follow it, and a thread in that."""
    user = _part(body, "user")
    carried, channel, within = _carried(view)
    asked = Asked(
        person=_person(user),
        channel=channel,
        respond=respond,
        team=_text(user, "team_id"),
        trigger_id=_text(view, "id"),
        within=within,
        view=view,
    )
    return asked, carried


def asked_by_event(body: Body, event: Body, respond: Respond) -> Asked:
    """Who wrote something, or opened their Home: that has no channel."""
    user, home = _text(event, "user"), "tab" in event
    return Asked(
        person=Person(id=user),
        channel=user if home else _text(event, "channel"),
        respond=respond,
        team=_text(event, "user_team") or _text(event, "team"),
        trigger_id=_text(body, "event_id"),
        line=MENTIONED.sub("", _text(event, "text"), count=1).strip(),
        thread=_text(event, "thread_ts"),
        within=_text(event, "thread_ts"),
        view=_part(event, "view"),
    )


def _carried(view: Body) -> tuple[str, str, str]:
    """What a form carries: an id, a channel and a thread; each is empty where it carries none."""
    metadata = _text(view, "private_metadata") if view.get("type") == "modal" else ""
    carried, _, place = metadata.partition(" ")
    channel, _, within = place.partition(" ")
    return carried, channel, within


def _person(user: Body) -> Person:
    return Person(id=_text(user, "id"), name=_text(user, "username") or _text(user, "name"))


def _part(body: Body, name: str) -> Body:
    found = body.get(name)
    return found if isinstance(found, Mapping) else {}


def _text(body: Body, name: str) -> str:
    return str(body.get(name) or "")
