"""Slack's people and user groups: asked for when a decision needs them, kept a minute, closed when not known."""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from slack_sdk import WebClient

from bot.core.errors import ChatError
from bot.core.rules.people import Known, Standing
from bot.core.rules.policy import is_group
from bot.slack.client import slack_errors

LOG = logging.getLogger(__name__)

FRESH = 60.0
"""Seconds by a clock that nobody can set, for which an answer is not asked for again."""
NAMES_FRESH = 3600.0
"""The same of what somebody is called."""
LAST_GOOD = 600.0
"""Seconds for which the last good answer serves while Slack gives none; then nothing is known."""
SLACKBOT = "USLACKBOT"
"""Slack's own, of whom it does not say that it is a bot."""

T = TypeVar("T")
Ticks = Callable[[], float]


class _Remembered(Generic[T]):
    """Answers of Slack's by id; each id is asked for by one thread at a time, and the others take its answer."""

    def __init__(self, what: str, ask: Callable[[str], T], ticks: Ticks, fresh: float | None = None) -> None:
        self._what = what
        self._ask = ask
        self._ticks = ticks
        self._fresh = fresh
        self._known: dict[str, tuple[float, T]] = {}
        self._asking = defaultdict[str, threading.Lock](threading.Lock)
        self._lock = threading.Lock()

    def get(self, asked_id: str) -> T | None:
        """The answer; None where it cannot be known."""
        with self._lock:
            asking = self._asking[asked_id]
        with asking:
            read_at, answer = self._known.get(asked_id, (None, None))
            if read_at is not None and self._ticks() - read_at < (self._fresh or FRESH):
                return answer
            try:
                with slack_errors():
                    found = self._ask(asked_id)
            except ChatError as error:
                LOG.warning("%s %s cannot be read: %s", self._what, asked_id, error)
                usable = read_at is not None and self._ticks() - read_at < LAST_GOOD
                return answer if usable else None
            self._known[asked_id] = (self._ticks(), found)
            return found


class SlackDirectory:
    """Implements ``bot.ports.Directory``.

    It asks ``usergroups.users.list`` (scope ``usergroups:read``), ``users.info`` (``users:read``), and ``auth.test``
    for which team is our own.
    """

    def __init__(self, client: WebClient, ticks: Ticks = time.monotonic) -> None:
        self._client = client
        self._groups = _Remembered("user group", self._ask_group, ticks)
        self._people = _Remembered("person", self._ask_person, ticks)
        self._handles = _Remembered("the handles of", self._ask_handles, ticks, NAMES_FRESH)
        self._own: frozenset[str] = frozenset()

    def members(self, group_id: str) -> frozenset[str]:
        return self.lookup(group_id) or frozenset()

    def lookup(self, group_id: str) -> frozenset[str] | None:
        """The same, but None where the members cannot be known."""
        return self._groups.get(group_id)

    def person(self, user_id: str) -> Known:
        known, _ = self._people.get(user_id) or (Known(user=user_id, teams=self._own), "")
        return known

    def name_of(self, an_id: str) -> str:
        """What a person or a user group is called, for display; the id itself where Slack does not tell."""
        if is_group(an_id):
            return (self._handles.get("all user groups") or {}).get(an_id) or an_id
        _, name = self._people.get(an_id) or (None, "")
        return name or an_id

    def _ask_group(self, group_id: str) -> frozenset[str]:
        answer = self._client.usergroups_users_list(usergroup=group_id)
        return frozenset(str(user) for user in answer.get("users") or ())

    def _ask_handles(self, _all: str) -> dict[str, str]:
        found = self._client.usergroups_list().get("usergroups") or ()
        return {str(group["id"]): str(group.get("handle") or group.get("name") or "") for group in found}

    def _ask_person(self, user_id: str) -> tuple[Known, str]:
        if not self._own:  # it never changes: a token belongs to one installation
            own = self._client.auth_test()
            self._own = frozenset(str(own[key]) for key in ("team_id", "enterprise_id") if own.get(key))
        told = self._client.users_info(user=user_id).get("user") or {}
        about = told.get("profile") or {}
        names = (about.get("display_name"), about.get("real_name"), told.get("real_name"), told.get("name"))
        name = str(next((name for name in names if name), ""))
        return known_person(user_id, told, self._own), name


def known_person(user_id: str, told: Mapping[str, Any], own: frozenset[str]) -> Known:
    """Read what ``users.info`` tells; ``own`` are the ids of the app's team and, on Enterprise Grid, its organisation.

    Whoever shares none of these, and whoever Slack calls a stranger, is of another team.
    """
    of_grid = told.get("enterprise_user") or {}
    theirs = [told.get("team_id"), of_grid.get("enterprise_id"), *(of_grid.get("teams") or ())]
    teams = frozenset(str(team) for team in theirs if team)
    ours = bool(teams & own) and not told.get("is_stranger")
    return Known(
        user=user_id,
        standing=_standing(user_id, told, ours=ours),
        teams=teams | own if ours else teams,
        foreign="" if ours else next((str(team) for team in theirs if team), ""),
        zone=str(told.get("tz") or ""),
    )


def _standing(user_id: str, told: Mapping[str, Any], *, ours: bool) -> Standing:
    if not told.get("id"):
        return Standing.UNKNOWN
    if told.get("deleted"):
        return Standing.DEACTIVATED
    if told.get("is_bot") or told.get("is_workflow_bot") or user_id == SLACKBOT:
        return Standing.BOT
    if not ours:
        return Standing.OUTSIDER
    return Standing.GUEST if told.get("is_restricted") or told.get("is_ultra_restricted") else Standing.MEMBER
