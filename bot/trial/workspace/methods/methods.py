"""The Web API's methods by name, and those of them that are not about messages."""

import json
from collections.abc import Callable
from typing import TypeAlias

from bot.trial.workspace.core import JSON, Refused
from bot.trial.workspace.desk import Desk
from bot.trial.workspace.limits.limits import check_message, check_view, refuse_view
from bot.trial.workspace.menus import with_current
from bot.trial.workspace.messages import Draft
from bot.trial.workspace.methods import chat
from bot.trial.workspace.methods.args import Args
from bot.trial.workspace.people.team import APP_ID, BOT_ID, BOT_USER_ID, TEAM_ID

Method: TypeAlias = Callable[[Desk, Args], JSON]


def _api_test(_desk: Desk, args: Args) -> JSON:
    if args.text("error"):
        raise Refused(args.text("error"))
    return {"ok": True, "args": args.values}


def _auth_test(desk: Desk, _args: Args) -> JSON:
    return {
        "ok": True,
        "url": f"{desk.url}/",
        "team": "Deckhand trial",
        "user": desk.team.bot.name,
        "team_id": TEAM_ID,
        "user_id": BOT_USER_ID,
        "bot_id": BOT_ID,
        "app_id": APP_ID,
        "is_enterprise_install": False,
        **({"enterprise_id": desk.team.enterprise_id} if desk.team.enterprise_id else {}),
    }


def _validate(_desk: Desk, args: Args) -> JSON:
    """One of a message, a view and blocks, as JSON in a string; what is wrong with it comes with pointers."""
    given = [name for name in ("message", "view", "blocks") if args.values.get(name)]
    if len(given) != 1:
        raise Refused("invalid_arguments", ["[ERROR] exactly one of blocks, view or message"])
    (name,) = given
    value = args.values[name]
    payload = json.loads(value) if isinstance(value, str) else value
    if name == "blocks":
        payload = {"blocks": payload}
    found = check_view(payload) if name == "view" else check_message(payload)
    if not found:
        return {"ok": True}
    errors = [{"pointer": "", "code": "failed_constraint", "message": each} for each in found]
    return {"ok": False, "error": f"invalid_{name}", "errors": errors}


def _connections_open(desk: Desk, _args: Args) -> JSON:
    host = desk.url.partition("://")[2]
    return {"ok": True, "url": f"ws://{host}/link/?ticket={desk.links.ticket()}&app_id={APP_ID}"}


def _users_info(desk: Desk, args: Args) -> JSON:
    return {"ok": True, "user": desk.team.person(args.required("user")).as_json()}


def _users_list(desk: Desk, _args: Args) -> JSON:
    people = [person.as_json() for person in (*desk.team.people, desk.team.bot)]
    return {"ok": True, "members": people, "response_metadata": {"next_cursor": ""}}


def _groups_list(desk: Desk, _args: Args) -> JSON:
    return {"ok": True, "usergroups": [group.as_json() for group in desk.team.groups]}


def _group_members(desk: Desk, args: Args) -> JSON:
    return {"ok": True, "users": list(desk.team.group(args.required("usergroup")).members)}


def _views_open(desk: Desk, args: Args) -> JSON:
    view, user = _modal(args), _person_of(desk, args)
    channel = desk.triggers.channel_of(args.text("trigger_id") or args.text("interactivity_pointer"))
    return {"ok": True, "view": desk.views.open(user, with_current(view, desk.team, user, channel))}


def _views_push(desk: Desk, args: Args) -> JSON:
    view = _modal(args)
    return {"ok": True, "view": desk.views.push(_person_of(desk, args), view)}


def _views_update(desk: Desk, args: Args) -> JSON:
    view = _modal(args)
    if not (args.text("view_id") or args.text("external_id")):
        raise Refused("invalid_arguments", ["[ERROR] missing required field: view_id or external_id"])
    updated = desk.views.update(
        view,
        view_id=args.text("view_id"),
        external_id=args.text("external_id"),
        seen_hash=args.text("hash"),
    )
    return {"ok": True, "view": updated}


