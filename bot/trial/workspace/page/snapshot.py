"""All that one person sees of the workspace, as one JSON value for the page."""

from bot.trial.workspace.core import JSON
from bot.trial.workspace.desk import Desk
from bot.trial.workspace.menus import filled
from bot.trial.workspace.messages import Message
from bot.trial.workspace.people.team import SLACKBOT_ID

RECENT = 400


def snapshot(desk: Desk, user: str, notice: str) -> JSON:
    """Give what `user` sees now; the first person, where the page knows no better."""
    with desk.pulse:
        team = desk.team
        me = next((person for person in team.people if person.id == user), team.people[0])
        messages = [
            m for m in desk.messages.all() if m.only_for in ("", me.id) and team.sees(me.id, m.channel)
        ]
        return {
            "version": desk.pulse.version,
            "notice": notice,
            "me": me.id,
            "app": {"name": team.app_name, "user": team.bot.id, "direct": team.direct(me.id).id},
            "people": [
                {"id": p.id, "name": p.name, "real_name": p.real_name} for p in (*team.people, team.bot)
            ]
            + [{"id": SLACKBOT_ID, "name": "slackbot", "real_name": "Slackbot"}],
            "can_be": [person.id for person in team.people],
            "groups": [{"id": group.id, "handle": group.handle} for group in team.groups],
            "channels": [
                {"id": c.id, "name": c.name} for c in team.channels if c.name and team.sees(me.id, c.id)
            ],
            "commands": [
                {"name": c.name, "usage": c.usage, "description": c.description} for c in team.commands
            ],
            "shortcuts": [
                {"name": s.name, "callback_id": s.callback_id, "of_messages": s.of_messages}
                for s in team.shortcuts
            ],
            "connected": desk.links.count,
            "messages": [_shown(desk, m) for m in messages[-RECENT:]],
            "view": _with_conversations(desk, me.id, desk.views.top(me.id)),
            "depth": desk.views.depth(me.id),
            "home": desk.views.home(me.id),
        }


def _with_conversations(desk: Desk, user: str, view: JSON | None) -> JSON | None:
    """The modal on top, in which each menu says what this person can choose in it."""
    if view is None:
        return None
    return {**view, "blocks": filled(view["blocks"], desk.team, desk.suggested, user, view["id"])}


def _shown(desk: Desk, message: Message) -> JSON:
    shown = message.as_json() | {"channel": message.channel, "private": bool(message.only_for)}
    shown["blocks"] = [_with_picture(desk, block) for block in message.blocks]
    return shown


def _with_picture(desk: Desk, block: JSON) -> JSON:
    """Turn a picture that was uploaded into one with an address."""
    reference = block.get("slack_file")
    if block.get("type") != "image" or not isinstance(reference, dict):
        return block
    address = reference.get("url") or desk.files.as_json(desk.files.get(reference["id"]))["url_private"]
    return {**block, "image_url": address}
