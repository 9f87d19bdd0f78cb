"""Who did what where: what listeners keep of Slack's payloads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from slack_bolt import Respond

from bot.core.plan.plan import Person

Body: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who did what where: all that a listener keeps of Slack's payload."""

    person: Person
    channel: str
    """Where they did it; a view has no channel, so what is posted there goes to the person: it is their own id."""
    respond: Respond
    team: str = ""
    """Their team, as the payload says; empty where it does not."""
    trigger_id: str = ""
    """Slack's own id of this one command or click: the same each time that it is delivered."""


def asked_by_command(body: Body, respond: Respond) -> Asked:
    person = Person(id=str(body.get("user_id") or ""), name=str(body.get("user_name") or ""))
    channel, trigger_id = str(body.get("channel_id") or ""), str(body.get("trigger_id") or "")
    team = str(body.get("team_id") or "")
    return Asked(person=person, channel=channel, respond=respond, team=team, trigger_id=trigger_id)


def asked_by_click(body: Body, respond: Respond) -> Asked:
    user = body.get("user") or {}
    name = str(user.get("username") or user.get("name") or "")
    channel = (body.get("channel") or {}).get("id") or (body.get("container") or {}).get("channel_id")
    person = Person(id=str(user.get("id") or ""), name=name)
    return Asked(
        person=person,
        channel=str(channel or person.id),
        respond=respond,
        team=str(user.get("team_id") or ""),
        trigger_id=str(body.get("trigger_id") or ""),
    )


def text_of(body: Body) -> str:
    return str(body.get("text") or "")


def message_ts(body: Body) -> str:
    """The message whose button was pressed; empty in a view."""
    return str((body.get("container") or {}).get("message_ts") or "")


def thread_of(body: Body) -> str:
    """The thread that a clicked message is in, or begins."""
    return str((body.get("message") or {}).get("thread_ts") or message_ts(body))