def _views_publish(desk: Desk, args: Args) -> JSON:
    view = args.view()
    if view.get("type") != "home":
        raise Refused("invalid_arguments", ["[ERROR] must be home [json-pointer:/view/type]"])
    refuse_view(view)
    user = desk.team.person(args.required("user_id"))
    return {"ok": True, "view": desk.views.publish(user.id, view, args.text("hash"))}


def _modal(args: Args) -> JSON:
    view = args.view()
    if view.get("type") != "modal":
        raise Refused("invalid_arguments", ["[ERROR] must be modal [json-pointer:/view/type]"])
    refuse_view(view)
    return view


def _person_of(desk: Desk, args: Args) -> str:
    return desk.triggers.exchange(args.text("trigger_id") or args.required("interactivity_pointer"))


def _upload_url(desk: Desk, args: Args) -> JSON:
    return desk.files.reserve(args.required("filename"), args.number("length", 0), args.text("alt_txt"))


def _complete_upload(desk: Desk, args: Args) -> JSON:
    """Complete, and share in the channel that was named, if one was."""
    wanted = args.values.get("files")
    if not isinstance(wanted, list) or not wanted:
        raise Refused("invalid_arguments", ["[ERROR] missing required field: files"])
    name = args.text("channel_id") or args.text("channels")
    channel = desk.team.channel(name).id if name else ""
    files = [
        desk.files.complete(str(one.get("id")), str(one.get("title") or ""), channel)
        for one in wanted
        if isinstance(one, dict)
    ]
    if channel:
        desk.messages.post(
            Draft(text=args.text("initial_comment"), files=files),
            channel=channel,
            user=BOT_USER_ID,
            thread_ts=args.text("thread_ts"),
        )
    return {"ok": True, "files": files}


def _file_info(desk: Desk, args: Args) -> JSON:
    file = desk.files.get(args.required("file"))
    if file.completed is None:
        raise Refused("file_not_found")
    return {"ok": True, "file": desk.files.as_json(file), "comments": []}


APP_TOKEN_METHODS = frozenset({"apps.connections.open"})
ANY_TOKEN_METHODS = frozenset({"api.test"})
READS = frozenset({"conversations.info", "conversations.members"})
"""About a channel, and for a public one without being in it."""

_SCOPES = {
    "chat.": "chat:write", "conversations.open": "im:write", "files.": "files:write",
    "reactions.": "reactions:write", "usergroups.": "usergroups:read", "users.": "users:read",
}  # fmt: skip
_OF_A_CHANNEL = {
    "conversations.history": "history", "conversations.info": "read", "conversations.list": "read",
    "conversations.members": "read", "conversations.replies": "history",
}  # fmt: skip


def scope_of(desk: Desk, method: str, channel: str) -> str:
    """The scope that a call takes; empty where it takes none."""
    right = _OF_A_CHANNEL.get(method)
    if right is None:
        return next((scope for prefix, scope in _SCOPES.items() if method.startswith(prefix)), "")
    about = desk.team.channel(channel) if channel else None
    kind = "im" if about and about.is_direct else "groups" if about and about.is_private else "channels"
    return f"{kind}:{right}"


METHODS: dict[str, Method] = {
    "api.test": _api_test,
    "apps.connections.open": _connections_open,
    "auth.test": _auth_test,
    "blocks.validate": _validate,
    "chat.delete": chat.delete,
    "chat.getPermalink": chat.permalink,
    "chat.postEphemeral": chat.post_ephemeral,
    "chat.postMessage": chat.post_message,
    "chat.update": chat.update,
    "conversations.history": chat.history,
    "conversations.info": chat.conversation,
    "conversations.list": chat.conversations,
    "conversations.members": chat.members,
    "conversations.open": chat.open_conversation,
    "conversations.replies": chat.replies,
    "files.completeUploadExternal": _complete_upload,
    "files.getUploadURLExternal": _upload_url,
    "files.info": _file_info,
    "reactions.add": chat.react,
    "usergroups.list": _groups_list,
    "usergroups.users.list": _group_members,
    "users.info": _users_info,
    "users.list": _users_list,
    "views.open": _views_open,
    "views.publish": _views_publish,
    "views.push": _views_push,
    "views.update": _views_update,
}
