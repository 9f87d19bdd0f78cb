"""Archiving by itself: what is older than the audit has to keep moves to a file, a month at a time."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.errors import DeckhandError
from bot.ports import Clock

LOG = logging.getLogger(__name__)

AGAIN = timedelta(days=1)
"""How long after it could not be done it is tried again."""


@dataclass(slots=True, kw_only=True)
class Archiving:
    """Call it now and then. Of all replicas one moves a month's events; the others find none left, or are refused."""

    archive: Callable[[datetime], str]
    """Moves the events before a moment; says where they are, or nothing when there are none. DeckhandError."""
    clock: Clock
    after: timedelta
    """How old an event is at least that leaves the database."""
    _done: datetime | None = None
    _failed: datetime | None = None

    def __call__(self) -> None:
        now = self.clock.now()
        before = (now - self.after).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        if before == self._done or (self._failed is not None and now - self._failed < AGAIN):
            return
        try:
            said = self.archive(before)
        except DeckhandError as error:
            LOG.warning("the audit's events before %s are not archived: %s", f"{before:%Y-%m-%d}", error)
            self._failed = now
            return
        self._done = before
        if said:
            LOG.info("%s", said)
