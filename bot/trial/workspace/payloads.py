"""The payloads that Slack sends to an app, field by field."""

import time

from bot.trial.workspace.core import JSON, fresh_id
from bot.trial.workspace.desk import Desk
from bot.trial.workspace.messages import Message
from bot.trial.workspace.people.team import APP_ID, TEAM_DOMAIN, TEAM_ID, Channel, Command, Person
from bot.trial.workspace.people.typed import escaped

# Slack's old verification token: still in each payload, and nothing should look at it.
LEGACY_TOKEN = "trial"  # noqa: S105 - not a secret


def channel_name(channel: Channel) -> str:
    return "directmessage" if channel.is_direct else "privategroup" if channel.is_private else channel.name


def slash_command(desk: Desk, person: Person, channel: Channel, command: Command, text: str) -> JSON:
    with desk.pulse:
        return {
            "token": LEGACY_TOKEN,
            "team_id": person.team_id,
            "team_domain": TEAM_DOMAIN if person.team_id == TEAM_ID else person.team_id.lower(),
            **({"enterprise_id": person.enterprise_id} if person.enterprise_id else {}),
            "channel_id": channel.id,
            "channel_name": channel_name(channel),
            "user_id": person.id,
            "user_name": person.name,
            "command": command.name,
            "text": escaped(desk.team, text) if command.should_escape else text,
            "api_app_id": APP_ID,
            "is_enterprise_install": "false",
            "response_url": hook_url(desk, desk.hooks.issue(channel=channel.id, user=person.id)),
            "trigger_id": desk.triggers.issue(person.id, channel.id),
        }


def block_action(desk: Desk, person: Person, message: Message, action: JSON, state: JSON) -> JSON:
    """Give block_actions for a message. Of an ephemeral one Slack sends only where it was."""
    channel = desk.team.channel(message.channel)
    ephemeral = bool(message.only_for)
    with desk.pulse:
        hook = desk.hooks.issue(
            channel=channel.id, user=person.id, source_ts=message.ts, thread_ts=message.thread_ts
        )
        payload = _interaction(person, "block_actions") | {
            "container": {
                "type": "message",
                "message_ts": message.ts,
                "channel_id": channel.id,
                "is_ephemeral": ephemeral,
            },
            "trigger_id": desk.triggers.issue(person.id, channel.id),
            "channel": {"id": channel.id, "name": channel_name(channel)},
            "state": state,
            "response_url": hook_url(desk, hook),
            "actions": [action],
        }
    if message.thread_ts:
        payload["container"]["thread_ts"] = message.thread_ts
    if not ephemeral:
        payload["message"] = message.as_json()
    return payload


def global_shortcut(desk: Desk, person: Person, callback_id: str, channel: str) -> JSON:
    """Give what says nothing of where the person was: no channel, and no response URL."""
    with desk.pulse:
        return _interaction(person, "shortcut") | {
            "action_ts": desk.messages.stamp(),
            "callback_id": callback_id,
            "trigger_id": desk.triggers.issue(person.id, channel),
        }


def message_shortcut(desk: Desk, person: Person, message: Message, callback_id: str) -> JSON:
    channel = desk.team.channel(message.channel)
    thread = message.thread_ts or (message.ts if len(desk.messages.thread(message.ts)) > 1 else "")
    with desk.pulse:
        hook = desk.hooks.issue(channel=channel.id, user=person.id, thread_ts=thread)
        return _interaction(person, "message_action") | {
            "action_ts": desk.messages.stamp(),
            "callback_id": callback_id,
            "trigger_id": desk.triggers.issue(person.id, channel.id),
            "message_ts": message.ts,
            "channel": {"id": channel.id, "name": channel_name(channel)},
            "message": message.as_json() | ({"thread_ts": thread} if thread else {}),
            "response_url": hook_url(desk, hook),
        }


def block_suggestion(person: Person, where: JSON, block: JSON, element: JSON, typed: str) -> JSON:
    """Give what asks for the options of a menu: no trigger, and no response URL. ``where`` is what holds the menu."""
    return _interaction(person, "block_suggestion") | {
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "value": typed,
        **where,
    }


def in_view(view: JSON) -> JSON:
    return {"container": {"type": "view", "view_id": view["id"]}, "view": view}


def in_message(desk: Desk, message: Message) -> JSON:
    channel = desk.team.channel(message.channel)
    container = {"type": "message", "message_ts": message.ts, "channel_id": channel.id, "is_ephemeral": False}
    about = {"id": channel.id, "name": channel_name(channel)}
    return {"container": container, "channel": about, "message": message.as_json()}


def view_action(desk: Desk, person: Person, view: JSON, action: JSON, state: JSON) -> JSON:
    with desk.pulse:
        return _interaction(person, "block_actions") | {
            "container": {"type": "view", "view_id": view["id"]},
            "trigger_id": desk.triggers.issue(person.id),
            "view": view | {"state": state},
            "actions": [action],
        }


def view_submission(desk: Desk, person: Person, view: JSON, state: JSON) -> JSON:
    with desk.pulse:
        return _interaction(person, "view_submission") | {
            "trigger_id": desk.triggers.issue(person.id),
            "view": view | {"state": state},
            "response_urls": [],
        }


def view_closed(person: Person, view: JSON, *, cleared: bool) -> JSON:
    return _interaction(person, "view_closed") | {"view": view, "is_cleared": cleared}


def message_event(desk: Desk, person: Person, message: Message, kind: str) -> JSON:
    """What an app hears of a message: in its own conversation with a person, or where it is mentioned."""
    channel = desk.team.channel(message.channel)
    event: JSON = {
        "type": kind,
        "user": person.id,
        "text": message.text,
        "ts": message.ts,
        "team": person.team_id,
        "channel": channel.id,
        "event_ts": message.ts,
    }
    if kind == "message":
        event["channel_type"] = "im" if channel.is_direct else "group" if channel.is_private else "channel"
    if message.thread_ts:
        event["thread_ts"] = message.thread_ts
    return _event(desk, person, event)


def home_opened(desk: Desk, person: Person, tab: str) -> JSON:
    event: JSON = {
        "type": "app_home_opened",
        "user": person.id,
        "channel": desk.team.direct(person.id).id,
        "tab": tab,
        "event_ts": f"{time.time():.6f}",
    }
    view = desk.views.home(person.id)
    if view is not None:
        event["view"] = view
    return _event(desk, person, event)


def _event(desk: Desk, person: Person, event: JSON) -> JSON:
    return {
        "token": LEGACY_TOKEN,
        "team_id": TEAM_ID,
        "api_app_id": APP_ID,
        "event": event,
        "type": "event_callback",
        "event_id": fresh_id("Ev"),
        "event_time": int(time.time()),
        "authorizations": [
            {
                "enterprise_id": desk.team.enterprise_id or None,
                "team_id": TEAM_ID,
                "user_id": desk.team.bot.id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": person.team_id != TEAM_ID,
    }


def hook_url(desk: Desk, token: str) -> str:
    return f"{desk.url}/hooks/{TEAM_ID}/{token}"


def _interaction(person: Person, kind: str) -> JSON:
    return {
        "type": kind,
        "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
        "user": person.in_payload(),
        "api_app_id": APP_ID,
        "token": LEGACY_TOKEN,
        "enterprise": None,
        "is_enterprise_install": False,
    }
