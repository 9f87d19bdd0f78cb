"""Sending over Slack's own client: messages, files, forms and Homes, each within Slack's limits."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from slack_sdk import WebClient

from bot.core.errors import ChannelClosedError, ChatError, ChatRefusedError, UndrawableError
from bot.core.life.states import MessageRef
from bot.core.rules.people import user_of
from bot.core.visible import visible_lines
from bot.slack.client import PLAN_POSTED, slack_errors
from bot.slack.kit.blocks import Block, Message, Picture, section
from bot.slack.kit.limits import fitted
from bot.slack.kit.native import Natives
from bot.slack.kit.text import SECTION_LIMIT, is_user, plain, uncalled

LOG = logging.getLogger(__name__)

LOOKED_BACK = 100
"""Messages of a channel among which one is looked for."""

T = TypeVar("T")


class SlackChat:
    """What every room sends through."""

    def __init__(
        self, client: WebClient, name_of: Callable[[str], str] = str, natives: Natives | None = None
    ) -> None:
        """``name_of`` tells what a person or a user group is called, by its id."""
        self._client = client
        self._natives = natives or Natives()
        self.name_of = name_of
        self._direct: dict[str, str] = {}

    def post(self, channel: str, message: Message, thread: str = "", plan: str = "") -> str:
        """Post a message for everyone in the channel, or in one of its threads; its timestamp.

        What Slack has no room for is in a file of the message's thread. ``plan`` is the plan whose message it is:
        ``posted`` finds it by that, and it is tried once.
        """
        channel = self.place(channel)
        message, rest = fitted(message if channel.startswith("D") else self.quiet(message))
        metadata = {"event_type": PLAN_POSTED, "event_payload": {"plan": plan}} if plan else None

        def post(message: Message) -> str:
            answer = self._client.chat_postMessage(
                channel=channel,
                thread_ts=thread or None,
                text=message.text,
                blocks=list(message.blocks),
                metadata=metadata,
                unfurl_links=False,
                unfurl_media=False,
            )
            return str(answer["ts"])

        ts = self._sent(message, post)
        if rest:
            self.attach(channel, thread or ts, "message.txt", "The whole message", rest)
        return ts

    def posted(self, channel: str, plan: str, since: datetime) -> str:
        """The timestamp of a plan's message that may stand in a channel since then; empty where it does not.

        Empty too where Slack does not show the app what is written there (scope ``channels:history`` and its like).
        """
        try:
            with slack_errors():
                found = self._client.conversations_history(
                    channel=self.place(channel), oldest=f"{since.timestamp():.6f}", include_all_metadata=True,
                    limit=LOOKED_BACK,
                )["messages"]  # fmt: skip
        except ChatRefusedError as error:
            LOG.info("whether plan %s has a message already cannot be looked up: %s", plan, error)
            return ""
        named = {"event_type": PLAN_POSTED, "event_payload": {"plan": plan}}
        return next((str(each["ts"]) for each in found or () if each.get("metadata") == named), "")

    def can_write(self, channel: str, person: str) -> bool:
        """Whether the bot is in a channel; taken for granted where Slack does not say, as without ``channels:read``.

        Of direct messages it is in those with this person.
        """
        if channel.startswith("D"):
            return channel == self.place(person)
        try:
            with slack_errors():
                about = self._client.conversations_info(channel=self.place(channel))["channel"]
        except ChannelClosedError:
            return False
        except ChatError as error:
            LOG.info("whether the bot is in %s is not known: %s", channel, error)
            return True
        return bool(about.get("is_member") or about.get("is_im")) and not about.get("is_archived")

    def permalink(self, channel: str, ts: str) -> str:
        """Where a browser finds a message; the audit stands without it, so a failure is logged."""
        try:
            with slack_errors():
                return str(self._client.chat_getPermalink(channel=channel, message_ts=ts)["permalink"])
        except ChatError as error:
            LOG.warning("message %s in %s: its link could not be had: %s", ts, channel, error)
            return ""

    def quiet(self, message: Message) -> Message:
        """The same as a new message that notifies nobody but those whom it means to call; edited ones never do."""
        parts = (message.text, message.blocks, message.native)
        text, blocks, native = uncalled(parts, self.name_of, message.calls)
        return replace(message, text=text, blocks=blocks, native=native)

    def post_native(self, channel: str, message: Message, thread: str = "") -> bool:
        """Post what is made of blocks that not every workspace takes; False where this one does not."""
        if not self._natives.may(message.native):
            return False
        place = self.place(channel)
        try:
            with slack_errors():
                self._client.chat_postMessage(
                    channel=place, thread_ts=thread or None, text=message.text, blocks=list(message.native),
                    unfurl_links=False, unfurl_media=False,
                )  # fmt: skip
        except UndrawableError as fault:
            self._natives.refuse(message.native, fault.faults)
            return False
        return True

    def _sent(self, message: Message, send: Callable[[Message], T]) -> T:
        """Send it as the workspace takes it: with its own charts and tables where it turned out to."""
        if message.native and self._natives.may(message.native):
            try:
                with slack_errors():
                    return send(replace(message, blocks=message.native))
            except UndrawableError as fault:
                self._natives.refuse(message.native, fault.faults)
        return _drawn(message, send)

    def edit(self, channel: str, ts: str, message: Message) -> None:
        """Put another message in the place of one of ours; MessageGoneError when somebody deleted it."""
        message, _ = fitted(message)
        place = self.place(channel)
        self._sent(
            message,
            lambda drawn: self._client.chat_update(
                channel=place, ts=ts, text=drawn.text, blocks=list(drawn.blocks)
            ),
        )

    def delete(self, channel: str, ts: str) -> None:
        """Take one of our messages away."""
        place = self.place(channel)
        with slack_errors():
            self._client.chat_delete(channel=place, ts=ts)

    def post_files(self, channel: str, thread: str, title: str, files: Mapping[str, str]) -> None:
        """Put texts into a thread as files, by name."""
        with slack_errors():
            self._client.files_upload_v2(
                channel=channel,
                thread_ts=thread or None,
                initial_comment=title,
                file_uploads=[
                    {"filename": name, "title": name, "content": visible_lines(content)}
                    for name, content in files.items()
                ],
            )

    def post_picture(self, channel: str, thread: str, name: str, title: str, picture: Picture) -> None:
        """Put a picture into a thread, with what it shows in words for who cannot see it."""
        with slack_errors():
            self._client.files_upload_v2(
                channel=channel,
                thread_ts=thread or None,
                file_uploads=[
                    {"filename": name, "title": title, "content": picture.png, "alt_txt": picture.alt}
                ],
            )

    def attach(self, channel: str, ts: str, filename: str, title: str, content: str) -> None:
        """Put a text file into a message's thread; the message stands without it, so a failure is logged."""
        try:
            with slack_errors():
                self._client.files_upload_v2(
                    channel=channel,
                    thread_ts=ts,
                    filename=filename,
                    title=title,
                    content=visible_lines(content),
                )
        except ChatError as error:
            LOG.warning("%s could not be posted: %s", filename, error)

    def post_private(self, channel: str, user: str, message: Message | str, thread: str = "") -> None:
        """Write what only this person sees, in a thread of the channel; in person, where that is their own id."""
        if isinstance(message, str):
            message = Message.of(message)
        user = user_of(user)
        if user_of(channel) == user:
            self.post_direct(user, message)
            return
        message, _ = fitted(message, "what only you see has no thread for it")
        with slack_errors():
            self._client.chat_postEphemeral(
                channel=channel,
                user=user,
                text=message.text,
                blocks=list(message.blocks),
                thread_ts=thread or None,
            )

    def post_direct(self, user: str, message: Message) -> MessageRef:
        """Write to one person in their conversation with the bot (scopes ``chat:write`` and ``im:write``)."""
        channel = self.place(user)
        return MessageRef(channel=channel, ts=self.post(channel, message))

    def place(self, channel: str) -> str:
        """The channel itself; for a person's id their conversation with the bot, which stays the same for good."""
        if not is_user(channel):
            return channel
        channel = user_of(channel)
        if channel not in self._direct:
            with slack_errors():
                opened = self._client.conversations_open(users=[channel])
            self._direct[channel] = str(opened["channel"]["id"])
        return self._direct[channel]

    def tell(self, channel: str, sentence: str) -> None:
        self.post(channel, Message.of(plain(sentence, SECTION_LIMIT)))

    def open_view(self, trigger_id: str, view: Block) -> tuple[str, str]:
        """Open a modal for whoever clicked; its id and hash, for ``update_view``.

        ChatError when the click is too old: Slack gives three seconds.
        """
        with slack_errors():
            opened = self._client.views_open(trigger_id=trigger_id, view=view)["view"]
        return str(opened["id"]), str(opened["hash"])

    def update_view(self, view_id: str, view: Block, seen_hash: str = "") -> None:
        """Put another view in the place of an open modal; ChatRefusedError when it was closed or has changed."""
        with slack_errors():
            self._client.views_update(view_id=view_id, view=view, hash=seen_hash or None)

    def publish_home(self, user: str, view: Block, seen_hash: str = "") -> str:
        """Show a person's Home; its hash. ViewGoneError where another view than the one of that hash stands there."""
        with slack_errors():
            answer = self._client.views_publish(user_id=user_of(user), view=view, hash=seen_hash or None)
        return str(answer["view"]["hash"])


def _drawn(message: Message, send: Callable[[Message], T]) -> T:
    """Send a message; as plain text with its buttons, where Slack does not draw it, which is logged."""
    try:
        with slack_errors():
            return send(message)
    except UndrawableError as fault:
        LOG.error("Slack does not draw “%s”: %s %s", message.text[:80], fault, "; ".join(fault.faults))  # noqa: TRY400 - Slack's words are what is wrong
        buttons = [block for block in message.blocks if block["type"] == "actions"]
        with slack_errors():
            return send(replace(message, blocks=(section(message.text), *buttons)))
