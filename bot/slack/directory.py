"""Slack's user groups: read when a decision needs them, kept a minute, closed when they cannot be known."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from slack_sdk import WebClient

from bot.core.errors import ChatError
from bot.slack.chat import slack_errors

LOG = logging.getLogger(__name__)

FRESH = timedelta(minutes=1)
LAST_GOOD = timedelta(minutes=10)
"""How long the last good answer serves while Slack gives none; then the group has no members."""


class SlackDirectory:
    """Implements ``bot.ports.Directory`` with ``usergroups.users.list`` (scope ``usergroups:read``)."""

    def __init__(self, client: WebClient, now: Callable[[], datetime]) -> None:
        self._client = client
        self._now = now
        self._lock = threading.Lock()
        self._known: dict[str, tuple[datetime, frozenset[str]]] = {}

    def members(self, group_id: str) -> frozenset[str]:
        return self.lookup(group_id) or frozenset()

    def lookup(self, group_id: str) -> frozenset[str] | None:
        """The same, but None where the members cannot be known."""
        with self._lock:
            read_at, members = self._known.get(group_id, (None, frozenset[str]()))
        if read_at is not None and self._now() - read_at < FRESH:
            return members
        try:
            with slack_errors():
                answer = self._client.usergroups_users_list(usergroup=group_id)
        except ChatError as error:
            LOG.warning("user group %s cannot be read: %s", group_id, error)
            usable = read_at is not None and self._now() - read_at < LAST_GOOD
            return members if usable else None
        found = frozenset(str(user) for user in answer.get("users") or ())
        with self._lock:
            self._known[group_id] = (self._now(), found)
        return found
