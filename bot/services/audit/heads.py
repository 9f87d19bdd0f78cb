"""Heads: once a day the end of the audit's chain is posted where people see it, out of the database's reach."""

import logging
from dataclasses import dataclass
from datetime import date, time

from bot.core.audit.format import Head
from bot.core.errors import ChatError, ChatRefusedError
from bot.ports import Clock, Heads, Trail

LOG = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class PostHead:
    """Call it now and then: of all replicas, one posts the head of a day.

    It is claimed in the audit before it is posted. While Slack cannot be reached the claimant tries again; when
    it dies meanwhile, that day has no post.
    """

    trail: Trail
    chat: Heads
    clock: Clock
    channel: str
    at: time
    """The time of the day, UTC."""
    _asked: date | None = None
    _waiting: Head | None = None

    def __call__(self) -> None:
        now = self.clock.now()
        if self._waiting is None and now.time() >= self.at and self._asked != now.date():
            self._waiting = self.trail.announce_head(now.date(), self.channel)
            self._asked = now.date()
        if self._waiting is None:
            return
        try:
            self.chat.post_head(self.channel, self._waiting)
        except ChatRefusedError as refused:
            LOG.warning("the head of the audit cannot be posted to %s: %s", self.channel, refused)
        except ChatError:
            return  # once more at the next call
        self._waiting = None
