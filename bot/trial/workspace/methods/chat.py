"""Web API methods about messages: chat.*, conversations.*, reactions.*."""

from bot.trial.workspace.core import JSON, Refused
from bot.trial.workspace.desk import Desk, draft_of
from bot.trial.workspace.messages import Message
from bot.trial.workspace.methods.args import Args
from bot.trial.workspace.people.team import BOT_USER_ID

PAGE = 100


def post_message(desk: Desk, args: Args) -> JSON:
    channel = desk.team.channel(args.required("channel")).id
    payload = args.message()
    desk.check(payload, channel)
    thread_ts = args.text("thread_ts")
    if thread_ts:
        parent = desk.messages.in_channel(channel, thread_ts)
        thread_ts = parent.thread_ts or parent.ts
    message = desk.messages.post(draft_of(payload), channel=channel, user=BOT_USER_ID, thread_ts=thread_ts)
    return {"ok": True, "channel": channel, "ts": message.ts, "message": message.as_json()}


def post_ephemeral(desk: Desk, args: Args) -> JSON:
    channel = desk.team.channel(args.required("channel")).id
    user = args.required("user")
    payload = args.message()
    if not desk.team.sees(user, channel) or user not in {person.id for person in desk.team.people}:
        raise Refused("user_not_in_channel")
    desk.check(payload, channel)
    message = desk.messages.post(
        draft_of(payload),
        channel=channel,
        user=BOT_USER_ID,
        only_for=user,
        thread_ts=args.text("thread_ts"),
    )
    return {"ok": True, "message_ts": message.ts}


def update(desk: Desk, args: Args) -> JSON:
    """Edit in place. Text without blocks takes the blocks away, as Slack does."""
    message = _own_message(desk, args, "cant_update_message")
    payload = args.message()
    desk.check(payload, message.channel)
    edited = desk.messages.edit(message.ts, draft_of(payload))
    return {
        "ok": True,
        "channel": edited.channel,
        "ts": edited.ts,
        "text": edited.text,
        "message": edited.as_json(),
    }


def delete(desk: Desk, args: Args) -> JSON:
    message = _own_message(desk, args, "cant_delete_message")
    desk.messages.delete(message.ts)
    return {"ok": True, "channel": message.channel, "ts": message.ts}


def permalink(desk: Desk, args: Args) -> JSON:
    channel = desk.team.channel(args.required("channel")).id
    message = desk.messages.in_channel(channel, args.required("message_ts"))
    link = f"{desk.url}/archives/{channel}/p{message.ts.replace('.', '')}"
    if message.thread_ts:
        link += f"?thread_ts={message.thread_ts}&cid={channel}"
    return {"ok": True, "channel": channel, "permalink": link}


def react(desk: Desk, args: Args) -> JSON:
    channel = desk.team.channel(args.required("channel")).id
    message = desk.messages.in_channel(channel, args.required("timestamp"))
    desk.messages.react(message.ts, args.required("name").strip(":"), BOT_USER_ID)
    return {"ok": True}


def history(desk: Desk, args: Args) -> JSON:
    channel = desk.team.channel(args.required("channel")).id
    messages = [message for message in desk.messages.channel(channel) if _between(message, args)]
    return _page(desk, messages[::-1], args)


def replies(desk: Desk, args: Args) -> JSON:
    channel = desk.team.channel(args.required("channel")).id
    ts = args.required("ts")
    if not any(message.ts == ts and message.channel == channel for message in desk.messages.thread(ts)):
        raise Refused("thread_not_found")
    return _page(desk, [message for message in desk.messages.thread(ts) if _between(message, args)], args)


def open_conversation(desk: Desk, args: Args) -> JSON:
    if args.text("channel"):
        channel = desk.team.channel(args.text("channel"))
    else:
        users = args.required("users").split(",")
        if len(users) != 1:
            raise Refused("method_not_supported_for_channel_type")
        channel = desk.team.direct(users[0])
    return {"ok": True, "no_op": False, "already_open": True, "channel": channel.as_json()}


def conversation(desk: Desk, args: Args) -> JSON:
    return {"ok": True, "channel": desk.team.channel(args.required("channel")).as_json()}


def conversations(desk: Desk, _args: Args) -> JSON:
    hidden = [channel for channel in desk.team.channels if channel.is_private and not channel.has_bot]
    found = [channel for channel in desk.team.channels if not channel.is_direct and channel not in hidden]
    channels = [channel.as_json() for channel in found]
    return {"ok": True, "channels": channels, "response_metadata": {"next_cursor": ""}}


def members(desk: Desk, args: Args) -> JSON:
    people = desk.team.members(desk.team.channel(args.required("channel")))
    return {"ok": True, "members": people, "response_metadata": {"next_cursor": ""}}


def _own_message(desk: Desk, args: Args, refusal: str) -> Message:
    channel = desk.team.channel(args.required("channel")).id
    message = desk.messages.in_channel(channel, args.required("ts"))
    if message.user != BOT_USER_ID:
        raise Refused(refusal)
    return message


def _between(message: Message, args: Args) -> bool:
    oldest, latest = args.text("oldest") or "0", args.text("latest") or "9999999999.999999"
    if args.flag("inclusive"):
        return oldest <= message.ts <= latest
    return oldest < message.ts < latest


def _page(desk: Desk, messages: list[Message], args: Args) -> JSON:
    start, size = args.number("cursor", 0), args.number("limit", PAGE)
    end = start + size
    more = end < len(messages)
    return {
        "ok": True,
        "messages": [_shown(desk, message, args) for message in messages[start:end]],
        "has_more": more,
        "response_metadata": {"next_cursor": str(end) if more else ""},
    }


def _shown(desk: Desk, message: Message, args: Args) -> JSON:
    """With its replies; its metadata only where that is asked for."""
    answer = message.as_json()
    if not args.flag("include_all_metadata"):
        answer.pop("metadata", None)
    thread = desk.messages.thread(message.ts)
    if len(thread) > 1:
        answer |= {"thread_ts": message.ts, "reply_count": len(thread) - 1, "latest_reply": thread[-1].ts}
    return answer
