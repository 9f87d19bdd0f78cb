"""Where one report stands: posted once and edited in place; through the response URL where the bot is no member."""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress

from bot.core.errors import ChannelClosedError, ChatError, ChatRefusedError, MessageGoneError
from bot.slack.door.asked import Asked
from bot.slack.door.replying import Replies
from bot.slack.kit.blocks import Message

LOG = logging.getLogger(__name__)


class Standing:
    """One report, from its first figures to its last ones; safe to use from any thread."""

    def __init__(self, replies: Replies, asked: Asked, ts: str = "") -> None:
        """``ts`` is the message that it takes the place of, where there is one."""
        self._replies = replies
        self._asked = asked
        self._key = f"look {id(self)}"
        self._lock = threading.Lock()
        self._over = False
        self._stage = 0
        self._closed = False
        """Whether the bot is no member here."""
        self._shown: Message | None = None
        self.ts = ts

    @property
    def thread(self) -> str:
        """Where the rest of it goes: the thread that it stands in, or its own."""
        return self._asked.within or self.ts

    def meanwhile(self, stage: int, make: Callable[[], Message]) -> None:
        """Show what is known so far, unless the end came before it, or what was known later."""
        with self._lock:
            if self._over or stage < self._stage:
                return
            self._stage = stage
            if self._closed:
                return  # a response URL works five times, and nothing of it can be edited
            message = make()
            if message == self._shown or (self.ts and not self._replies.budget.take(self._key)):
                return  # no news, or no room for them
            try:
                self._put(message)
            except ChannelClosedError:
                self._closed = True
                self._replies.privately(self._asked, message)
            except ChatError as error:
                LOG.info("what is known meanwhile could not be shown: %s", error)

    def end(self, message: Message) -> None:
        with self._lock:
            self._over = True
            self._replies.budget.spend()
            try:
                self._put(message)
            except ChannelClosedError:
                if self.ts:
                    self._replies.in_its_place(self._asked, message)
                else:
                    self._replies.openly(self._asked, message)

    def trouble(self, message: Message) -> None:
        """Say what went wrong: in place where something stands already, else to who asked alone."""
        with self._lock:
            self._over = True
            with suppress(ChannelClosedError):
                if self.ts:
                    self._put(message)
                    return
            self._replies.privately(self._asked, message)

    def forget(self) -> None:
        """Nothing more comes; what stands there must not say that it does."""
        with self._lock:
            self._over = True
            if self._stage and self.ts:
                with suppress(ChatRefusedError):
                    self._replies.chat.delete(self._asked.channel, self.ts)

    def _put(self, message: Message) -> None:
        """ChannelClosedError where the bot is no member."""
        self._shown = message
        if self.ts:
            with suppress(MessageGoneError):
                self._replies.chat.edit(
                    self._asked.channel, self.ts, self._replies.signed(self._asked, message)
                )
                return
        message = self._replies.signed(self._asked, message)
        self.ts = self._replies.chat.post(self._asked.channel, message, self._asked.within)
