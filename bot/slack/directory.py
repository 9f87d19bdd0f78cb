"""Slack's user groups: read when a decision needs them, kept a minute, closed when they cannot be known."""

import logging
import threading
import time
from collections.abc import Callable

from slack_sdk import WebClient

from bot.core.errors import ChatError
from bot.slack.chat import slack_errors

LOG = logging.getLogger(__name__)

FRESH = 60.0
"""Seconds by a clock that nobody can set, for which an answer is not asked for again."""
LAST_GOOD = 600.0
"""Seconds for which the last good answer serves while Slack gives none; then the group has no members."""


class SlackDirectory:
    """Implements ``bot.ports.Directory`` with ``usergroups.users.list`` (scope ``usergroups:read``)."""

    def __init__(self, client: WebClient, ticks: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._ticks = ticks
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, frozenset[str]]] = {}

    def members(self, group_id: str) -> frozenset[str]:
        return self.lookup(group_id) or frozenset()

    def lookup(self, group_id: str) -> frozenset[str] | None:
        """The same, but None where the members cannot be known."""
        with self._lock:
            read_at, members = self._known.get(group_id, (None, frozenset[str]()))
        if read_at is not None and self._ticks() - read_at < FRESH:
            return members
        try:
            with slack_errors():
                answer = self._client.usergroups_users_list(usergroup=group_id)
        except ChatError as error:
            LOG.warning("user group %s cannot be read: %s", group_id, error)
            usable = read_at is not None and self._ticks() - read_at < LAST_GOOD
            return members if usable else None
        found = frozenset(str(user) for user in answer.get("users") or ())
        with self._lock:
            self._known[group_id] = (self._ticks(), found)
        return found
