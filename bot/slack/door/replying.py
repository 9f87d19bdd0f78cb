"""Where an answer goes: where it was asked, and through the response URL where the bot is no member.

A command can be typed everywhere, in private channels and between two people too; its response URL works there, five
times within half an hour. What comes through it cannot be edited by the bot afterwards, and has no thread for files.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus

from bot.core.errors import ChannelClosedError, ChatError, ChatRefusedError
from bot.services.work.budget import Budget
from bot.slack.chat import SlackChat
from bot.slack.client import slack_errors
from bot.slack.door.asked import Asked
from bot.slack.kit.blocks import Message, Picture, context
from bot.slack.kit.limits import fitted
from bot.slack.kit.text import code, escape
from bot.slack.parsing import as_typed

LOG = logging.getLogger(__name__)


AT_ONCE = 0.6
"""Seconds after which somebody is told that an engine is still being asked."""


def later(seconds: float, work: Callable[[], None]) -> threading.Timer:
    """Do it in a thread of its own, so that nobody's answer waits for Slack's; it can be cancelled."""
    timer = threading.Timer(seconds, work)
    timer.daemon = True
    timer.start()
    return timer


@dataclass(frozen=True, slots=True, kw_only=True)
class Replies:
    """Every answer that is no plan's message goes through here."""

    chat: SlackChat
    budget: Budget

    def privately(self, asked: Asked, message: Message | str) -> None:
        """Tell one person: in the channel, else through the response URL, else in person."""
        told = message if isinstance(message, Message) else Message.of(message)
        self._first_of(asked, told, (self._in_channel, self.to_them_alone, self._in_person))

    def openly(self, asked: Asked, message: Message, thread: str = "") -> str:
        """Post a new message for everyone, in this thread, else where it was asked for.

        Its timestamp; empty where the bot is no member and cannot edit it.
        """
        message = message if thread else self.signed(asked, message)
        try:
            return self.chat.post(asked.channel, message, thread or asked.within)
        except ChannelClosedError:
            message = self.chat.quiet(message)
            self._first_of(asked, message, (_to_everyone, self.to_them_alone, self._in_person))
            return ""

    def in_its_place(self, asked: Asked, message: Message) -> None:
        """Put a message in the place of the one whose button was pressed."""
        try:
            self.chat.edit(asked.channel, asked.message, message)
        except ChannelClosedError:
            self._first_of(asked, message, (_over_the_old_one, self.to_them_alone, self._in_person))

    def files(self, asked: Asked, thread: str, title: str, files: Mapping[str, str]) -> None:
        """Put texts into a thread as files; into the person's own conversation with the bot where that cannot be."""
        try:
            self.chat.post_files(asked.channel, thread, title, files)
        except ChannelClosedError:
            self.chat.post_files(self.chat.place(asked.person.id), "", title, files)

    def drawn_by_slack(self, asked: Asked, thread: str, message: Message) -> bool:
        """Post one of Slack's own charts into a thread; False where the workspace takes none: then a picture serves."""
        try:
            return self.chat.post_native(asked.channel, message, thread)
        except ChannelClosedError:
            return False

    def picture(self, asked: Asked, thread: str, name: str, title: str, picture: Picture) -> None:
        """The same with a picture."""
        try:
            self.chat.post_picture(asked.channel, thread, name, title, picture)
        except ChannelClosedError:
            self.chat.post_picture(self.chat.place(asked.person.id), "", name, title, picture)

    @staticmethod
    def signed(asked: Asked, message: Message) -> Message:
        """Say who asked for what: Slack shows no command that was acknowledged in silence. It calls nobody."""
        if not asked.said or asked.channel.startswith("D"):
            return message
        who = context(f"{escape(asked.person.name) or 'Somebody'} asked: {code(as_typed(asked.said))}")
        return replace(message, blocks=(*message.blocks, who))

    @staticmethod
    def to_them_alone(asked: Asked, message: Message) -> None:
        """Tell one person through the response URL; ChatError where there is none, or it has ended."""
        _respond(asked, message, "ephemeral")

    def _first_of(
        self, asked: Asked, message: Message, ways: tuple[Callable[[Asked, Message], None], ...]
    ) -> None:
        for way in ways:
            try:
                way(asked, message)
            except ChatError as error:
                LOG.info("%s cannot be answered this way: %s", asked.person.id, error)
            else:
                return
        LOG.warning("%s could not be answered: %s", asked.person.id, message.text)

    def _in_channel(self, asked: Asked, message: Message) -> None:
        if not asked.channel:
            raise ChatError("a form tells of no channel")
        self.chat.post_private(asked.channel, asked.person.id, message, asked.within)

    def _in_person(self, asked: Asked, message: Message) -> None:
        self.chat.post_direct(asked.person.id, message)


def _to_everyone(asked: Asked, message: Message) -> None:
    _respond(asked, message, "in_channel")


def _over_the_old_one(asked: Asked, message: Message) -> None:
    _respond(asked, message, "in_channel", replace_original=True)


def _respond(asked: Asked, message: Message, response_type: str, *, replace_original: bool = False) -> None:
    message, _ = fitted(message, "I am not in this channel, so there is no thread for it")
    try:
        with slack_errors():
            answer = asked.respond(
                text=message.text,
                blocks=list(message.blocks),
                response_type=response_type,
                replace_original=replace_original,
                thread_ts=asked.within or None,
            )
    except ValueError as error:  # Bolt's own, where what was done has no response URL
        raise ChatError(str(error)) from error
    if answer.status_code != HTTPStatus.OK:
        raise ChatRefusedError(f"Slack answered {answer.status_code}.")
