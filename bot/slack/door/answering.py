"""Handing work to a thread of its way, and seeing that whoever asked for it gets an answer."""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from bot.core.errors import (
    ChannelClosedError,
    DeckhandError,
    EndingError,
    RefusedError,
)
from bot.services.rules.rights import Rights
from bot.slack.door.asked import Asked
from bot.slack.door.replying import Replies
from bot.slack.door.ways import READ, Turn, Way, Ways
from bot.slack.kit.blocks import Message
from bot.slack.refusals import refusal_message

LOG = logging.getLogger(__name__)

_UNEXPECTED = "Something went wrong inside Deckhand; it is in its log. Nothing was removed by this click."


def not_in_channel(channel: str) -> str:
    """What to do where a plan's message cannot stand."""
    why = "A plan's message stands for hours, and I cannot write here."
    if channel.startswith("D"):
        return f"{why} Nobody can invite me here: ask in your messages with me, or in a channel that I am in."
    return f"{why} Invite me with `/invite @Deckhand`, then try again."


class Submit(Protocol):
    """Hands the work that somebody asked for to a thread, in its turn; see ``Answering.submit``."""

    def __call__(self, asked: Asked, work: Callable[[Asked], object], turn: Turn = READ) -> None: ...


class Answering:
    """What the door hands its work to, and handlers what comes next."""

    def __init__(
        self, replies: Replies, rights: Rights, ways: Ways, hold: Callable[[], None] = lambda: None
    ) -> None:
        """``hold`` returns when work may begin that decides nothing."""
        self.replies = replies
        self._rights = rights
        self._ways = ways
        self._hold = hold

    def submit(self, asked: Asked, work: Callable[[Asked], object], turn: Turn = READ) -> None:
        """Do work in a thread in its turn, and see that the person gets an answer.

        Whether they may know of the host whose turn it is has been asked already: that many wait for it is an answer.
        """
        try:
            self._ways.submit(lambda: self.answered(asked, work, turn), asked.person.id, turn)
        except (RefusedError, EndingError) as error:
            self.refuse(asked, error)

    def answered(self, asked: Asked, work: Callable[[Asked], object], turn: Turn) -> None:
        """Do the work; whatever goes wrong, the person hears of it, privately."""
        try:
            if turn.way is not Way.DECIDE:
                self._hold()
            work(self.identified(asked))
        except ChannelClosedError:
            self._privately(asked, not_in_channel(asked.channel))
        except DeckhandError as error:
            self.refuse(asked, error)
        except Exception:
            LOG.exception("a handler failed")
            self._privately(asked, _UNEXPECTED)

    def identified(self, asked: Asked) -> Asked:
        """The same, with the person's id as records have it: it tells the team of who is of another one."""
        person = self._rights.identified(asked.person, asked.team)
        channel = person.id if asked.channel == asked.person.id else asked.channel
        return replace(asked, person=person, channel=channel)

    def refuse(self, asked: Asked, error: DeckhandError) -> None:
        """Tell why nothing was done."""
        self._privately(asked, refusal_message(error, asked.line))

    def _privately(self, asked: Asked, message: Message | str) -> None:
        """Tell one person in a thread that nothing else waits for; more than they can read is not told."""
        told = message if isinstance(message, Message) else Message.of(message)
        try:
            self._ways.submit(
                lambda: self.replies.privately(asked, told), asked.person.id, Turn(way=Way.ANSWER)
            )
        except (RefusedError, EndingError) as error:
            LOG.info("%s is not told “%s”: %s", asked.person.id, told.text, error)
