"""The messages of the workspace: posted, edited in place, deleted; some for one person only."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.trial.workspace.core import JSON, Pulse, Refused, Timestamps, fresh_id
from bot.trial.workspace.people.team import APP_ID, BOT_ID, BOT_USER_ID, TEAM_ID


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message as it now stands. `only_for` names the one person who sees an ephemeral one."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: tuple[JSON, ...] = ()
    attachments: tuple[JSON, ...] = ()
    files: tuple[JSON, ...] = ()
    thread_ts: str = ""
    only_for: str = ""
    edited_ts: str = ""
    metadata: JSON = field(default_factory=dict)
    reactions: tuple[tuple[str, str], ...] = ()  # name, user

    @property
    def by_bot(self) -> bool:
        return self.user == BOT_USER_ID

    def surfaces(self) -> list[JSON]:
        """List every block, those inside attachments too."""
        inner = [block for attachment in self.attachments for block in attachment.get("blocks") or ()]
        return [*self.blocks, *inner]

    def as_json(self) -> JSON:
        answer: JSON = {
            "type": "message",
            "user": self.user,
            "text": self.text,
            "ts": self.ts,
            "team": TEAM_ID,
            "blocks": list(self.blocks),
        }
        if self.by_bot:
            answer |= {"bot_id": BOT_ID, "app_id": APP_ID}
        if self.edited_ts:
            answer["edited"] = {"user": self.user, "ts": self.edited_ts}
        if self.reactions:
            names = dict.fromkeys(name for name, _ in self.reactions)
            answer["reactions"] = [self._reaction(name) for name in names]
        optional = {
            "thread_ts": self.thread_ts,
            "attachments": list(self.attachments),
            "files": list(self.files),
            "metadata": self.metadata,
        }
        return answer | {key: value for key, value in optional.items() if value}

    def _reaction(self, name: str) -> JSON:
        users = [user for given, user in self.reactions if given == name]
        return {"name": name, "users": users, "count": len(users)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a message says, before it has a place and a time."""

    text: str
    blocks: Sequence[JSON] = ()
    attachments: Sequence[JSON] = ()
    files: Sequence[JSON] = ()
    metadata: JSON = field(default_factory=dict)


class Messages:
    def __init__(self, pulse: Pulse) -> None:
        self._pulse = pulse
        self._times = Timestamps()
        self._by_ts: dict[str, Message] = {}
        self.posted: list[Message] = []
        """Each as it was when it was new: that is what people were notified of."""

    def post(
        self, draft: Draft, *, channel: str, user: str, thread_ts: str = "", only_for: str = ""
    ) -> Message:
        with self._pulse:
            message = Message(
                channel=channel,
                ts=self._times.next(),
                user=user,
                text=draft.text,
                blocks=with_ids(draft.blocks),
                attachments=_attachments(draft.attachments),
                files=tuple(draft.files),
                thread_ts=thread_ts,
                only_for=only_for,
                metadata=draft.metadata,
            )
            self._by_ts[message.ts] = message
            self.posted.append(message)
            self._pulse.changed()
        return message

    def edit(self, ts: str, draft: Draft) -> Message:
        with self._pulse:
            old = self.get(ts)
            message = replace(
                old,
                text=draft.text,
                blocks=with_ids(draft.blocks),
                attachments=_attachments(draft.attachments),
                metadata=draft.metadata or old.metadata,
                edited_ts=self._times.next(),
            )
            self._by_ts[ts] = message
            self._pulse.changed()
        return message

    def react(self, ts: str, name: str, user: str) -> None:
        with self._pulse:
            message = self.get(ts)
            if (name, user) in message.reactions:
                raise Refused("already_reacted")
            self._by_ts[ts] = replace(message, reactions=(*message.reactions, (name, user)))
            self._pulse.changed()

    def delete(self, ts: str) -> None:
        with self._pulse:
            self._by_ts.pop(ts, None)
            self._pulse.changed()

    def get(self, ts: str) -> Message:
        """Raise Refused (`message_not_found`) when there is none, or no longer."""
        with self._pulse:
            message = self._by_ts.get(ts)
        if message is None:
            raise Refused("message_not_found")
        return message

    def in_channel(self, channel: str, ts: str) -> Message:
        """Find a message that the Web API can reach: ephemeral ones it cannot."""
        message = self.get(ts)
        if message.channel != channel or message.only_for:
            raise Refused("message_not_found")
        return message

    def stamp(self) -> str:
        """Give the time of something that is no message, as `action_ts` is."""
        with self._pulse:
            return self._times.next()

    def all(self) -> list[Message]:
        """Every message, the oldest first."""
        with self._pulse:
            return sorted(self._by_ts.values(), key=lambda message: message.ts)

    def channel(self, channel: str) -> list[Message]:
        """List what the channel itself shows to everyone: no replies, nothing private."""
        return [m for m in self.all() if m.channel == channel and not m.thread_ts and not m.only_for]

    def thread(self, ts: str) -> list[Message]:
        """Give the parent and its replies."""
        return [m for m in self.all() if ts in (m.ts, m.thread_ts) and not m.only_for]

    def ephemerals(self, user: str) -> list[Message]:
        return [m for m in self.all() if m.only_for == user]


def with_ids(blocks: Sequence[JSON]) -> tuple[JSON, ...]:
    """Give each block and each element an id, as Slack does for those that come without."""
    return tuple(_with_ids(block) for block in blocks)


def _with_ids(block: JSON) -> JSON:
    dressed = dict(block)
    if not block.get("block_id"):
        dressed["block_id"] = fresh_id("", 5)
    for key in ("element", "accessory"):
        if key in block:
            dressed[key] = _with_action_id(block[key])
    if block["type"] == "actions":
        dressed["elements"] = [_with_action_id(element) for element in block["elements"]]
    return dressed


def _with_action_id(element: JSON) -> JSON:
    if element.get("action_id") or element["type"] == "image":
        return element
    return {**element, "action_id": fresh_id("", 5)}


def _attachments(attachments: Sequence[JSON]) -> tuple[JSON, ...]:
    return tuple(
        {**attachment, "blocks": list(with_ids(attachment["blocks"]))}
        if attachment.get("blocks")
        else attachment
        for attachment in attachments
    )
